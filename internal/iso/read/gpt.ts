import type { ProblemCode } from "../../bytes/problem-codes.ts";
import { counted } from "../../text/counted.ts";
/** The GUID partition table (UEFI 2.10, 5.3). */

import { isZero, latin1, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { GPT } from "../../iso-format/gpt.ts";
import { decodeGuid } from "../../iso-format/guid.ts";
import { BLOCK } from "../../iso-format/units.ts";

interface GptPartition {
  /** 1 for the first. */
  index: number;
  type: string;
  id: string;
  name: string;
  /** First and last block of 512 bytes, both included. */
  first: number;
  last: number;
}

export interface Gpt {
  diskId: string;
  partitions: GptPartition[];
}

interface Header {
  which: "primary" | "backup";
  offset: number;
  own: number;
  other: number;
  firstUsable: number;
  lastUsable: number;
  diskId: string;
  entriesBlock: number;
  count: number;
  entrySize: number;
  entriesCrc: number;
  entries: Uint8Array;
}

const MAX_ENTRIES_BYTES = 1024 * 1024;

/**
 * Reads both copies. Undefined without a GPT. If `announced` is true, the MBR has an entry for a GPT, and its absence
 * is damage. Without that entry firmware ignores the table, and isohybrid ISOs have partitions in it that overlap.
 * `volumeBlocks` is the length of the volume in blocks by its descriptor. The file may have padding after it.
 */
export async function readGpt(
  source: ByteSource,
  { announced, volumeBlocks }: { announced: boolean; volumeBlocks?: number | undefined },
): Promise<Reading<Gpt | undefined>> {
  const log = new ProblemLog();
  const primary = await readHeader(source, { which: "primary", block: 1, log, announced });
  const fileEnd = Math.floor(source.size / BLOCK) - 1;
  const lastBlock = primary !== undefined && primary.other + 1 === volumeBlocks ? primary.other : fileEnd;
  const backupBlock = primary?.other ?? lastBlock;
  if (primary === undefined && !announced && log.problems.length === 0) {
    return log.reading<Gpt | undefined>(undefined);
  }
  const backup = await readHeader(source, { which: "backup", block: backupBlock, log, announced: true });
  if (primary !== undefined && primary.other !== lastBlock) {
    const detail = `the backup GPT is at block ${primary.other}, not at the end (block ${lastBlock})`;
    log.note({ code: "gpt-backup-place", detail, offset: BLOCK + 32 });
  }
  if (primary !== undefined && backup !== undefined) compareHeaders(primary, backup, log);
  const header = primary ?? backup;
  if (header === undefined) return log.reading<Gpt | undefined>(undefined);
  const partitions = readPartitions(header, log);
  if (announced) checkPartitions(partitions, { header, lastBlock, log });
  return log.reading<Gpt | undefined>({ diskId: header.diskId, partitions });
}

async function readHeader(
  source: ByteSource,
  {
    which,
    block,
    log,
    announced,
  }: { which: Header["which"]; block: number; log: ProblemLog; announced: boolean },
): Promise<Header | undefined> {
  const offset = block * BLOCK;
  const note = (code: ProblemCode, detail: string, at = 0) => log.note({ code, detail, offset: offset + at });
  const bytes = await source.read(offset, BLOCK);
  if (bytes.length < BLOCK || latin1(bytes.subarray(0, 8)) !== GPT.signature) {
    if (announced) note("gpt-signature", `block ${block} does not hold the ${which} GPT header`);
    return undefined;
  }
  log.covers({ name: `${which} GPT header`, start: offset, length: BLOCK });
  const view = viewOf(bytes);
  const size = view.getUint32(12, true);
  const sound =
    view.getUint32(8, true) === GPT.revision && size === GPT.headerSize && view.getUint32(20, true) === 0;
  if (!sound || !isZero(bytes.subarray(GPT.headerSize)))
    note("gpt-header", `the ${which} GPT header is malformed`);
  const summed = bytes.slice(0, GPT.headerSize);
  summed.fill(0, 16, 20);
  if (Bun.hash.crc32(summed) !== view.getUint32(16, true)) {
    note("gpt-header-crc", `the ${which} GPT header has a wrong checksum`, 16);
    return undefined;
  }
  const header: Header = {
    which,
    offset,
    own: Number(view.getBigUint64(24, true)),
    other: Number(view.getBigUint64(32, true)),
    firstUsable: Number(view.getBigUint64(40, true)),
    lastUsable: Number(view.getBigUint64(48, true)),
    diskId: decodeGuid(bytes.subarray(56, 72)),
    entriesBlock: Number(view.getBigUint64(72, true)),
    count: view.getUint32(80, true),
    entrySize: view.getUint32(84, true),
    entriesCrc: view.getUint32(88, true),
    entries: new Uint8Array(),
  };
  if (header.own !== block) note("gpt-place", `the ${which} GPT header is made for block ${header.own}`, 24);
  const length = header.count * header.entrySize;
  if (
    header.entrySize < GPT.entrySize ||
    header.entrySize % GPT.entrySize !== 0 ||
    length > MAX_ENTRIES_BYTES
  ) {
    note(
      "gpt-entries",
      `the ${which} GPT has ${counted(header.count, "entry", "entries")} of ${header.entrySize} bytes`,
      80,
    );
    return undefined;
  }
  const start = header.entriesBlock * BLOCK;
  header.entries = Number.isSafeInteger(start) ? await source.read(start, length) : new Uint8Array();
  log.covers({ name: `${which} GPT entries`, start: start, length: header.entries.length });
  if (header.entries.length === length && Bun.hash.crc32(header.entries) === header.entriesCrc) return header;
  log.note({
    code: "gpt-entries-crc",
    detail: `the ${which} GPT's entries have a wrong checksum`,
    offset: start,
  });
  return undefined;
}

function compareHeaders(primary: Header, backup: Header, log: ProblemLog): void {
  const fields = ["firstUsable", "lastUsable", "diskId", "count", "entrySize", "entriesCrc"] as const;
  const differs = fields.some((field) => primary[field] !== backup[field]);
  if (!differs && backup.other === primary.own && primary.other === backup.own) return;
  const detail = "the two copies of the GPT differ";
  log.note({ code: "gpt-copies-differ", detail, offset: backup.offset });
}

function readPartitions(header: Header, log: ProblemLog): GptPartition[] {
  const partitions: GptPartition[] = [];
  for (let index = 0; index < header.count; index++) {
    const entry = header.entries.subarray(index * header.entrySize, (index + 1) * header.entrySize);
    if (isZero(entry.subarray(0, 16))) continue;
    const view = viewOf(entry);
    const partition: GptPartition = {
      index: index + 1,
      type: decodeGuid(entry.subarray(0, 16)),
      id: decodeGuid(entry.subarray(16, 32)),
      first: Number(view.getBigUint64(32, true)),
      last: Number(view.getBigUint64(40, true)),
      name: Buffer.from(entry.subarray(56, 128)).toString("utf16le").replace(/\0.*$/s, ""),
    };
    if (partitions.some((other) => other.id === partition.id)) {
      log.note({ code: "gpt-duplicate", detail: `GPT partition ${index + 1} has the id of another` });
    }
    partitions.push(partition);
  }
  return partitions;
}

function checkPartitions(
  partitions: readonly GptPartition[],
  { header, lastBlock, log }: { header: Header; lastBlock: number; log: ProblemLog },
): void {
  const offsetOf = (partition: GptPartition) =>
    header.entriesBlock * BLOCK + (partition.index - 1) * header.entrySize + 32;
  for (const partition of partitions) {
    const { index, first, last } = partition;
    const inside =
      first <= last && first >= header.firstUsable && last <= header.lastUsable && last <= lastBlock;
    if (inside) continue;
    const detail = `GPT partition ${index} (blocks ${first} to ${last}) is not within the usable blocks`;
    log.note({ code: "gpt-bounds", detail, offset: offsetOf(partition) });
  }
  const sorted = partitions.toSorted((a, b) => a.first - b.first);
  for (const [position, partition] of sorted.entries()) {
    const next = sorted[position + 1];
    if (next === undefined || next.first > partition.last) continue;
    const detail = `GPT partitions ${partition.index} and ${next.index} overlap`;
    log.note({ code: "gpt-overlap", detail, offset: offsetOf(next) });
  }
}
