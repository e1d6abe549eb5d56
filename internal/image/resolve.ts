/** A node of a tree in which paths are resolved. */
interface Resolvable<N> {
  readonly parent: N | undefined;
  readonly inode: { readonly type: string; readonly target?: string | undefined };
  readonly children?: ReadonlyMap<string, N> | undefined;
}

/** As many symlinks as Linux follows in one path. */
export const MAX_SYMLINKS = 40;

/**
 * The node that a path leads to, with the image as root: absolute symlinks begin at the image's root, `..` above the
 * root stays there. Undefined if an entry is missing, if a file is in the place of a folder, or if symlinks form a
 * loop.
 */
export function resolve<N extends Resolvable<N>>(root: N, path: string): N | undefined {
  return walk(root, path, { followLast: true });
}

/** Like {@link resolve}, but a symlink as the last component is returned itself. */
export function resolveNoFollow<N extends Resolvable<N>>(root: N, path: string): N | undefined {
  return walk(root, path, { followLast: false });
}

function walk<N extends Resolvable<N>>(
  root: N,
  path: string,
  options: { followLast: boolean },
): N | undefined {
  let at = root;
  // The folders above `at`. The parent of a node may not be in this tree, if other files were put over the image.
  let above: N[] = [];
  let symlinks = 0;
  // Components still to walk, the next one last.
  const pending = path.split("/").reverse();
  while (pending.length > 0) {
    const name = pending.pop() as string;
    // A slash or dot, even at the end, requires a folder.
    if (name === "" || name === ".") {
      if (pending.length === 0 && at.children === undefined) return undefined;
      continue;
    }
    if (name === "..") {
      if (at.children === undefined) return undefined;
      at = above.pop() ?? root;
      continue;
    }
    const child: N | undefined = at.children?.get(name);
    if (child === undefined) return undefined;
    if (child.inode.type !== "symlink" || (pending.length === 0 && !options.followLast)) {
      above.push(at);
      at = child;
      continue;
    }
    if (++symlinks > MAX_SYMLINKS) return undefined;
    const target = child.inode.target ?? "";
    if (target.startsWith("/")) [at, above] = [root, []];
    for (const part of target.split("/").reverse()) pending.push(part);
  }
  return at;
}
