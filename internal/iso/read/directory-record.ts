/** One directory record (ECMA-119, 9.1). */

import { type Block, both16, both32, expectZero, isZero, latin1, ucs2, viewOf } from "../../bytes/fields.ts";
import type { ProblemLog } from "../../bytes/problem-log.ts";
import type { Extent } from "../../iso-format/units.ts";

/** Associated file, record format, protection and the two reserved bits. */
const UNUSUAL_FLAGS = 0x7c;

export interface DirectoryRecord {
  extent: Extent;
  flags: number;
  /** As recorded; "" for `.`, "\x01" for `..`. */
  identifier: string;
  /** Offset of the record in the source. */
  offset: number;
  identifierOffset: number;
  identifierLength: number;
  /** The bytes of the system use area, for Rock Ridge. */
  systemUse: { bytes: Uint8Array; offset: number };
}

/** Reads the record in `block`, whose bytes are exactly the record's; undefined if the record is invalid. */
export function readDirectoryRecord(
  block: Block,
  { encoding, log }: { encoding: "latin1" | "ucs2"; log: ProblemLog },
): DirectoryRecord | undefined {
  const { bytes, offset } = block;
  const note = (detail: string, at: number) => {
    log.note({ code: "directory-record", detail: `the ${block.name} ${detail}`, offset: offset + at });
  };
  if (bytes.length < 34) {
    note(`is too short (${bytes.length} bytes)`, 0);
    return undefined;
  }
  log.covers({ name: `${block.name}: length`, start: offset, length: 1 });
  const identifierLength = bytes[32]!;
  const padding = identifierLength % 2 === 0 ? 1 : 0;
  const systemUseAt = 33 + identifierLength + padding;
  if (identifierLength === 0 || systemUseAt > bytes.length) {
    note("has a name that does not fit in it", 32);
    return undefined;
  }
  if (bytes.length % 2 !== 0) note("has an odd length", 0);
  log.covers({ name: `${block.name}: name length`, start: offset + 32, length: 1 });
  expectZero(block, { at: 1, length: 1, name: "extended attributes' length", log });
  const lba = both32(block, { at: 2, name: "extent", log });
  const size = both32(block, { at: 10, name: "size", log });
  if (!isDate(bytes.subarray(18, 25))) note("has an impossible date", 18);
  const flags = bytes[25]!;
  if ((flags & UNUSUAL_FLAGS) !== 0) note(`has unusual flags (0x${flags.toString(16)})`, 25);
  expectZero(block, { at: 26, length: 2, name: "interleave", log });
  if (both16(block, { at: 28, name: "volume sequence number", log }) !== 1) {
    note("is on another volume", 28);
  }
  const identifier = bytes.subarray(33, 33 + identifierLength);
  if (padding === 1) expectZero(block, { at: 33 + identifierLength, length: 1, name: "padding", log });
  const systemUse = bytes.subarray(systemUseAt);
  // In Joliet only the 14 bytes of CD-ROM XA may follow.
  const isForeign = encoding === "ucs2" && latin1(systemUse.subarray(6, 8)) !== "XA";
  if (systemUse.length > 0 && (isForeign || isZero(systemUse))) note("is longer than its content", 0);
  const isSpecial = identifierLength === 1 && identifier[0]! <= 1;
  const name = encoding === "ucs2" && !isSpecial ? ucs2(identifier) : latin1(identifier);
  if (!isSpecial && (/[\x00-\x1f/]/.test(name) || (encoding === "ucs2" && identifierLength % 2 !== 0))) {
    note("has an impossible name", 33);
  }
  return {
    extent: { lba, size },
    flags,
    identifier: isSpecial && identifier[0] === 0 ? "" : name,
    offset,
    identifierOffset: offset + 33,
    identifierLength,
    systemUse: { bytes: systemUse, offset: offset + systemUseAt },
  };
}

/** ECMA-119, 9.1.5; all zero is "not specified". */
function isDate(bytes: Uint8Array): boolean {
  if (isZero(bytes)) return true;
  const [, month, day, hour, minute, second] = bytes;
  const quarters = viewOf(bytes).getInt8(6);
  if (month! < 1 || month! > 12 || day! < 1 || day! > 31) return false;
  return hour! < 24 && minute! < 60 && second! < 60 && quarters >= -48 && quarters <= 52;
}
