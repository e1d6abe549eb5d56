import { setImmediate } from "node:timers/promises";
import type { OnBytes } from "../base/progress.ts";
import { type WalkOptions, walkEntries } from "../image/entry-walk.ts";
import { hasContent, wantedInodes } from "../image/file-content.ts";
import type { ImageTree, Inode } from "../image/image-tree.ts";
import type { BlockLedger } from "./blocks/block-ledger.ts";
import type { BlockPacker } from "./blocks/block-packer.ts";
import type { BlockReuse } from "./blocks/block-reuse.ts";
import type { BlockWriter } from "./blocks/block-writer.ts";
import { ContentReader } from "./content-reader.ts";
import { LargeFiles } from "./large-files.ts";
import { SharedLengths } from "./shared-lengths.ts";
import { SmallFiles } from "./small-files.ts";
import { StoredContents } from "./stored-contents.ts";

/** Names between two turns of the event loop. */
const TURN = 500;

export interface WrittenContents {
  files: StoredContents;
  /** The number of each fragment's data block. */
  fragments: readonly number[];
  /** The number of names in this file system of each inode with several names. */
  links: ReadonlyMap<Inode, number>;
}

/**
 * Passes the contents of all files to the writer in canonical order, each content once. Large contents are cut into
 * blocks, smaller ones are joined in fragments. A file with the length of another one is compared by its digest.
 * @throws PlatterError `E_FILE_CHANGED`, and the errors of reading the image
 */
export async function writeContents(
  tree: ImageTree,
  walk: WalkOptions,
  options: {
    packer: BlockPacker;
    writer: BlockWriter;
    ledger: BlockLedger;
    reuse: BlockReuse | undefined;
    blockSize: number;
    onBytes: OnBytes;
  },
): Promise<WrittenContents> {
  const { packer, writer, ledger, reuse, blockSize, onBytes } = options;
  const lengths = new SharedLengths(blockSize);
  const wanted = lengths.of(wantedInodes(tree, walk));
  await using source = await tree.sequentialReader(wanted);
  // A source that can read in any order does not consume the list.
  while (wanted.next().done !== true);
  ledger.expect(lengths.blocks);
  const reader = new ContentReader(source, { packer, writer, blockSize });
  const files = new StoredContents();
  const progress = new ByteCounter(onBytes, { step: blockSize, total: lengths.sum });
  const onRead = (bytes: number) => progress.add(bytes);
  const { contents: digests, earlier } = reuse ?? {};
  const contents = {
    contents: digests,
    earlier,
    reader,
    packer,
    writer,
    ledger,
    blockSize,
    lengths,
    files,
    onRead,
  };
  const [large, small] = [new LargeFiles(contents), new SmallFiles(contents)];
  const links = new Map<Inode, number>();
  let passed = 0;
  for (const entry of walkEntries(tree, walk)) {
    // Available small files are added without awaiting, so any number of them would block the event loop.
    if (++passed % TURN === 0) await setImmediate();
    const { inode, type } = entry;
    if (inode !== undefined && inode.links > 1 && type !== "directory") {
      links.set(inode, (links.get(inode) ?? 0) + 1);
    }
    if (!hasContent(entry)) continue;
    if (entry.size >= blockSize) await large.add(entry);
    else {
      const waiting = small.add(entry);
      if (waiting !== undefined) await waiting;
    }
  }
  await small.endFragment();
  await writer.drain();
  ledger.finish();
  progress.report();
  return { files, fragments: small.fragments, links };
}

/** Reports bytes in steps: a call for each small file would cost more than reading the file. */
class ByteCounter {
  readonly #onBytes: OnBytes;
  readonly #step: number;
  readonly #total: number;
  #done = 0;
  #reported = 0;

  constructor(onBytes: OnBytes, { step, total }: { step: number; total: number }) {
    this.#onBytes = onBytes;
    this.#step = step;
    this.#total = total;
  }

  add(bytes: number): void {
    this.#done += bytes;
    if (this.#done - this.#reported >= this.#step) this.report();
  }

  report(): void {
    this.#reported = this.#done;
    this.#onBytes(this.#done, this.#total);
  }
}
