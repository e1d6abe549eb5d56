/** The program of a compressing thread: answers each request with the block, in turn. */
import { BlockTable } from "./block-table.ts";
import { codecOf } from "./codec.ts";
import { digestOf, type PackedBlock, type PackRequest } from "./compressors.ts";
import { readStoredBlock } from "./stored-block.ts";

declare const self: Worker;

/** A thread serves one squashfs, and that has one table. */
let table: BlockTable | undefined;

self.onmessage = ({ data: request }: MessageEvent<PackRequest>) => {
  const block = pack(request);
  const { data, packed } = block;
  self.postMessage(block, packed === undefined ? [data.buffer] : [data.buffer, packed.buffer]);
};

function pack({ data, length, options, digest: wish, known }: PackRequest): PackedBlock {
  const content = data.subarray(0, length);
  const digest = digestOf(content, wish);
  const parts = typeof wish === "string" ? undefined : wish.digests;
  const found = digest && tableOf(known)?.find(digest);
  const stored = found && readStoredBlock(found, content);
  if (stored !== undefined) {
    return { data, packed: stored === content ? undefined : stored, digest, parts, foundIn: found?.fd };
  }
  const compressed = codecOf(options)?.pack?.(content) as Uint8Array<ArrayBuffer> | undefined;
  const packed = compressed !== undefined && compressed.length < length ? compressed : undefined;
  return { data, packed, digest, parts, damagedIn: found?.fd };
}

function tableOf(memory: SharedArrayBuffer | undefined): BlockTable | undefined {
  if (memory === undefined) return undefined;
  table ??= BlockTable.sharing(memory);
  return table;
}
