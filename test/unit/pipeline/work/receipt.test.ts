import { afterAll, describe, expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  isUnchanged,
  parseReceipt,
  type Receipt,
  recordFile,
  sameInputs,
  sha256File,
  sha256Text,
} from "../../../../internal/pipeline/work/receipt.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-receipt-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

const receipt: Receipt = {
  version: 2,
  stage: "squash",
  platter: "0.1.0",
  inputs: { tree: "sha256:1" },
  outputs: [{ path: "/work/squashfs.img", size: 3, mtimeMs: 1.5, sha256: ABC }],
  tools: [{ name: "mkfs.erofs", path: "/usr/bin/mkfs.erofs", version: "1.8.6" }],
  seconds: 0.5,
};

describe("parseReceipt", () => {
  test("what was written is read", () => {
    expect(parseReceipt(JSON.stringify(receipt))).toEqual(receipt);
  });

  test.each([
    ["nothing", undefined],
    ["no JSON", "{"],
    ["an empty text", ""],
    ["another version", JSON.stringify({ ...receipt, version: 1 })],
    ["a missing key", JSON.stringify({ ...receipt, outputs: undefined })],
    ["a key too many", JSON.stringify({ ...receipt, more: 1 })],
    ["an input that is not a string", JSON.stringify({ ...receipt, inputs: { tree: 1 } })],
    ["null", "null"],
  ])("%s says nothing", (_, text) => {
    expect(parseReceipt(text)).toBeUndefined();
  });
});

describe("sameInputs", () => {
  test("the order of the keys makes no difference", () => {
    expect(sameInputs({ a: "1", b: "2" }, { b: "2", a: "1" })).toBe(true);
    expect(sameInputs({}, {})).toBe(true);
  });

  test.each([
    [{ a: "1" }, { a: "2" }],
    [{ a: "1" }, { b: "1" }],
    [{ a: "1" }, { a: "1", b: "2" }],
    [{ a: "1", b: "2" }, { a: "1" }],
    [{ a: "1" }, {}],
  ])("%j and %j differ", (a, b) => {
    expect(sameInputs(a as Record<string, string>, b as Record<string, string>)).toBe(false);
  });
});

describe("a recorded file", () => {
  const made = (name: string) => {
    const path = join(scratch, name);
    writeFileSync(path, "abc");
    return path;
  };

  test("is recognized by path, size, time and digest", async () => {
    const path = made("recorded");
    utimesSync(path, 5, 1.5);
    expect(await recordFile(path)).toEqual({ path, size: 3, mtimeMs: 1500, sha256: ABC });
  });

  test("is unchanged as long as its content is, also under another time", async () => {
    const path = made("same");
    const record = await recordFile(path);
    expect(await isUnchanged(record)).toBe(true);
    utimesSync(path, 5, 6);
    expect(await isUnchanged(record)).toBe(true);
  });

  test("is changed when its size or its content is, or when it is gone", async () => {
    const path = made("changed");
    const record = await recordFile(path);
    writeFileSync(path, "abd");
    utimesSync(path, 5, 6);
    expect(await isUnchanged(record)).toBe(false);
    appendFileSync(path, "x");
    expect(await isUnchanged(record)).toBe(false);
    rmSync(path);
    expect(await isUnchanged(record)).toBe(false);
  });

  test("digests of texts and of files are those of sha256sum", async () => {
    expect(sha256Text("abc")).toBe(ABC);
    expect(sha256Text(new TextEncoder().encode("abc"))).toBe(ABC);
    const path = join(scratch, "large");
    writeFileSync(path, Buffer.alloc(3 * 2 ** 20 + 1, 7));
    const judged = Bun.spawnSync(["sha256sum", path]).stdout.toString().slice(0, 64);
    expect(await sha256File(path)).toBe(judged);
  });
});
