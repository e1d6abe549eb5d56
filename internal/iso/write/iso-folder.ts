/** The files of an ISO as a tree of folders. */

/** A file, by its path. */
interface PathedFile {
  /** Absolute path on the ISO. */
  isoPath: string;
}

export interface FileNode<F> {
  kind: "file";
  name: string;
  file: F;
}

export interface FolderNode<F> {
  kind: "directory";
  /** Empty for the root. */
  name: string;
  /** In byte order of their names. */
  children: Node<F>[];
}

export type Node<F> = FileNode<F> | FolderNode<F>;

/**
 * The root of the tree.
 * @throws Error if two files have one path, or if a file is where another one needs a folder
 */
export function folderTree<F extends PathedFile>(files: readonly F[]): FolderNode<F> {
  const root: FolderNode<F> = { kind: "directory", name: "", children: [] };
  const nodes = new Map<string, Node<F>>([["", root]]);
  const folderAt = (path: string): FolderNode<F> => {
    const known = nodes.get(path);
    if (known?.kind === "directory") return known;
    if (known !== undefined) throw new Error(`${path} is a file and a folder`);
    const folder: FolderNode<F> = {
      kind: "directory",
      name: path.slice(path.lastIndexOf("/") + 1),
      children: [],
    };
    add(path, folder);
    return folder;
  };
  const add = (path: string, node: Node<F>) => {
    if (nodes.has(path)) throw new Error(`${path} is twice on the ISO`);
    nodes.set(path, node);
    folderAt(path.slice(0, path.lastIndexOf("/"))).children.push(node);
  };
  for (const file of files) {
    const path = file.isoPath;
    add(path, { kind: "file", name: path.slice(path.lastIndexOf("/") + 1), file });
  }
  for (const node of nodes.values()) if (node.kind === "directory") node.children.sort(byName);
  return root;
}

function byName(a: { name: string }, b: { name: string }): number {
  return Buffer.compare(Buffer.from(a.name), Buffer.from(b.name));
}
