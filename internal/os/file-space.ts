import { FFIType } from "bun:ffi";
import { libcIfAny } from "./libc.ts";

const SYMBOLS = {
  fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
} as const;

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of fallocate(2). */
const KEEP_SIZE_PUNCH_HOLE = 0x01 | 0x02;

const libc = libcIfAny(SYMBOLS);

/**
 * Gives a part of an open file back to the file system; it reads as zeros afterwards, and the file's length stays.
 * False where the file system, or this machine, cannot.
 */
export function punchHole(fd: number, part: { offset: number; length: number }): boolean {
  return libc()?.fallocate(fd, KEEP_SIZE_PUNCH_HOLE, part.offset, part.length) === 0;
}
