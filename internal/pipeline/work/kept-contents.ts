import { closeSync, openSync } from "node:fs";
import { writeAtSync } from "../../bytes/chunk.ts";
import type { Content, Inode } from "../../image/image-tree.ts";
import type { KeptLayers } from "../../image/layer-store.ts";
import { BlockRecords } from "../../squashfs/blocks/block-records.ts";
import { checksumOf, DIGEST } from "../../squashfs/blocks/block-table.ts";
import { STORED_BLOCK } from "../../squashfs/blocks/format.ts";
import { PartRecords } from "../../squashfs/blocks/part-records.ts";
import type { NewEntry } from "./cache-folder.ts";
import { blocksEntry } from "./cached-blocks.ts";

/** The identity of blocks that are not compressed, and that no squashfs takes. */
export const PLAIN_IDENTITY = "plain 1";

/**
 * Writes contents that the plan needs and that the squashfs leaves out, such as the kernel, into a file of the cache. Their
 * digests are recorded.
 * @throws errors of reading the image, the system's error
 */
export async function writeContents(
  contents: Iterable<{ inode: Inode; content: Content }>,
  path: string,
  { layers, blockSize }: { layers: KeptLayers; blockSize: number },
): Promise<NewEntry> {
  const fd = openSync(path, "wx");
  try {
    const blocks = new BlockRecords();
    let end = 0;
    const add = (content: Uint8Array): Uint8Array => {
      const digest = Bun.CryptoHasher.hash("sha256", content);
      blocks.add({
        digest,
        offset: end,
        length: content.length | STORED_BLOCK,
        checksum: checksumOf(content),
      });
      writeAtSync(fd, content, end);
      end += content.length;
      return digest;
    };
    for (const { inode, content } of contents) {
      const digests: Uint8Array[] = [];
      for await (const block of blocksOf(content, blockSize)) {
        const isHole = inode.size >= blockSize && block.every((byte) => byte === 0);
        digests.push(isHole ? new Uint8Array(DIGEST) : add(block));
      }
      layers.record(inode, Buffer.concat(digests));
    }
    return blocksEntry({ identity: PLAIN_IDENTITY, blocks }, new PartRecords());
  } finally {
    closeSync(fd);
  }
}

/** A content in blocks of this size. The last one may be shorter. */
async function* blocksOf(content: Content, blockSize: number): AsyncGenerator<Uint8Array> {
  const block = new Uint8Array(blockSize);
  let used = 0;
  for await (const piece of content) {
    for (let done = 0; done < piece.length; ) {
      const part = piece.subarray(done, done + blockSize - used);
      block.set(part, used);
      used += part.length;
      done += part.length;
      if (used < blockSize) continue;
      yield block;
      used = 0;
    }
  }
  if (used > 0) yield block.subarray(0, used);
}
