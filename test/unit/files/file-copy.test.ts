import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  existsSync,
  fstatSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { copyRange } from "../../../internal/files/file-copy.ts";
import { noise } from "../../helpers/noise.ts";

const MIB = 2 ** 20;
const folders = [mkdtempSync(join(tmpdir(), "platter-copy-"))];
// A second file system, to which the kernel does not copy by itself.
if (existsSync("/dev/shm")) folders.push(mkdtempSync("/dev/shm/platter-copy-"));
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

const what = "the copying";
const { signal } = new AbortController();

function withFiles<T>(
  folder: string,
  use: (files: { source: number; target: number; read: () => Buffer }) => Promise<T>,
): Promise<T> {
  const source = openSync(join(folders[0]!, "source"), "w+");
  const path = join(folder, "target");
  const target = openSync(path, "w+");
  return use({ source, target, read: () => readFileSync(path) }).finally(() => {
    closeSync(source);
    closeSync(target);
  });
}

const digest = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

describe.each(folders)("copyRange: to %s", (folder) => {
  test("copies a part of a file to a place in another", async () => {
    await withFiles(folder, async ({ source, target, read }) => {
      const content = noise(3 * MIB);
      writeSync(source, content);
      writeSync(target, "before");
      const seen: number[] = [];
      const range = { file: { fd: source, path: "source" }, start: 1000, length: 2 * MIB + 77 };
      const options = { what, signal, onBytes: (done: number) => void seen.push(done) };
      await copyRange(range, { fd: target, offset: 9000 }, options);
      const copied = read();
      expect(copied).toHaveLength(9000 + range.length);
      expect(copied.subarray(0, 7).toString("latin1")).toBe("before\0");
      expect(digest(copied.subarray(9000))).toBe(digest(content.subarray(1000, 1000 + range.length)));
      expect(seen).toEqual(seen.toSorted((a, b) => a - b));
      expect(seen.at(-1)).toBe(range.length);
    });
  });

  test("keeps holes, also at both ends", async () => {
    await withFiles(folder, async ({ source, target, read }) => {
      writeSync(source, noise(4096), 0, 4096, 8 * MIB);
      ftruncateSync(source, 20 * MIB);
      const range = { file: { fd: source, path: "source" }, start: MIB, length: 18 * MIB };
      await copyRange(range, { fd: target, offset: 4096 }, { what, signal });
      const expected = readFileSync(join(folders[0]!, "source")).subarray(MIB, 19 * MIB);
      expect(fstatSync(target).size).toBe(4096 + range.length);
      expect(digest(read().subarray(4096))).toBe(digest(expected));
      expect(fstatSync(target).blocks * 512).toBeLessThan(MIB);
    });
  });

  test("reports a file that is shorter than its part", async () => {
    await withFiles(folder, async ({ source, target }) => {
      writeSync(source, noise(5000));
      const range = { file: { fd: source, path: "the source" }, start: 0, length: 6000 };
      const failure = copyRange(range, { fd: target, offset: 0 }, { what, signal });
      expect(await failure.catch((error) => error)).toMatchObject({
        code: "E_FILE_SHRANK",
        message: expect.stringContaining("`the source`"),
      });
    });
  });

  test("stops when it is interrupted", async () => {
    await withFiles(folder, async ({ source, target }) => {
      writeSync(source, noise(40 * MIB));
      const controller = new AbortController();
      const range = { file: { fd: source, path: "source" }, start: 0, length: 40 * MIB };
      const options = { what, signal: controller.signal, onBytes: () => controller.abort() };
      const failure = copyRange(range, { fd: target, offset: 0 }, options);
      expect(await failure.catch((error) => error)).toMatchObject({ code: "E_INTERRUPTED" });
      expect(fstatSync(target).size).toBeLessThan(40 * MIB);
    });
  });

  test("reports what the system says about the target", async () => {
    await withFiles(folder, async ({ source }) => {
      writeSync(source, noise(5000));
      const readOnly = openSync(join(folders[0]!, "source"), "r");
      const range = { file: { fd: source, path: "source" }, start: 0, length: 5000 };
      const failure = copyRange(range, { fd: readOnly, offset: 9000 }, { what, signal });
      expect(await failure.catch((error) => error)).toMatchObject({ code: "EBADF" });
      closeSync(readOnly);
    });
  });
});
