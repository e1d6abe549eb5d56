/** Entries of the system use area (SUSP 1.12, section 5; RRIP 1.12, section 4, with the shorter PX of RRIP 1.10). */
import { setBoth32 } from "./both-orders.ts";
import { recordTime } from "./iso-time.ts";

/** Modes of folders and files, read-only for all as with `mkisofs -r`. */
export const MODE = { directory: 0o040555, file: 0o100444 } as const;
/** Bytes of a CE entry. */
export const CONTINUATION_LENGTH = 28;
/** Bytes of a name that one NM entry holds. */
const MAX_NAME_PART = 250;
/** NM flag: the name continues in the next NM entry (RRIP 1.12, 4.1.4). */
const NAME_CONTINUES = 1;
/** TF flags (RRIP 1.12, 4.1.6): times of modification, last access and last change of attributes. */
const TIMES = { flags: 0x0e, count: 3 };
/** The text that RRIP 1.10 prescribes for the ER entry. */
const EXTENSION = {
  identifier: "RRIP_1991A",
  description: "THE ROCK RIDGE INTERCHANGE PROTOCOL PROVIDES SUPPORT FOR POSIX FILE SYSTEM SEMANTICS",
  source:
    "PLEASE CONTACT DISC PUBLISHER FOR SPECIFICATION SOURCE.  SEE PUBLISHER IDENTIFIER IN PRIMARY VOLUME DESCRIPTOR " +
    "FOR CONTACT INFORMATION.",
};

/** SP: the entry in the root's `.` that announces SUSP. */
export function encodeSharingProtocol(): Uint8Array {
  return entry("SP", Uint8Array.of(0xbe, 0xef, 0));
}

/** ER: announces Rock Ridge. */
export function encodeExtension(): Uint8Array {
  const { identifier, description, source } = EXTENSION;
  const lengths = [identifier.length, description.length, source.length, 1];
  return entry("ER", Uint8Array.of(...lengths, ...Buffer.from(identifier + description + source, "latin1")));
}

/** PX: mode, one link, owner and group 0. */
export function encodePosixAttributes(mode: number): Uint8Array {
  const data = new Uint8Array(32);
  const view = new DataView(data.buffer);
  setBoth32(view, 0, mode);
  setBoth32(view, 8, 1);
  return entry("PX", data);
}

/** TF: one time for all fields. @param time seconds since 1970 */
export function encodeTimes(time: number): Uint8Array {
  const each = recordTime(time);
  const data = new Uint8Array(1 + TIMES.count * each.length);
  data[0] = TIMES.flags;
  for (let index = 0; index < TIMES.count; index++) data.set(each, 1 + index * each.length);
  return entry("TF", data);
}

/** NM: one entry, or two if the name has more than 250 bytes. */
export function encodeName(name: Uint8Array): Uint8Array {
  const parts: Uint8Array[] = [];
  for (let at = 0; at < name.length; at += MAX_NAME_PART) {
    const part = name.subarray(at, at + MAX_NAME_PART);
    const flags = at + part.length < name.length ? NAME_CONTINUES : 0;
    parts.push(entry("NM", Uint8Array.of(flags, ...part)));
  }
  return Buffer.concat(parts);
}

/**
 * CE: the location at which the system use area continues. `at` is an offset in the sector, and `length` a number of
 * bytes.
 */
export function encodeContinuation(place: { lba: number; at: number; length: number }): Uint8Array {
  const data = new Uint8Array(CONTINUATION_LENGTH - 4);
  const view = new DataView(data.buffer);
  setBoth32(view, 0, place.lba);
  setBoth32(view, 8, place.at);
  setBoth32(view, 16, place.length);
  return entry("CE", data);
}

function entry(signature: string, data: Uint8Array): Uint8Array {
  const bytes = new Uint8Array(4 + data.length);
  bytes.set(Buffer.from(signature, "latin1"));
  bytes[2] = bytes.length;
  bytes[3] = 1;
  bytes.set(data, 4);
  return bytes;
}
