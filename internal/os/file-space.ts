import { FFIType } from "bun:ffi";
import { libcIfAny } from "./libc.ts";

const SYMBOLS = {
  fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
} as const;

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of fallocate(2). */
const KEEP_SIZE_PUNCH_HOLE = 0x01 | 0x02;

const libc = libcIfAny(SYMBOLS);

/**
 * Gives a range of an open file back to the file system; it reads as zeros afterwards, and the file's length stays.
 * False if the file system or the system cannot do it.
 */
export function punchHole(fd: number, range: { start: number; length: number }): boolean {
  return libc()?.fallocate(fd, KEEP_SIZE_PUNCH_HOLE, range.start, range.length) === 0;
}
