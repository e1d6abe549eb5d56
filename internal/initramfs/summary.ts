import type { Member } from "./cpio.ts";
import { InitramfsProblem, type ProblemKind } from "./problem.ts";
import { initramfsMembers } from "./read.ts";

/** The parts of an initramfs that support live media: modules of dracut, and Debian's scripts. */
export type LiveSupport = "dmsquash-live" | "livenet" | "anaconda" | "live-boot" | "casper";

export type Generator = "dracut" | "initramfs-tools" | "mkinitcpio" | "systemd";

/** The properties of an initramfs that decide whether it boots a live medium. */
export interface InitramfsSummary {
  /** `systemd` means any other generator that uses systemd, such as mkosi-initrd. */
  generator: Generator | undefined;
  /** The `/init` that the kernel starts: none, any, or a script for live media (see {@link isLiveInit}). */
  init: "none" | "any" | "for-live-media";
  /** As dracut writes it, with the distribution's revision: `059-4`. */
  dracutVersion: string | undefined;
  live: ReadonlySet<LiveSupport>;
  /** Whether dracut mounts an overlay over a plain squashfs by itself, or only with a kernel argument. */
  overlay: "by-itself" | "by-argument";
  /** Whether it has dracut's iso-scan, which finds an ISO file on another medium. */
  isoScan: boolean;
  /** Kernel modules by kernel version, names with `_` for `-`. */
  kernels: ReadonlyMap<string, ReadonlySet<string>>;
  /** Text of `modules.builtin` by kernel version. */
  builtin: ReadonlyMap<string, string>;
  /** Why the rest could not be read. The summary does not include the rest. */
  problem: { kind: ProblemKind; message: string } | undefined;
}

/** The most bytes of a file whose content is read. */
const MAX_CONTENT = 256 * 1024;
/** No initramfs has modules for more kernels. Further kernels are ignored. */
const MAX_KERNELS = 64;
const MAX_DRACUT_MODULES = 1000;

const MODULES = /^(?:usr\/)?lib\/modules\/([^/]+)(?:\/(.+))?$/;
const DRACUT_MODULES = /^(?:usr\/)?lib\/dracut\/modules\.txt$/;
const DRACUT_VERSION = /^(?:usr\/)?lib\/dracut\/dracut-(\d[\w.+~-]*)$/;
const LIVE_ROOT = /^(?:usr\/)?s?bin\/dmsquash-live-root$/;
const ISO_SCAN = /^(?:usr\/)?s?bin\/iso-scan$/;
const LIVE_BOOT = /^scripts\/live$|^(?:usr\/)?lib\/live\/boot(?:\/|$)/;
/** dracut's module `squash` packs all others into one file. */
const PACKED = /^(?:squash\/root|(?:squash|squashfs|erofs)-root)\.img$/;
const CASPER = /^scripts\/casper$/;
/** The first match counts, since dracut can put systemd into the initramfs. */
const GENERATORS = [
  ["dracut", /^(?:usr\/)?lib\/dracut(?:\/|-lib\.sh$)/],
  ["initramfs-tools", /^conf\/initramfs\.conf$|^scripts\/init-top\/ORDER$/],
  ["mkinitcpio", /^init_functions$/],
  ["systemd", /^(?:etc|usr\/lib)\/initrd-release$/],
] as const;

/** Reads an initramfs once, from its beginning to its end. @throws any error of the input */
export async function summarizeInitramfs(
  input: AsyncIterable<Uint8Array>,
  options: { signal: AbortSignal },
): Promise<InitramfsSummary> {
  const collected = new Collector();
  try {
    const wants = (name: string, size: number) => size <= MAX_CONTENT && isWanted(name);
    for await (const member of initramfsMembers(input, { ...options, wants })) collected.add(member);
    return collected.summary(undefined);
  } catch (error) {
    if (error instanceof InitramfsProblem) return collected.summary(error);
    throw error;
  }
}

function isWanted(name: string): boolean {
  if (name === "init") return true;
  return DRACUT_MODULES.test(name) || LIVE_ROOT.test(name) || MODULES.exec(name)?.[2] === "modules.builtin";
}

