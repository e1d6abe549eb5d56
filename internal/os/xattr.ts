import { FFIType } from "bun:ffi";
import { ERRNO_LOCATION, errnoOfCall, errorOfCall, libcOnDemand } from "./libc.ts";

const SYMBOLS = {
  llistxattr: { args: [FFIType.ptr, FFIType.ptr, FFIType.u64], returns: FFIType.i64_fast },
  lgetxattr: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.u64], returns: FFIType.i64_fast },
  ...ERRNO_LOCATION,
} as const;

const ENOENT = 2;
const ERANGE = 34;
const ENODATA = 61;
const EOPNOTSUPP = 95;

const libc = libcOnDemand(SYMBOLS);

let names = Buffer.allocUnsafeSlow(4096);
let value = Buffer.allocUnsafeSlow(4096);

/**
 * The extended attributes of a path, without following symlinks. Names have one character for each byte, and values are
 * copied. `path` ends in a NUL byte. Attributes that disappear during the call are omitted. File systems without
 * attributes give an empty list.
 * @throws PlatterError `E_XATTR_LIBC`; the system's error
 */
export function readXattrs(path: Uint8Array): [string, Uint8Array][] {
  const { llistxattr, lgetxattr } = libc();
  let length = Number(llistxattr(path, names, names.length));
  while (length < 0) {
    const errno = lastErrno();
    if (errno === EOPNOTSUPP || errno === ENOENT) return [];
    if (errno !== ERANGE) throw errorOfCall(libc());
    names = Buffer.allocUnsafeSlow(names.length * 2);
    length = Number(llistxattr(path, names, names.length));
  }
  const found: [string, Uint8Array][] = [];
  for (let at = 0; at < length; ) {
    const end = names.indexOf(0, at);
    const name = names.subarray(at, end + 1);
    let size = Number(lgetxattr(path, name, value, value.length));
    while (size < 0 && lastErrno() === ERANGE) {
      value = Buffer.allocUnsafeSlow(value.length * 2);
      size = Number(lgetxattr(path, name, value, value.length));
    }
    if (size >= 0) found.push([names.toString("latin1", at, end), Uint8Array.from(value.subarray(0, size))]);
    else {
      const errno = lastErrno();
      if (errno !== ENODATA && errno !== EOPNOTSUPP) throw errorOfCall(libc());
    }
    at = end + 1;
  }
  return found;
}

function lastErrno(): number {
  return errnoOfCall(libc());
}
