import { dlopen, type FFIFunction, FFIType, type Pointer, read } from "bun:ffi";
import { getSystemErrorName } from "node:util";
import { ARCHITECTURE_NAMES } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";

/** glibc, and musl on the processors that platter runs on. */
const LIBRARIES = ["libc.so.6", ...ARCHITECTURE_NAMES.map((name) => `libc.musl-${name}.so.1`)];

/** Functions of the C library; if none was found, the reason for each name that was tried. */
function openLibc<S extends Record<string, FFIFunction>>(
  symbols: S,
): { functions: ReturnType<typeof dlopen<S>>["symbols"] } | { functions: undefined; failures: string[] } {
  const failures: string[] = [];
  for (const library of LIBRARIES) {
    try {
      return { functions: dlopen(library, symbols).symbols };
    } catch (error) {
      failures.push(`${library}: ${(error as Error).message}`);
    }
  }
  return { functions: undefined, failures };
}

/** Functions of the C library, looked up when they are first asked for. @throws PlatterError `E_XATTR_LIBC` */
export function libcOnDemand<S extends Record<string, FFIFunction>>(
  symbols: S,
): () => ReturnType<typeof dlopen<S>>["symbols"] {
  let loaded: ReturnType<typeof dlopen<S>>["symbols"] | undefined;
  return () => {
    if (loaded !== undefined) return loaded;
    const opened = openLibc(symbols);
    if ("failures" in opened) {
      throw new PlatterError({
        code: "E_XATTR_LIBC",
        kind: "machine",
        message: "Cannot read a folder with its extended attributes: no C library found",
        detail: opened.failures,
      });
    }
    loaded = opened.functions;
    return loaded;
  };
}

/** Like {@link libcOnDemand}, but undefined on a machine without the C library. */
export function libcIfAny<S extends Record<string, FFIFunction>>(
  symbols: S,
): () => ReturnType<typeof dlopen<S>>["symbols"] | undefined {
  let opened: ReturnType<typeof openLibc<S>> | undefined;
  return () => {
    opened ??= openLibc(symbols);
    return opened.functions;
  };
}

/** The symbol that {@link errnoOfCall} needs. */
export const ERRNO_LOCATION = { __errno_location: { args: [], returns: FFIType.ptr } } as const;

/** The error number of the previous call. */
export function errnoOfCall(functions: { __errno_location: () => Pointer | bigint | null }): number {
  return read.i32(functions.__errno_location() as Pointer, 0);
}

/** The error of the previous call, with the name of its error number as `code`. */
export function errorOfCall(functions: { __errno_location: () => Pointer | bigint | null }): Error {
  const code = getSystemErrorName(-errnoOfCall(functions));
  return Object.assign(new Error(code), { code });
}
