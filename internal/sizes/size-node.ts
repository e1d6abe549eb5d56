import { displayPath } from "../bytes/byte-path.ts";

/** A file or folder with the bytes that it takes on an ISO. */
export interface SizeNode {
  /** With one character for each byte; "" for the root of the ISO. */
  name: string;
  /** A structure is a part of the ISO that is not a file. */
  kind: "folder" | "file" | "squashfs" | "structure";
  /** Bytes on the ISO, of everything below too. A content that several files share counts for the first of them. */
  bytes: number;
  /** Bytes of content before compression. */
  size: number;
  /** Number of files, which are not folders. */
  files: number;
  /** The largest first. Empty for a file. */
  children: readonly SizeNode[];
}

/** A folder, or a file system in a file. `own` is what it takes besides its children. */
export function folderNode(
  { name, kind, own = 0 }: { name: string; kind: "folder" | "squashfs"; own?: number },
  children: SizeNode[],
): SizeNode {
  const sum = (field: "bytes" | "size" | "files") =>
    children.reduce((total, child) => total + child[field], 0);
  children.sort((a, b) => b.bytes - a.bytes || (a.name < b.name ? -1 : 1));
  return { name, kind, bytes: own + sum("bytes"), size: sum("size"), files: sum("files"), children };
}

/** A part of the ISO that is not a file. */
export function structureNode(name: string, bytes: number): SizeNode {
  return { name, kind: "structure", bytes, size: 0, files: 0, children: [] };
}

/** The path of a node in the root of the ISO, or the name of a structure. Safe on a terminal. */
export function partName({ name, kind }: SizeNode): string {
  return kind === "structure" ? name : displayPath(name);
}

/** Whether a node has others in it. */
export function isFolder({ kind }: SizeNode): boolean {
  return kind === "folder" || kind === "squashfs";
}

/** All folders below a node, the largest first. */
export function foldersIn({ children }: SizeNode): NodeAtPath[] {
  return children
    .flatMap((child) => (isFolder(child) ? [...foldersFrom(child, child.name)] : []))
    .sort((a, b) => b.node.bytes - a.node.bytes);
}

/** A node with the path that leads to it: without a slash at its start, and with one character for each byte. */
export interface NodeAtPath {
  path: string;
  node: SizeNode;
}

function* foldersFrom(node: SizeNode, path: string): Generator<NodeAtPath> {
  yield { path, node };
  for (const child of node.children) {
    if (isFolder(child)) yield* foldersFrom(child, `${path}/${child.name}`);
  }
}
