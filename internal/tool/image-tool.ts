import type { Architecture } from "../contract/architecture.ts";
import { type FoundFile, findFile } from "../contract/find-file.ts";
import type { Inode, TreeNode } from "../image/image-tree.ts";
import { parseElf } from "./elf.ts";
import { TOOLS, type ToolName } from "./find.ts";

/** A program of the image with all that it needs to run: its loader and its libraries. */
export interface ImageTool {
  program: FoundFile;
  /** Undefined for a static program. */
  loader: FoundFile | undefined;
  /** By the name that the loader looks for, in order of that name. */
  libraries: { name: string; file: FoundFile }[];
}

const PROGRAM_FOLDERS = ["usr/bin", "usr/sbin", "bin", "sbin", "usr/local/bin"];
const LIBRARY_FOLDERS = (architecture: Architecture) => [
  "lib64",
  "usr/lib64",
  `lib/${architecture}-linux-gnu`,
  `usr/lib/${architecture}-linux-gnu`,
  "lib",
  "usr/lib",
];
/** Libraries that glibc loads without being asked: `pthread_exit` ends the program where this one is missing. */
const UNASKED = ["libgcc_s.so.1"];
/** More than any real program needs. */
const MAX_LIBRARIES = 200;
/** Bytes; larger files are not read into memory to find out what they are. */
const MAX_PROGRAM = 256 * 1024 * 1024;

/** Paths whose content {@link closeOver} is likely to read. */
export const LIKELY_TOOL_FILE =
  /^(?:usr\/)?(?:s?bin\/(?:grub2?-mkimage|mksquashfs|mkfs\.erofs)|lib(?:64)?\/(?:[^/]+-linux-gnu\/)?(?:ld-linux[^/]*|lib(?:c|m|z|dl|rt|pthread|resolv|gcc_s|lzma|zstd|lz4|lzo2|bz2|devmapper|udev|deflate|xxhash|uuid|selinux|pcre2-8|cap|mount|blkid|acl|attr|readline|edit|tinfo|bsd|md|systemd)[-.][^/]*))$/;

/** Finds one of platter's tools in the image. */
export function findInImage(root: TreeNode, name: ToolName): FoundFile | undefined {
  for (const program of TOOLS[name].programs) {
    for (const folder of PROGRAM_FOLDERS) {
      const found = findFile(root, `${folder}/${program}`);
      if (found !== undefined && (found.node.inode.mode & 0o111) !== 0) return found;
    }
  }
  return undefined;
}

/**
 * Collects what a program of the image needs, as its loader would find it inside the image.
 * Undefined if something is missing, or the program is a script.
 */
export async function closeOver(
  program: FoundFile,
  image: { root: TreeNode; architecture: Architecture; read: (inode: Inode) => Promise<Uint8Array> },
): Promise<ImageTool | undefined> {
  const libraries = new Map<string, FoundFile>();
  const needsOf = async ({ node }: FoundFile) =>
    node.inode.size > MAX_PROGRAM ? undefined : parseElf(await image.read(node.inode));
  const parsed = await needsOf(program);
  if (parsed === undefined) return undefined;
  const loader = parsed.interpreter === undefined ? undefined : findFile(image.root, parsed.interpreter);
  if (parsed.interpreter !== undefined && loader === undefined) return undefined;
  const pending = [{ needs: parsed, folder: parentOf(program.path) }];
  const lookIn = (places: readonly string[], name: string) =>
    places.map((place) => findFile(image.root, `${place}/${name}`)).find((found) => found !== undefined);
  const common = LIBRARY_FOLDERS(image.architecture);
  if (parsed.needed.length > 0) parsed.needed.push(...UNASKED.filter((name) => lookIn(common, name)));
  for (let item = pending.pop(); item !== undefined; item = pending.pop()) {
    const { needs, folder } = item;
    const own = needs.searchPath.map((path) => path.replace(/\$(?:ORIGIN|\{ORIGIN\})/g, folder));
    for (const name of needs.needed) {
      if (libraries.has(name) || name === loader?.path.split("/").pop()) continue;
      if (!/^[\w][\w.+-]*$/.test(name) || libraries.size >= MAX_LIBRARIES) return undefined;
      const file = lookIn([...own, ...common], name);
      if (file === undefined) return undefined;
      libraries.set(name, file);
      const more = await needsOf(file);
      if (more !== undefined) pending.push({ needs: more, folder: parentOf(file.path) });
    }
  }
  const sorted = [...libraries]
    .map(([name, file]) => ({ name, file }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
  return { program, loader, libraries: sorted };
}

function parentOf(path: string): string {
  return path.replace(/\/[^/]*$/, "");
}
