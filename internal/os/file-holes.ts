import { FFIType } from "bun:ffi";
import { ERRNO_LOCATION, errnoOfCall, libcIfAny } from "./libc.ts";

const SYMBOLS = {
  lseek: { args: [FFIType.i32, FFIType.i64, FFIType.i32], returns: FFIType.i64_fast },
  ...ERRNO_LOCATION,
} as const;

const SEEK_DATA = 3;
const ENXIO = 6;

const libc = libcIfAny(SYMBOLS);

/**
 * The offset of the next byte of an open file that is not in a hole, from `offset` on; infinite if only a hole follows.
 * If the system does not support this, `offset` itself. The descriptor's own offset changes (lseek(2), "Seeking file
 * data and holes").
 */
export function nextData(fd: number, offset: number): number {
  const functions = libc();
  if (functions === undefined) return offset;
  const found = Number(functions.lseek(fd, offset, SEEK_DATA));
  if (found >= 0) return found;
  return errnoOfCall(functions) === ENXIO ? Number.POSITIVE_INFINITY : offset;
}
