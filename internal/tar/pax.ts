import { bytesToLatin1 } from "../bytes/byte-path.ts";
import { BLOCK } from "./header.ts";
import { tarError } from "./tar-error.ts";

/** Largest extended header that is read, in bytes. Go's archive/tar, which podman uses, stops at one mebibyte. */
export const EXTENDED_LIMIT = 4 * 1024 * 1024;

/** The records of one extended header (pax(1), "pax Extended Header"). */
export interface PaxRecords {
  /** The last value of each keyword. Keywords have one character for each byte. */
  readonly values: Map<string, Uint8Array>;
  /** GNU sparse format 0.0 repeats two keywords: offset, length, offset, length, … */
  readonly sparsePairs: number[];
}

/**
 * Parses `LENGTH KEYWORD=VALUE\n` records; values are views into `data`.
 * @throws PlatterError `E_TAR_PAX`
 */
export function parsePaxRecords(data: Uint8Array, archive: string): PaxRecords {
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.length);
  const values = new Map<string, Uint8Array>();
  const sparsePairs: number[] = [];
  let at = 0;
  while (at < bytes.length) {
    const space = bytes.indexOf(0x20, at);
    const digits = space < 0 || space - at > 10 ? "" : bytes.toString("latin1", at, space);
    const end = /^\d+$/.test(digits) ? at + Number(digits) : 0;
    if (end <= space + 1 || end > bytes.length || bytes[end - 1] !== 0x0a) throw badRecord(archive);
    const equals = bytes.indexOf(0x3d, space);
    if (equals <= space + 1 || equals >= end) throw badRecord(archive);
    const keyword = bytes.toString("latin1", space + 1, equals);
    const value = bytes.subarray(equals + 1, end - 1);
    if (keyword === "GNU.sparse.offset" || keyword === "GNU.sparse.numbytes") {
      if ((sparsePairs.length % 2 === 0) !== (keyword === "GNU.sparse.offset")) {
        throw tarError("E_TAR_SPARSE", archive, "a sparse map is out of order");
      }
      sparsePairs.push(paxInteger(value, { keyword, archive }));
    } else values.set(keyword, value);
    at = end;
  }
  return { values, sparsePairs };
}

/** The value of a text record, or undefined if it is missing or empty. @throws PlatterError `E_TAR_PAX` */
export function paxText(
  records: PaxRecords | undefined,
  keyword: string,
  archive: string,
): string | undefined {
  const value = records?.values.get(keyword);
  if (value === undefined || value.length === 0) return undefined;
  if (value.includes(0)) throw tarError("E_TAR_PAX", archive, `the record \`${keyword}\` holds a NUL byte`);
  return bytesToLatin1(value);
}

/** The value of a whole-number record, or undefined if it is missing or empty. @throws PlatterError `E_TAR_PAX` */
export function paxNumber(
  records: PaxRecords | undefined,
  keyword: string,
  archive: string,
): number | undefined {
  const value = records?.values.get(keyword);
  if (value === undefined || value.length === 0) return undefined;
  return paxInteger(value, { keyword, archive });
}

/** The value of a time record in whole seconds, rounded down. @throws PlatterError `E_TAR_PAX` */
export function paxTime(
  records: PaxRecords | undefined,
  keyword: string,
  archive: string,
): number | undefined {
  const text = paxText(records, keyword, archive);
  if (text === undefined) return undefined;
  const match = /^(-?)(\d{1,16})(?:\.(\d*))?$/.exec(text);
  if (match === null) throw tarError("E_TAR_PAX", archive, `\`${keyword}=${text}\` is not a time`);
  const whole = Number(match[2]);
  if (match[1] !== "-") return whole;
  return /[1-9]/.test(match[3] ?? "") ? -whole - 1 : -whole;
}

function paxInteger(value: Uint8Array, record: { keyword: string; archive: string }): number {
  const text = bytesToLatin1(value);
  const number = /^-?\d{1,19}$/.test(text) ? Number(text) : Number.NaN;
  if (Number.isSafeInteger(number)) return number;
  throw tarError("E_TAR_PAX", record.archive, `the record \`${record.keyword}\` does not hold a number`);
}

function badRecord(archive: string): Error {
  return tarError("E_TAR_PAX", archive, "an extended header has records of a wrong length");
}

/** `size` rounded up to whole blocks. */
export function padded(size: number): number {
  return Math.ceil(size / BLOCK) * BLOCK;
}
