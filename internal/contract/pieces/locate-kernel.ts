import { displayPath } from "../../bytes/byte-path.ts";
import { type FoundFile, findFile } from "../../image/find-file.ts";
import { pathOf, type TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/printable.ts";
import { compareVersions } from "../../text/version-order.ts";
import { type Finding, finding } from "../findings/finding.ts";
import { initramfsElsewhere, kernelsElsewhere } from "./kernel-elsewhere.ts";

export interface FoundKernel {
  /** Name of the module directory. */
  version: string;
  vmlinuz: FoundFile;
  initramfs: FoundFile;
  /** The list of the kernel's built-in modules. */
  builtin: FoundFile | undefined;
  /** The other kernels of the image, in version order. */
  others: string[];
}

/** The most module directories of one image. */
const MAX_KERNELS = 64;

/** Whether the name of a module directory can be a kernel's version. */
export function isKernelVersion(name: string): boolean {
  return /^[\w.+~^-]+$/.test(name);
}

interface Candidate {
  version: string;
  folder: string;
  vmlinuz: FoundFile;
  initramfs: FoundFile | undefined;
}

/** The kernels of an image, oldest first, and the directories that were skipped. */
interface Candidates {
  kernels: Candidate[];
  /** Names that are symlinks to the directory of another kernel, with the kernel's name. */
  aliases: Map<string, string>;
  /** Paths of kernels in directories whose names are not versions. */
  odd: string[];
  /** A directory with more entries than the limit. */
  crowded: string | undefined;
}

/** Clauses C1 and C2: the kernel that boots, and its initramfs. */
export function locateKernel(
  root: TreeNode,
  wanted: string | undefined,
): { kernel: FoundKernel | undefined; findings: Finding[] } {
  const { kernels, aliases, odd, crowded } = kernelCandidates(root);
  const findings = odd
    .slice(0, 3)
    .map((path) => finding("F_KERNEL_NAME", `The kernel in \`${displayPath(path)}\` is ignored.`));
  if (crowded !== undefined) {
    const seen = `\`${displayPath(crowded)}\` has more than ${MAX_KERNELS} directories.`;
    return { kernel: undefined, findings: [finding("F_KERNEL_MANY", seen)] };
  }
  if (kernels.length === 0) return { kernel: undefined, findings: [...findings, missingKernel(root)] };
  const listed = kernels.map(({ version }) => `\`${version}\``).join(", ");
  const sought = wanted === undefined ? undefined : (aliases.get(wanted) ?? wanted);
  if (sought !== undefined && !kernels.some(({ version }) => version === sought)) {
    const seen = `The image does not have the kernel \`${printable(sought)}\`; it has ${listed}.`;
    return { kernel: undefined, findings: [...findings, finding("F_KERNEL_UNKNOWN", seen)] };
  }
  const chosen = choose(sought === undefined ? kernels : kernels.filter(({ version }) => version === sought));
  if (kernels.length > 1) {
    const seen = `There are ${counted(kernels.length, "kernel")} (${listed}), and \`${chosen.version}\` was chosen.`;
    findings.push(finding("F_KERNEL_SEVERAL", seen));
  }
  const { version, folder, vmlinuz, initramfs } = chosen;
  if (initramfs === undefined)
    return { kernel: undefined, findings: [...findings, missingInitramfs(root, chosen)] };
  const others = kernels.map((kernel) => kernel.version).filter((other) => other !== version);
  const builtin = findFile(root, `${folder}/modules.builtin`);
  return { kernel: { version, vmlinuz, initramfs, builtin, others }, findings };
}

/**
 * The newest kernel with an initramfs, or else the newest. A plain kernel comes before its `+debug` or `+rt` variant.
 */
function choose(kernels: readonly Candidate[]): Candidate {
  const complete = kernels.filter(({ initramfs }) => initramfs !== undefined);
  const newest = (complete.length > 0 ? complete : kernels).at(-1)!;
  return complete.find(({ version }) => newest.version.startsWith(`${version}+`)) ?? newest;
}

function missingKernel(root: TreeNode): Finding {
  const seen = "The image has no `vmlinuz` in any directory below `/usr/lib/modules` (or `/usr/lib/module`)";
  const [first] = kernelsElsewhere(root);
  if (first === undefined) return finding("F_KERNEL_MISSING", `${seen}.`);
  if (first.move !== undefined) {
    const fix = `Move it in the image: \`${first.move}\`.`;
    return finding("F_KERNEL_MISSING", `${seen}, but it has \`${first.path}\`.`, { fix });
  }
  const fix =
    "Install the kernel and its initramfs as two files, `vmlinuz` and `initramfs.img` in `/usr/lib/modules/KVER`.";
  const uki = `${seen}, but \`${first.path}\` is a unified kernel image, which platter does not boot.`;
  return finding("F_KERNEL_MISSING", uki, { fix });
}

function missingInitramfs(root: TreeNode, { version, folder }: Candidate): Finding {
  const path = displayPath(folder);
  const make = `dracut --no-hostonly --add dmsquash-live --kver ${version} ${path}/initramfs.img`;
  const seen = `The image has no \`initramfs.img\` in \`${path}\``;
  const [first] = initramfsElsewhere(root, { version, folder });
  if (first === undefined) {
    return finding("F_INITRAMFS_MISSING", `${seen}.`, { fix: `Make it in the image: \`${make}\`.` });
  }
  return finding("F_INITRAMFS_MISSING", `${seen}, but it has \`${first.path}\`.`, {
    fix: `Make one with live support (\`${make}\`), or move the existing one if it has live support (\`${first.move}\`).`,
  });
}

function kernelCandidates(root: TreeNode): Candidates {
  const found: Candidates = { kernels: [], aliases: new Map(), odd: [], crowded: undefined };
  for (const base of ["usr/lib/modules", "usr/lib/module"]) {
    const entries = [...(resolve(root, base)?.children?.values() ?? [])].filter(
      ({ inode }) => inode.type === "directory" || inode.type === "symlink",
    );
    if (entries.length > MAX_KERNELS) return { ...found, crowded: base };
    // Real directories come first: a symlink to one of them is not a second kernel.
    const real = entries.filter(({ inode }) => inode.type === "directory");
    const links = entries.filter(({ inode }) => inode.type === "symlink");
    const names = new Map<string, string>();
    for (const { name } of [...real, ...links]) {
      const folder = `${base}/${name}`;
      const node = resolve(root, folder);
      const vmlinuz = findFile(root, `${folder}/vmlinuz`);
      if (node === undefined || vmlinuz === undefined) continue;
      const path = pathOf(node);
      const first = names.get(path);
      if (first !== undefined) found.aliases.set(name, first);
      else if (!isKernelVersion(name)) found.odd.push(folder);
      else {
        names.set(path, name);
        const initramfs = findFile(root, `${folder}/initramfs.img`);
        found.kernels.push({ version: name, folder, vmlinuz, initramfs });
      }
    }
    if (found.kernels.length > 0) break;
  }
  found.kernels.sort((a, b) => compareVersions(a.version, b.version));
  return found;
}
