/** Works that go on at the same time are started with runTogether. Other ways to wait are listed here with their reasons. */

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

/** Files that combine promises in another way. */
const COMBINING: Readonly<Record<string, string>> = {
  "internal/base/run-together.ts": "is runTogether",
  "internal/boot/run.ts": "waits for the end of QEMU or for a moment",
  "internal/image/decompress/layer-decompressor.ts":
    "waits for promises that never reject, which other code awaits too",
  "internal/image/layer/layer-scan.ts": "layers are decompressed ahead, which reports no errors",
  "internal/process/run.ts": "each work notes its own error and ends the program",
  "internal/squashfs/blocks/block-writer.ts": "waits for blocks of threads, whose errors no longer count",
};

/** Files that start a promise, and leave its error to a later `await`. */
const LATER: Readonly<Record<string, string>> = {
  "internal/boot/run.ts": "QEMU's end is awaited after the console was read",
  "internal/image/decompress/layer-job.ts":
    "a generator yields while its input is written, and then awaits that",
  "internal/squashfs/blocks/block-writer.ts": "blocks are awaited in the order of the file",
};

const sources = ["internal", "cmd"].flatMap((top) =>
  readdirSync(join(ROOT, top), { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".ts"))
    .map((name) => ({ path: join(top, name), text: readFileSync(join(ROOT, top, name), "utf8") })),
);

/** The files with a line that matches, in order. */
function filesWith(pattern: RegExp): string[] {
  return sources
    .filter(({ text }) => pattern.test(text))
    .map(({ path }) => path)
    .sort();
}

test("internal/ and cmd/: only these files combine promises without runTogether", () => {
  expect(filesWith(/\bPromise\.(?:all|allSettled|any|race)\(/)).toEqual(Object.keys(COMBINING).sort());
});

test("internal/ and cmd/: only these files drop an error of a promise, or leave it to a later await", () => {
  expect(filesWith(/^ *(?:if \([^)]*\) )?[\w.#]+(?:\([^()]*\))?\.catch\(/m)).toEqual(
    Object.keys(LATER).sort(),
  );
});
