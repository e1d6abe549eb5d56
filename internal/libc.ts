import { dlopen, type FFIFunction } from "bun:ffi";

/** glibc, musl on the two processors platter runs on. */
const LIBRARIES = ["libc.so.6", "libc.musl-x86_64.so.1", "libc.musl-aarch64.so.1"];

/** Functions of the C library; where there is none, the reason for each name that was tried. */
export function openLibc<S extends Record<string, FFIFunction>>(
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
