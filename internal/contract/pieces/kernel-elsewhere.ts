import { displayPath } from "../../bytes/byte-path.ts";
import { findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { resolveNoFollow } from "../../image/resolve.ts";

/** A kernel or initramfs outside of the paths of clauses C1 and C2. */
interface Elsewhere {
  /** Path for messages. */
  path: string;
  /** The commands that move it to its path; undefined if that is not possible. */
  move: string | undefined;
}

/** The most entries of a directory that are searched. */
const MAX_ENTRIES = 1000;
/** ostree appends a checksum. */
const CHECKSUM = /-[0-9a-f]{64}$/;
const FOLDERS = ["boot", "usr/lib/ostree-boot", "boot/ostree"];

/** Kernels in `/boot`, in `/usr/lib/ostree-boot` or under another name, and unified kernel images; the best first. */
export function kernelsElsewhere(root: TreeNode): Elsewhere[] {
  return [...underOtherNames(root), ...withoutUsrMerge(root), ...inBoot(root), ...unifiedImages(root)];
}

/** Initramfs images of a kernel in `/boot` and `/usr/lib/ostree-boot`. */
export function initramfsElsewhere(
  root: TreeNode,
  { version, folder }: { version: string; folder: string },
): Elsewhere[] {
  const names = [
    `initramfs-${version}.img`,
    `initrd.img-${version}`,
    `initrd-${version}`,
    `initramfs-${version}`,
  ];
  return filesIn(root, FOLDERS)
    .filter(({ name }) => names.includes(name.replace(CHECKSUM, "")))
    .map(({ path }) => elsewhere(path, `${folder}/initramfs.img`));
}

function inBoot(root: TreeNode): Elsewhere[] {
  return filesIn(root, FOLDERS).flatMap(({ name, path }) => {
    const [, version] = /^vmlinu[xz]-(.+)$/.exec(name.replace(CHECKSUM, "")) ?? [];
    return version === undefined ? [] : [elsewhere(path, `usr/lib/modules/${version}/vmlinuz`)];
  });
}

function underOtherNames(root: TreeNode): Elsewhere[] {
  const folders = namesIn(root, "usr/lib/modules").slice(0, MAX_ENTRIES);
  return filesIn(
    root,
    folders.map((name) => `usr/lib/modules/${name}`),
  )
    .filter(({ name }) => /^(?:vmlinuz\.gz|vmlinux|bzImage|Image)$/.test(name))
    .map(({ path }) => elsewhere(path, path.replace(/[^/]+$/, "vmlinuz")));
}

/** `/lib/modules`, if `/lib` is not a symlink to `/usr/lib`. */
function withoutUsrMerge(root: TreeNode): Elsewhere[] {
  if (resolveNoFollow(root, "lib")?.inode.type !== "directory") return [];
  return namesIn(root, "lib/modules")
    .slice(0, MAX_ENTRIES)
    .filter((name) => findFile(root, `lib/modules/${name}/vmlinuz`) !== undefined)
    .map((name) => elsewhere(`lib/modules/${name}`, `usr/lib/modules/${name}`));
}

const UKI_FOLDERS = ["boot/EFI/Linux", "boot/efi/EFI/Linux", "efi/EFI/Linux", "usr/lib/efi/Linux"];

function unifiedImages(root: TreeNode): Elsewhere[] {
  const modules = namesIn(root, "usr/lib/modules").slice(0, MAX_ENTRIES);
  const folders = [...UKI_FOLDERS, ...modules.map((name) => `usr/lib/modules/${name}`)];
  return filesIn(root, folders)
    .filter(({ name }) => /\.efi$/i.test(name))
    .map(({ path }) => ({ path: displayPath(path), move: undefined }));
}

function filesIn(root: TreeNode, folders: readonly string[]): { name: string; path: string }[] {
  return folders.flatMap((folder) =>
    namesIn(root, folder)
      .slice(0, MAX_ENTRIES)
      .map((name) => ({ name, path: `${folder}/${name}` }))
      .filter(({ path }) => findFile(root, path) !== undefined),
  );
}

function elsewhere(from: string, to: string): Elsewhere {
  const folder = to.replace(/\/[^/]+$/, "");
  const words = [shellWord(from), shellWord(to)];
  return { path: displayPath(from), move: `mkdir -p ${shellWord(folder)} && mv ${words.join(" ")}` };
}

/** A path of the image, quoted as one word for a shell. */
function shellWord(path: string): string {
  const shown = displayPath(path);
  return /^[\w/.+~:@%,=-]+$/.test(shown) ? shown : `'${shown.replaceAll("'", "'\\''")}'`;
}
