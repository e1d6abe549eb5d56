/** Whether the entries of a GRUB menu can boot: their files, their kernel, their arguments and their initramfs. */
import type { Architecture } from "../base/architecture.ts";
import type { BootProgram } from "../contract/checks/boot-program.ts";
import { checkInitramfs } from "../contract/checks/check-initramfs.ts";
import { rootFault } from "../contract/checks/check-roots.ts";
import { checkSecureBoot } from "../contract/checks/check-secure-boot.ts";
import { rootSearch } from "../contract/config/root-arguments.ts";
import { BOOT_WAYS, type BootEffect, type BootWay } from "../contract/findings/boot-claims.ts";
import { type Finding, type FindingCode, finding, textOf } from "../contract/findings/finding.ts";
import type { ByteSource } from "../files/byte-source.ts";
import type { KernelEntry } from "../grub/kernel-entries.ts";
import type { VolumeLabel } from "../grub/menu-model.ts";
import { INITRD_PATH, type Menu } from "../grub/menu-model.ts";
import type { InitramfsSummary } from "../initramfs/summary.ts";
import { contentOf, findNode, type IsoNode, readNode } from "../iso/read/iso-node.ts";
import { MAX_KERNEL, readKernelImage } from "../pe/kernel-image.ts";
import { printable } from "../text/printable.ts";
import { findingEffects } from "./claim-findings.ts";
import { followNode } from "./verify-menus.ts";

interface EntrySurroundings {
  source: ByteSource;
  tree: IsoNode;
  volumeId: string;
  architecture: Architecture;
  shim: BootProgram | undefined;
  /** Reads an initramfs; undefined if platter cannot decompress it. */
  summarize: (input: AsyncIterable<Uint8Array>) => Promise<InitramfsSummary | undefined>;
  has: (path: string) => boolean;
}

/** The most files of a menu that are read. Further files, which only a hostile menu names, count as correct. */
const MAX_READ = 8;
const LIVE_ROOT = "/LiveOS/squashfs.img";
/** Arguments that only an initramfs made for live media understands. */
const LIVE_ARGUMENT = /^(?:root=live:|inst\.stage2=)/;
/** Findings that need the image's `modules.builtin`. */
const NEED_BUILTIN: readonly FindingCode[] = [
  "F_INITRAMFS_MODULES",
  "F_INITRAMFS_OPTICAL",
  "F_INITRAMFS_USB",
];

/** The combined effects of all entries on these ways. A way is broken only if every entry is. */
export async function entriesEffects(
  entries: readonly KernelEntry[],
  ways: readonly BootWay[],
  surroundings: EntrySurroundings,
): Promise<BootEffect[]> {
  const reader = new EntryReader(surroundings);
  const each: BootEffect[][] = [];
  for (const entry of entries) each.push(await reader.effects(entry));
  const found = new Map<string, BootEffect>();
  for (const way of BOOT_WAYS) {
    if (!ways.includes(way)) continue;
    for (const effect of joined(each, way)) {
      // An effect on UEFI is an effect on Secure Boot too.
      const same = found.get(`uefi ${effect.effect} ${effect.text}`);
      if (way !== "secureBoot" || same === undefined)
        found.set(`${way} ${effect.effect} ${effect.text}`, effect);
    }
  }
  return [...found.values()];
}

function joined(each: readonly (readonly BootEffect[])[], way: BootWay): BootEffect[] {
  const own = each.map((effects) => effects.filter(({ ways }) => ways.includes(way)));
  const breaking = own.map((effects) => effects.filter(({ effect }) => effect === "breaks"));
  const found = new Map<string, BootEffect>();
  const add = (effect: BootEffect) => found.set(`${effect.code} ${effect.text}`, { ...effect, ways: [way] });
  if (breaking.length > 0 && breaking.every((effects) => effects.length > 0)) breaking.flat().forEach(add);
  else {
    for (const effect of breaking.flat())
      add({ ...effect, effect: "limits", text: `not with every menu entry: ${effect.text}` });
    for (const effect of own.flat()) if (effect.effect === "limits") add(effect);
  }
  return [...found.values()];
}

class EntryReader {
  readonly #surroundings: EntrySurroundings;
  readonly #kernels = new Map<string, Finding[]>();
  readonly #initramfs = new Map<string, InitramfsSummary | undefined>();

  constructor(surroundings: EntrySurroundings) {
    this.#surroundings = surroundings;
  }

