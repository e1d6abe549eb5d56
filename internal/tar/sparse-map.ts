import type { TarBlocks } from "./blocks.ts";
import { BLOCK, type TarHeader } from "./header.ts";
import type { PaxRecords } from "./pax.ts";
import * as sparse from "./sparse.ts";
import { tarError } from "./tar-error.ts";

export interface FoundMap {
  map: sparse.SparseMap;
  /** The name of the file in the records; the header has an artificial name. */
  name: string | undefined;
  /** The number of bytes that are stored after the map. */
  stored: number;
}

/**
 * The map of a file with holes, old GNU or PAX; undefined for a file without holes. @throws PlatterError `E_TAR_SPARSE`
 */
export async function readSparseMap(
  blocks: TarBlocks,
  member: { header: TarHeader; block: Uint8Array; records: PaxRecords | undefined; stored: number },
): Promise<FoundMap | undefined> {
  const { archive } = blocks;
  const { header, block, records, stored } = member;
  if (header.type === "S") {
    const realSize = sparse.gnuRealSize(block, archive);
    const pairs = await gnuPairs(blocks, block);
    return { map: sparse.checkedSparseMap({ pairs, realSize }, stored, archive), name: undefined, stored };
  }
  const found = records && sparse.paxSparse(records, archive);
  if (found === undefined) return undefined;
  const { name, realSize } = found;
  const before = found.pairs === undefined ? await pairsBeforeContent(blocks, stored) : undefined;
  const left = stored - (before?.length ?? 0);
  const pairs = found.pairs ?? before?.pairs ?? [];
  return { map: sparse.checkedSparseMap({ pairs, realSize }, left, archive), name, stored: left };
}

async function gnuPairs(blocks: TarBlocks, block: Uint8Array): Promise<number[]> {
  const { archive } = blocks;
  let { pairs, more } = sparse.gnuSparsePairs(block, archive);
  const all = pairs;
  while (more) {
    if (all.length > 2 * sparse.EXTENT_LIMIT) throw sparse.tooManyExtents(archive);
    ({ pairs, more } = sparse.gnuSparseContinuation(await blocks.block(), archive));
    for (const number of pairs) all.push(number);
  }
  return all;
}

/** Sparse format 1.0: the map fills whole blocks before the stored bytes, and is part of their length. */
async function pairsBeforeContent(
  blocks: TarBlocks,
  stored: number,
): Promise<{ pairs: number[]; length: number }> {
  const text = new sparse.SparseMapText(blocks.archive);
  for (let length = BLOCK; length <= stored; length += BLOCK) {
    if (text.add(await blocks.block())) return { pairs: text.pairs, length };
  }
  throw tarError("E_TAR_SPARSE", blocks.archive, "a sparse map is cut off");
}
