import { FFIType } from "bun:ffi";
import { libcIfAny } from "./libc.ts";

const SYMBOLS = {
  fallocate: { args: [FFIType.i32, FFIType.i32, FFIType.i64, FFIType.i64], returns: FFIType.i32 },
  sync_file_range: { args: [FFIType.i32, FFIType.i64, FFIType.i64, FFIType.u32], returns: FFIType.i32 },
  syncfs: { args: [FFIType.i32], returns: FFIType.i32 },
  lseek: { args: [FFIType.i32, FFIType.i64, FFIType.i32], returns: FFIType.i64_fast },
} as const;

/** What statfs(2) calls file systems: XFS_SUPER_MAGIC and BTRFS_SUPER_MAGIC. */
export const FILE_SYSTEM = { xfs: 0x58465342, btrfs: 0x9123683e };

/** FALLOC_FL_KEEP_SIZE and FALLOC_FL_PUNCH_HOLE of fallocate(2). */
const KEEP_SIZE_PUNCH_HOLE = 0x01 | 0x02;
/** SYNC_FILE_RANGE_WRITE of sync_file_range(2). */
const START_WRITING = 2;

/** SEEK_CUR of lseek(2). */
const FROM_HERE = 1;

const libc = libcIfAny(SYMBOLS);

/**
 * Gives a part of an open file back to the file system; it reads as zeros afterwards, and the file's length stays.
 * False where the file system, or this machine, cannot.
 */
export function punchHole(fd: number, part: { offset: number; length: number }): boolean {
  return libc()?.fallocate(fd, KEEP_SIZE_PUNCH_HOLE, part.offset, part.length) === 0;
}

/** Has the system begin to write what of an open file is only in memory, and does not wait for it. */
export function startWriting(fd: number): void {
  // 0 bytes mean: to the end. Where it cannot, the system writes when it likes.
  libc()?.sync_file_range(fd, 0, 0, START_WRITING);
}

/**
 * Waits until all that was written and released on an open file's file system is on the disk: btrfs hands out space
 * that was given back only after that.
 */
export function settle(fd: number): void {
  libc()?.syncfs(fd);
}

/**
 * Where whoever writes next through an open file's description writes, in bytes: a child that has the file from us moves
 * this. 0 on a machine without a C library.
 */
export function positionOf(fd: number): number {
  return Number(libc()?.lseek(fd, 0, FROM_HERE) ?? 0);
}