  async effects(entry: KernelEntry): Promise<BootEffect[]> {
    const files = [entry.kernel, ...entry.initramfsPaths].filter((path) => path !== undefined);
    const missing = files.filter((path) => !this.#surroundings.has(path));
    if (missing.length > 0) {
      const effect = { effect: "breaks", ways: BOOT_WAYS, code: "menu-file" } as const;
      return missing.map((path) => ({ ...effect, text: `${path}, which the menu names, is missing` }));
    }
    const findings = [...(await this.#kernelFindings(entry)), ...(await this.#systemFindings(entry))];
    return findingEffects(findings);
  }

  async #kernelFindings({ kernel }: KernelEntry): Promise<Finding[]> {
    const { source, tree, architecture, shim } = this.#surroundings;
    const node = kernel === undefined ? undefined : followNode(tree, kernel);
    if (kernel === undefined || node?.kind !== "file") return [];
    const known = this.#kernels.get(kernel);
    if (known !== undefined || this.#kernels.size === MAX_READ) return known ?? [];
    const image = readKernelImage(await readNode(source, node, MAX_KERNEL));
    // shim itself was checked before. Here only the keys that it trusts matter.
    const all = checkSecureBoot({ architecture, shim, grub: undefined, kernel: { path: kernel, image } });
    const findings = all.filter(({ code }) => textOf(code).part === "kernel");
    this.#kernels.set(kernel, findings);
    return findings;
  }

  /**
   * Whether the system in the entry finds its root file system. platter knows little about layouts other than its own.
   */
  async #systemFindings(entry: KernelEntry): Promise<Finding[]> {
    const { tree, volumeId, architecture } = this.#surroundings;
    const menu: Menu = {
      default: 0,
      timeout: 0,
      entries: [
        {
          title: entry.title,
          kernelPath: entry.kernel ?? "/",
          kernelArgs: entry.kernelArgs,
          initrdPaths: [INITRD_PATH],
        },
      ],
    };
    const isLive = findNode(tree, LIVE_ROOT) !== undefined;
    const wantsLive = isLive || entry.kernelArgs.some((each) => LIVE_ARGUMENT.test(each));
    const initramfs = wantsLive ? await this.#summary(entry) : undefined;
    const roots = rootFindings(entry, { volumeId, isLive, initramfs });
    if (initramfs === undefined) return roots;
    const [kernelVersion = ""] = initramfs.kernels.keys();
    const found = checkInitramfs({
      summary: initramfs,
      path: entry.initramfsPaths.join(" "),
      // The size decides only about the time to load the initramfs, not where the ISO boots.
      size: undefined,
      kernelVersion,
      builtin: undefined,
      menu,
      architecture,
      nestedLiveOs: "absent",
    });
    const hasBuiltin = initramfs.builtin.has(kernelVersion);
    return [...roots, ...found.filter(({ code }) => hasBuiltin || !NEED_BUILTIN.includes(code))];
  }

  async #summary({ initramfsPaths }: KernelEntry): Promise<InitramfsSummary | undefined> {
    const { source, tree, summarize } = this.#surroundings;
    const nodes = initramfsPaths.map((path) => (path === undefined ? undefined : followNode(tree, path)));
    if (nodes.length === 0 || nodes.some((node) => node?.kind !== "file")) return undefined;
    const key = initramfsPaths.join("\n");
    if (this.#initramfs.has(key)) return this.#initramfs.get(key);
    if (this.#initramfs.size === MAX_READ) return undefined;
    const summary = await summarize(together(source, nodes as IsoNode[]));
    this.#initramfs.set(key, summary);
    return summary;
  }
}

/** An entry that does not name a root file system may be right, but not in platter's layout. */
function rootFindings(
  entry: KernelEntry,
  surroundings: { volumeId: string; isLive: boolean; initramfs: InitramfsSummary | undefined },
): Finding[] {
  const { volumeId, isLive, initramfs } = surroundings;
  const search = rootSearch(entry, volumeId as VolumeLabel);
  const code = rootFault(search, initramfs);
  if (code === undefined || (search.kind === "none" && !isLive)) return [];
  return [
    finding(code, `The entry \`${printable(entry.title)}\` does not find its root file system.`, {
      entries: [0],
    }),
  ];
}

/** GRUB passes several files to the kernel as one, each padded to four bytes. */
async function* together(source: ByteSource, nodes: readonly IsoNode[]): AsyncGenerator<Uint8Array> {
  for (const node of nodes) {
    yield* contentOf(source, node);
    yield new Uint8Array((4 - (node.size % 4)) % 4);
  }
}