/** Whether commands of a script read the argument by which dracut finds a medium, and mount the root file system on it. */
function isLiveInit(script: string): boolean {
  const commands = script.replace(/^\s*#.*$/gm, "");
  return commands.includes("root=live:CDLABEL=") && /\bmount\b.*\/LiveOS\/squashfs\.img/.test(commands);
}

class Collector {
  readonly #generators = new Set<Generator>();
  #init: InitramfsSummary["init"] = "none";
  #dracutVersion: string | undefined;
  readonly #dracutModules = new Set<string>();
  readonly #live = new Set<LiveSupport>();
  readonly #kernels = new Map<string, Set<string>>();
  readonly #builtin = new Map<string, string>();
  #liveRoot: string | undefined;
  #isoScan = false;
  #packed: string | undefined;

  add({ name, content }: Member): void {
    for (const [generator, pattern] of GENERATORS) if (pattern.test(name)) this.#generators.add(generator);
    this.#dracutVersion ??= DRACUT_VERSION.exec(name)?.[1];
    if (PACKED.test(name)) this.#packed ??= name;
    if (ISO_SCAN.test(name)) this.#isoScan = true;
    if (LIVE_BOOT.test(name)) this.#live.add("live-boot");
    if (CASPER.test(name)) this.#live.add("casper");
    if (LIVE_ROOT.test(name)) this.#live.add("dmsquash-live");
    const text = content === undefined ? undefined : Buffer.from(content).toString("latin1");
    if (name === "init") this.#init = isLiveInit(text ?? "") ? "for-live-media" : "any";
    if (LIVE_ROOT.test(name)) this.#liveRoot = text;
    if (DRACUT_MODULES.test(name)) this.#addDracutModules(text ?? "");
    const [, version, path] = MODULES.exec(name) ?? [];
    if (version !== undefined) this.#addModule(version, { path, text });
  }

  summary(problem: InitramfsProblem | undefined): InitramfsSummary {
    for (const name of ["dmsquash-live", "livenet", "anaconda"] as const) {
      if (this.#dracutModules.has(name)) this.#live.add(name);
    }
    const packed = `keeps its files in \`${this.#packed}\``;
    return {
      generator: GENERATORS.find(([name]) => this.#generators.has(name))?.[0],
      init: this.#init,
      dracutVersion: this.#dracutVersion,
      live: this.#live,
      overlay: this.#overlay(),
      isoScan: this.#isoScan,
      kernels: this.#kernels,
      builtin: this.#builtin,
      problem: problem ?? (this.#packed === undefined ? undefined : { kind: "closed", message: packed }),
    };
  }

  #addDracutModules(text: string): void {
    for (const line of text.split("\n")) {
      if (this.#dracutModules.size < MAX_DRACUT_MODULES) this.#dracutModules.add(line.trim());
    }
  }

  #addModule(version: string, { path, text }: { path: string | undefined; text: string | undefined }): void {
    let modules = this.#kernels.get(version);
    if (modules === undefined) {
      if (this.#kernels.size === MAX_KERNELS) return;
      modules = new Set();
      this.#kernels.set(version, modules);
    }
    if (path === "modules.builtin" && text !== undefined) this.#builtin.set(version, text);
    const module = path === undefined ? undefined : moduleName(path);
    if (module !== undefined) modules.add(module);
  }

  /**
   * Versions 058 and 059 gave the mounting to a module of its own, `overlayfs`, which acts only with a kernel argument.
   * In later versions, and in distributions with the correction, dmsquash-live activates it.
   */
  #overlay(): InitramfsSummary["overlay"] {
    if (!this.#dracutModules.has("overlayfs")) return "by-itself";
    if (this.#liveRoot === undefined)
      return /^05[89]\b/.test(this.#dracutVersion ?? "") ? "by-argument" : "by-itself";
    return this.#liveRoot.includes("need-overlay") ? "by-itself" : "by-argument";
  }
}

/** The name of the kernel module in a file, with `_` for `-`; undefined if the file is not a module. Module names are not longer. */
export function moduleName(path: string): string | undefined {
  const [, name] = /(?:^|\/)([^/]{1,64})\.ko(?:\.gz|\.xz|\.zst)?$/.exec(path) ?? [];
  return name?.replaceAll("-", "_");
}
