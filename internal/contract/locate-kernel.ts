import { displayPath } from "../image/byte-path.ts";
import type { TreeNode } from "../image/image-tree.ts";
import { resolve } from "../image/resolve.ts";
import { type Finding, finding } from "./finding.ts";
import { compareVersions } from "./version-order.ts";

/** A file of the image that goes onto the ISO. */
export interface FoundFile {
  /** Absolute path in the image, for people. */
  path: string;
  node: TreeNode;
}

export interface FoundKernel {
  /** Name of the module directory. */
  version: string;
  vmlinuz: FoundFile;
  initramfs: FoundFile;
  /** The list of what the kernel has built in. */
  builtin: FoundFile | undefined;
  /** The other kernels of the image, in version order. */
  others: string[];
}

interface Candidate {
  version: string;
  folder: string;
  vmlinuz: FoundFile | undefined;
  initramfs: FoundFile | undefined;
}

/** The regular file at a path of the image, symlinks resolved inside it. */
export function findFile(root: TreeNode, path: string): FoundFile | undefined {
  const node = resolve(root, path);
  return node?.inode.type === "file" ? { path: displayPath(path), node } : undefined;
}

/** The names in a directory of the image, in byte order; none if there is no such directory. */
export function namesIn(root: TreeNode, path: string): string[] {
  return [...(resolve(root, path)?.children?.keys() ?? [])];
}

/** Clauses C1 and C2: the kernel that boots, and its initramfs. */
export function locateKernel(
  root: TreeNode,
  wanted: string | undefined,
): { kernel: FoundKernel | undefined; findings: Finding[] } {
  const candidates = kernelCandidates(root);
  if (candidates.length === 0) {
    const seen = "There is no `vmlinuz` in any directory below `/usr/lib/modules` (or `/usr/lib/module`).";
    return { kernel: undefined, findings: [finding("F_KERNEL_MISSING", seen)] };
  }
  const listed = candidates.map(({ version }) => `\`${version}\``).join(", ");
  if (wanted !== undefined && !candidates.some(({ version }) => version === wanted)) {
    const seen = `There is no kernel \`${wanted}\` in the image, which has ${listed}.`;
    return { kernel: undefined, findings: [finding("F_KERNEL_UNKNOWN", seen)] };
  }
  const eligible = wanted === undefined ? candidates : candidates.filter(({ version }) => version === wanted);
  const chosen = eligible.findLast(({ initramfs }) => initramfs !== undefined) ?? eligible.at(-1)!;
  const findings: Finding[] = [];
  if (candidates.length > 1) {
    findings.push(
      finding(
        "F_KERNEL_SEVERAL",
        `There are ${candidates.length} kernels (${listed}), and \`${chosen.version}\` was chosen.`,
      ),
    );
  }
  const { version, vmlinuz, initramfs } = chosen;
  if (vmlinuz === undefined || initramfs === undefined) {
    const folder = displayPath(chosen.folder);
    findings.push(
      finding("F_INITRAMFS_MISSING", `There is no \`initramfs.img\` in \`${folder}\`.`, {
        fix: `Make it in the image: \`dracut --no-hostonly --add dmsquash-live --kver ${version} ${folder}/initramfs.img\`.`,
      }),
    );
    return { kernel: undefined, findings };
  }
  const others = candidates.map((candidate) => candidate.version).filter((other) => other !== version);
  const builtin = findFile(root, `${chosen.folder}/modules.builtin`);
  return { kernel: { version, vmlinuz, initramfs, builtin, others }, findings };
}

function kernelCandidates(root: TreeNode): Candidate[] {
  for (const base of ["usr/lib/modules", "usr/lib/module"]) {
    const found = namesIn(root, base)
      .filter((version) => /^[\w.+~^-]+$/.test(version))
      .map((version) => {
        const folder = `${base}/${version}`;
        return {
          version,
          folder,
          vmlinuz: findFile(root, `${folder}/vmlinuz`),
          initramfs: findFile(root, `${folder}/initramfs.img`),
        };
      })
      .filter(({ vmlinuz }) => vmlinuz !== undefined)
      .sort((a, b) => compareVersions(a.version, b.version));
    if (found.length > 0) return found;
  }
  return [];
}
