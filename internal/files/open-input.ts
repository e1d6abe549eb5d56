/**
 * Files that the user names for reading. platter opens all paths here that come from the command line, from the
 * environment or from a folder that other users can write to, because such a path may lead to a named pipe, an endless
 * device or a file larger than the memory.
 */
import { closeSync, constants, fstatSync, openSync, readSync, type Stats, statSync } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { PlatterError } from "../base/error.ts";
import { errnoOf, type MachineErrorCode, machineError } from "../base/machine-error.ts";

/** Flags that avoid waiting for the other end of a pipe, and taking a controlling terminal. */
const NEVER_WAIT = constants.O_NONBLOCK | constants.O_NOCTTY;
const CHUNK = 64 * 1024;

/**
 * Reads a whole regular file of at most `limit` bytes.
 * @throws PlatterError `code` if it is missing, is not a regular file, is larger, or cannot be read
 */
export function readInput(path: string, { code, limit }: { code: MachineErrorCode; limit: number }): Buffer {
  try {
    expectKind(statSync(path), { path, code, kinds: "file" });
    const file = openSync(path, constants.O_RDONLY | NEVER_WAIT);
    try {
      const info = fstatSync(file);
      expectKind(info, { path, code, kinds: "file" });
      if (info.size > limit) throw tooLarge(path, { code, limit, size: info.size });
      return readUpTo(file, { path, code, limit });
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw machineError(error, { code, message: `Cannot read \`${path}\`` });
  }
}

/** Like {@link readInput}, decoded as UTF-8. */
export function readInputText(path: string, options: { code: MachineErrorCode; limit: number }): string {
  return readInput(path, options).toString("utf8");
}

/**
 * Opens a regular file or a block device such as a USB stick. `flags` are those of fopen(3).
 * @throws PlatterError `code` if it is missing, is neither of the two, or cannot be opened
 */
export async function openInput(
  path: string,
  { code, flags }: { code: MachineErrorCode; flags: "r" | "r+" },
): Promise<FileHandle> {
  const kinds = "file-or-disk";
  try {
    // Opening a device can have side effects, so its kind is checked before. It is checked again afterwards, because of
    // races.
    expectKind(statSync(path), { path, code, kinds });
    const access = flags === "r" ? constants.O_RDONLY : constants.O_RDWR;
    const handle = await open(path, access | NEVER_WAIT);
    try {
      expectKind(await handle.stat(), { path, code, kinds });
      return handle;
    } catch (error) {
      await handle.close();
      throw error;
    }
  } catch (error) {
    const hint = errnoOf(error) === "ENOENT" ? "Check the path and the current folder." : undefined;
    throw machineError(error, { code, message: `Cannot open \`${path}\``, hint });
  }
}

/** The size in `stat` is not trusted: it is 0 for files of /proc, and the file may grow. */
function readUpTo(
  file: number,
  { path, code, limit }: { path: string; code: MachineErrorCode; limit: number },
): Buffer {
  const chunks: Buffer[] = [];
  for (let size = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const count = readSync(file, chunk, 0, CHUNK, null);
    if (count === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, count));
    size += count;
    if (size > limit) throw tooLarge(path, { code, limit, size });
  }
}

function expectKind(
  info: Stats,
  { path, code, kinds }: { path: string; code: MachineErrorCode; kinds: "file" | "file-or-disk" },
): void {
  if (info.isFile() || (kinds === "file-or-disk" && info.isBlockDevice())) return;
  const wanted = kinds === "file" ? "a regular file" : "a file or a disk";
  throw new PlatterError({
    code,
    kind: "machine",
    message: `Cannot read \`${path}\`: it is ${kindOf(info)}, not ${wanted}`,
    hint: kinds === "file" ? "Name a regular file." : "Name a file, or a disk such as /dev/sdb.",
  });
}

function kindOf(info: Stats): string {
  if (info.isDirectory()) return "a folder";
  if (info.isFIFO()) return "a pipe";
  if (info.isSocket()) return "a socket";
  return info.isBlockDevice() ? "a disk" : "a character device";
}

function tooLarge(
  path: string,
  { code, limit, size }: { code: MachineErrorCode; limit: number; size: number },
): PlatterError {
  return new PlatterError({
    code,
    kind: "machine",
    message: `Cannot read \`${path}\`: it has ${size} bytes or more, and at most ${limit} are allowed`,
  });
}
