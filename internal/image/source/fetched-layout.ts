import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { machineError } from "../../base/machine-error.ts";
import type { ImageSource, ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { openOciLayout } from "./oci-layout.ts";

/**
 * An image that another program writes into the work directory as an OCI layout. Disposal of the tree removes the
 * layout.
 * @throws PlatterError `E_SPOOL_WRITE`, the errors of `fetch`, and of reading the layout
 */
export async function openFetchedLayout(
  fetch: (layout: string) => Promise<unknown>,
  options: OpenOptions & { source: Partial<ImageSource> },
): Promise<ImageTree> {
  const layout = makeLayoutFolder(options.work);
  const release = () => rmSync(layout, { recursive: true, force: true });
  let tree: ImageTree;
  try {
    await fetch(layout);
    tree = await openOciLayout({ transport: "oci", path: layout, tag: undefined }, options);
  } catch (error) {
    release();
    throw error;
  }
  return {
    source: { ...tree.source, ...options.source },
    root: tree.root,
    hostPath: undefined,
    read: (inode) => tree.read(inode),
    held: (inode) => tree.held?.(inode),
    isSavedAt: (inode, hostFile) => tree.isSavedAt?.(inode, hostFile),
    sequentialReader: (wanted) => tree.sequentialReader(wanted),
    async [Symbol.asyncDispose]() {
      await tree[Symbol.asyncDispose]();
      release();
    },
  };
}

/**
 * Creates a folder in the work directory for another program's download, with a folder `inside` it if that is given.
 * @throws PlatterError `E_SPOOL_WRITE`
 */
export function makeLayoutFolder(work: string, inside?: string): string {
  try {
    const folder = mkdtempSync(join(work, ".layout-"));
    if (inside !== undefined) mkdirSync(join(folder, inside), { recursive: true });
    return folder;
  } catch (error) {
    throw machineError(error, { code: "E_SPOOL_WRITE", message: `Cannot write to \`${work}\`` });
  }
}
