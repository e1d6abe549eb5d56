import { PlatterError } from "../base/error.ts";
import { ENTRY_SIZE, longEntryCount } from "./directory-entry.ts";
import { pathProblem } from "./name-rules.ts";
import { assignShortNames, encodeShortName, foldCase, isPlainShortName } from "./short-name.ts";

/** One file for a FAT image. Directories come from the paths. */
export interface FatFile {
  /** `EFI/BOOT/BOOTX64.EFI`: components separated by `/`, without a slash at the start. */
  path: string;
  content: Uint8Array;
}

export interface FatFileNode {
  kind: "file";
  name: string;
  path: string;
  content: Uint8Array;
}

export interface FatDirectoryNode {
  kind: "directory";
  name: string;
  path: string;
  /** In order of their names. */
  children: FatNode[];
}

type FatNode = FatFileNode | FatDirectoryNode;

/** Most bytes a directory may have: 65,536 entries ("FAT Directory Structure"). */
const MAX_DIRECTORY_BYTES = 65536 * ENTRY_SIZE;

/**
 * The files as a tree, siblings sorted by their names' UTF-16 units.
 * @throws PlatterError `E_FAT_NAME` that lists every path that FAT cannot hold, and every two paths that differ only by
 * case.
 */
export function buildFatTree(files: readonly FatFile[]): FatDirectoryNode {
  const root: FatDirectoryNode = { kind: "directory", name: "", path: "", children: [] };
  const byFoldedPath = new Map<string, FatNode>([["", root]]);
  const problems: string[] = [];
  for (const file of files) {
    const problem = pathProblem(file.path) ?? insert(file, byFoldedPath);
    if (problem !== undefined) problems.push(`\`${file.path}\` ${problem}`);
  }
  for (const node of byFoldedPath.values()) {
    if (node.kind !== "directory") continue;
    node.children.sort((a, b) => (a.name < b.name ? -1 : 1));
    if (directoryBytes(node) > MAX_DIRECTORY_BYTES) problems.push(`\`${node.path}\` has too many files`);
  }
  if (problems.length === 0) return root;
  throw new PlatterError({
    code: "E_FAT_NAME",
    kind: "contract",
    message: "Cannot make a FAT file system: some files have names or places that it does not allow",
    detail: problems.sort(),
    hint: "Rename the files in the image; In FAT, names that differ only by case are the same.",
  });
}

function insert(file: FatFile, byFoldedPath: Map<string, FatNode>): string | undefined {
  const names = file.path.split("/");
  let parent = byFoldedPath.get("") as FatDirectoryNode;
  for (const [depth, name] of names.entries()) {
    const path = names.slice(0, depth + 1).join("/");
    const key = foldCase(path);
    const known = byFoldedPath.get(key);
    const isLast = depth === names.length - 1;
    if (known === undefined) {
      const node: FatNode = isLast
        ? { kind: "file", name, path, content: file.content }
        : { kind: "directory", name, path, children: [] };
      byFoldedPath.set(key, node);
      parent.children.push(node);
      if (node.kind === "directory") parent = node;
      continue;
    }
    if (isLast || known.kind === "file") return `has the same name as \`${known.path}\``;
    if (known.path !== path) return `has the same directory as \`${known.path}\`, written otherwise`;
    parent = known;
  }
  return undefined;
}

/** Bytes that a directory's entries take: `.` and `..` (not in the root), and each child's long and short entries. */
export function directoryBytes(directory: FatDirectoryNode): number {
  let entries = directory.path === "" ? 1 : 2;
  for (const child of directory.children) {
    entries += 1 + (isPlainShortName(child.name) ? 0 : longEntryCount(child.name));
  }
  return entries * ENTRY_SIZE;
}

/** DIR_Name of each child, by its long name. */
export function shortNamesOf(directory: FatDirectoryNode): Map<string, Uint8Array> {
  const names = assignShortNames(directory.children.map((child) => child.name));
  return new Map([...names].map(([long, short]) => [long, encodeShortName(short)]));
}
