import { CString, dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
import { existsSync, readdirSync } from "node:fs";
import type { EntryType } from "../../../internal/image/image-tree.ts";
import type { TypedPath } from "./made-up-paths.ts";

const MODES: Readonly<Record<EntryType, number>> = {
  file: 0o100000,
  directory: 0o040000,
  symlink: 0o120000,
  "character-device": 0o020000,
  "block-device": 0o060000,
  fifo: 0o010000,
};

const LIBRARY = "libselinux.so.1";

const SELABEL_CTX_FILE = 0;
const SELABEL_OPT_PATH = 3;

/**
 * The contexts that libselinux gives paths by a `file_contexts` file and the files next to it; undefined for a path
 * without one. The file must not have a compiled twin, which libselinux would read instead.
 */
export function lookUpAll(
  contexts: string,
  paths: readonly TypedPath[],
  library = LIBRARY,
): (string | undefined)[] {
  const { symbols, close } = dlopen(library, {
    selabel_open: { args: [FFIType.u32, FFIType.ptr, FFIType.u32], returns: FFIType.ptr },
    selabel_lookup_raw: { args: [FFIType.ptr, FFIType.ptr, FFIType.ptr, FFIType.i32], returns: FFIType.i32 },
    selabel_close: { args: [FFIType.ptr], returns: FFIType.void },
    freecon: { args: [FFIType.ptr], returns: FFIType.void },
  });
  try {
    const file = cString(contexts);
    // struct selinux_opt { int type; const char *value; }
    const option = new BigUint64Array([BigInt(SELABEL_OPT_PATH), BigInt(ptr(file))]);
    const handle = symbols.selabel_open(SELABEL_CTX_FILE, ptr(option), 1);
    if (handle === null) throw new Error(`selabel_open refused ${contexts}`);
    const result = new BigUint64Array(1);
    const found = paths.map(({ path, type }) => {
      if (symbols.selabel_lookup_raw(handle, ptr(result), ptr(cString(path)), MODES[type]) !== 0)
        return undefined;
      const text = Number(result[0]) as Pointer;
      const context = new CString(text).toString();
      symbols.freecon(text);
      return context;
    });
    symbols.selabel_close(handle);
    return found;
  } finally {
    close();
  }
}

function cString(text: string): Uint8Array {
  return Buffer.from(`${text}\0`, "latin1");
}

/** The file of the library that {@link lookUpAll} loads. */
export function libselinuxFile(): string {
  const folders = readdirSync("/usr/lib", { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && entry.name.endsWith("-linux-gnu"))
    .map((entry) => `/usr/lib/${entry.name}`);
  const file = [...folders, "/usr/lib64", "/usr/lib", "/lib"]
    .map((folder) => `${folder}/${LIBRARY}`)
    .find(existsSync);
  if (file === undefined) throw new Error(`${LIBRARY} is not here`);
  return file;
}
