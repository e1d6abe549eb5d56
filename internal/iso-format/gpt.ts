/** The GUID partition table (UEFI 2.10, 5.3). */
import { encodeGuid } from "./guid.ts";
import { BLOCK } from "./units.ts";

/** Type of an EFI system partition (UEFI 2.10, table 5.7). */
export const ESP_TYPE = "C12A7328-F81F-11D2-BA4B-00A0C93EC93B";
/** Type of the partition that contains the ISO file system: "Microsoft basic data". */
export const ISO_PARTITION_TYPE = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7";

export const GPT = {
  signature: "EFI PART",
  revision: 0x10000,
  headerSize: 92,
  entrySize: 128,
  /** As many entries as fit between the header and block 64, at which the ISO partition begins. */
  entryCount: 248,
} as const;
const ENTRIES_BLOCKS = (GPT.entryCount * GPT.entrySize) / BLOCK;
/** The first block that partitions may use: both headers, all entries and the MBR are outside. */
const FIRST_USABLE: number = 2 + ENTRIES_BLOCKS;
/** Length in blocks of the backup at the end of the disk. */
export const BACKUP_BLOCKS: number = ENTRIES_BLOCKS + 1;

/** Attributes (UEFI 2.10, 5.3.3): bit 0 is "required", bit 60 is Microsoft's "read-only" for basic data. */
export const READ_ONLY: bigint = (1n << 60n) | 1n;

interface PartitionFields {
  type: string;
  name: string;
  /** First and last block of 512 bytes, both included. */
  first: number;
  last: number;
  attributes: bigint;
}

interface GptFields {
  /** GUID of the disk. The GUIDs of the partitions are derived from it. */
  diskGuid: string;
  /** Length of the disk in blocks. */
  blocks: number;
  partitions: readonly PartitionFields[];
}

/** Both copies, each with the block at which it begins: header and entries, and at the end entries and header. */
export function encodeGpt(
  gpt: GptFields,
): Record<"primary" | "backup", { block: number; bytes: Uint8Array }> {
  const entries = encodeEntries(gpt);
  const last = gpt.blocks - 1;
  const header = { gpt, entriesCrc: Bun.hash.crc32(entries) };
  const backupEntries = last - ENTRIES_BLOCKS;
  const primary = encodeHeader({ ...header, own: 1, other: last, entriesBlock: 2 });
  const backup = encodeHeader({ ...header, own: last, other: 1, entriesBlock: backupEntries });
  return {
    primary: { block: 1, bytes: Buffer.concat([primary, entries]) },
    backup: { block: backupEntries, bytes: Buffer.concat([entries, backup]) },
  };
}

/** UEFI 2.10, 5.3.2. */
function encodeHeader(header: {
  gpt: GptFields;
  own: number;
  other: number;
  entriesBlock: number;
  entriesCrc: number;
}): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const view = new DataView(bytes.buffer);
  const set64 = (at: number, value: number) => view.setBigUint64(at, BigInt(value), true);
  bytes.set(Buffer.from(GPT.signature, "latin1"));
  view.setUint32(8, GPT.revision, true);
  view.setUint32(12, GPT.headerSize, true);
  set64(24, header.own);
  set64(32, header.other);
  set64(40, FIRST_USABLE);
  set64(48, header.gpt.blocks - 1 - BACKUP_BLOCKS);
  bytes.set(encodeGuid(header.gpt.diskGuid), 56);
  set64(72, header.entriesBlock);
  view.setUint32(80, GPT.entryCount, true);
  view.setUint32(84, GPT.entrySize, true);
  view.setUint32(88, header.entriesCrc, true);
  view.setUint32(16, Bun.hash.crc32(bytes.subarray(0, GPT.headerSize)), true);
  return bytes;
}

/** UEFI 2.10, 5.3.3. */
function encodeEntries({ diskGuid, partitions }: GptFields): Uint8Array {
  const bytes = new Uint8Array(GPT.entryCount * GPT.entrySize);
  const view = new DataView(bytes.buffer);
  for (const [index, { type, name, first, last, attributes }] of partitions.entries()) {
    const at = index * GPT.entrySize;
    bytes.set(encodeGuid(type), at);
    const guid = encodeGuid(diskGuid);
    // Differs from the GUIDs of the disk and of the other partitions.
    guid[9]! ^= index + 1;
    bytes.set(guid, at + 16);
    view.setBigUint64(at + 32, BigInt(first), true);
    view.setBigUint64(at + 40, BigInt(last), true);
    view.setBigUint64(at + 48, attributes, true);
    bytes.set(Buffer.from(name, "utf16le"), at + 56);
  }
  return bytes;
}
