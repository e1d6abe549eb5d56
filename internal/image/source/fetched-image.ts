import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { machineError } from "../../base/machine-error.ts";
import { folderSize } from "../../files/folder-size.ts";
import type { ImageSource, ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";

/**
 * An image that `fetch` writes into a folder of the work directory and opens there. Disposal of the tree removes the
 * folder. `source` replaces parts of the tree's source.
 * @throws PlatterError `E_SPOOL_WRITE`, and the errors of `fetch`
 */
export async function openFetched(
  fetch: (folder: string) => Promise<ImageTree>,
  { work, source }: { work: string; source: Partial<ImageSource> },
): Promise<ImageTree> {
  const folder = makeFetchFolder(work);
  const release = () => rmSync(folder, { recursive: true, force: true });
  let tree: ImageTree;
  try {
    tree = await fetch(folder);
  } catch (error) {
    release();
    throw error;
  }
  return {
    source: { ...tree.source, ...source },
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

/** Milliseconds between two looks at the size of a download. */
const INTERVAL = 250;

/**
 * Calls `fetch`, which writes an image into `folder`, and shows how many bytes are there. `askSize` returns the number of
 * all bytes. It is aborted when `fetch` has ended.
 */
export async function withProgress<T>(
  fetch: () => Promise<T>,
  options: {
    folder: string;
    reporter: OpenOptions["reporter"];
    askSize?: (ended: AbortSignal) => Promise<number | undefined>;
  },
): Promise<T> {
  const { folder, reporter, askSize } = options;
  const task = reporter?.task("fetch");
  if (task === undefined) return fetch();
  const ended = new AbortController();
  let total: number | undefined;
  const asking = askSize?.(ended.signal).then(
    (size) => {
      total = size;
    },
    // Without a size, the bytes are shown without their sum. Fetching the image reports errors.
    () => undefined,
  );
  const timer = setInterval(() => task.progress(folderSize(folder), total), INTERVAL);
  try {
    const result = await fetch();
    task.done();
    return result;
  } finally {
    clearInterval(timer);
    ended.abort();
    await asking;
  }
}

/**
 * Creates a folder in the work directory for an image that is fetched, with a folder `inside` it if that is given.
 * @throws PlatterError `E_SPOOL_WRITE`
 */
export function makeFetchFolder(work: string, inside?: string): string {
  try {
    const folder = mkdtempSync(join(work, ".layout-"));
    if (inside !== undefined) mkdirSync(join(folder, inside), { recursive: true });
    return folder;
  } catch (error) {
    throw machineError(error, { code: "E_SPOOL_WRITE", message: `Cannot write to \`${work}\`` });
  }
}
