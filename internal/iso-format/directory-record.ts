/** Directory records (ECMA-119, 9.1). */
import { setBoth16, setBoth32 } from "./both-orders.ts";
import { recordTime } from "./iso-time.ts";
import type { Extent } from "./units.ts";

/** ECMA-119, 9.1.6. */
export const FLAG = { hidden: 1, directory: 2, multiExtent: 0x80 } as const;
/** Bytes before the identifier. */
const HEAD = 33;
/** The length is one byte, and even. */
export const MAX_RECORD = 254;
/** Bytes of a file's extent at most: the last whole sector that 32 bits can count (ECMA-119, 9.1.4). */
export const MAX_EXTENT = 0xffff_f800;

/** The identifiers of `.` and `..` (ECMA-119, 6.8.2.2). */
export const SELF: Uint8Array = Uint8Array.of(0);
export const PARENT: Uint8Array = Uint8Array.of(1);

interface DirectoryRecordFields {
  extent: Extent;
  identifier: Uint8Array;
  /** Seconds since 1970. */
  time: number;
  kind: "file" | "directory";
  /** False for each extent of a file except the last one. */
  isLast: boolean;
  systemUse?: Uint8Array;
}

/** Bytes that a record takes, which is always even. */
export function recordLength(identifier: number, systemUse: number): number {
  const named = HEAD + identifier + (identifier % 2 === 0 ? 1 : 0);
  return named + systemUse + (systemUse % 2);
}

export function encodeDirectoryRecord(record: DirectoryRecordFields): Uint8Array {
  const { extent, identifier, kind, isLast, systemUse = new Uint8Array() } = record;
  const bytes = new Uint8Array(recordLength(identifier.length, systemUse.length));
  const view = new DataView(bytes.buffer);
  bytes[0] = bytes.length;
  setBoth32(view, 2, extent.lba);
  setBoth32(view, 10, extent.size);
  bytes.set(recordTime(record.time), 18);
  bytes[25] = (kind === "directory" ? FLAG.directory : 0) | (isLast ? 0 : FLAG.multiExtent);
  setBoth16(view, 28, 1); // Volume sequence number.
  bytes[32] = identifier.length;
  bytes.set(identifier, HEAD);
  bytes.set(systemUse, recordLength(identifier.length, 0));
  return bytes;
}

/** The lengths of a file's extents in bytes; all but the last are {@link MAX_EXTENT}. */
export function extentSizes(size: number): number[] {
  const whole = Math.max(0, Math.ceil(size / MAX_EXTENT) - 1);
  return [...new Array<number>(whole).fill(MAX_EXTENT), size - whole * MAX_EXTENT];
}
