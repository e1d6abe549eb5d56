import { afterEach, describe, expect, test } from "bun:test";
import { closeSync, fstatSync, readlinkSync, readSync } from "node:fs";
import { writeAtSync } from "../../../internal/bytes/chunk.ts";
import { openMemoryFile } from "../../../internal/os/memory-file.ts";
import { openFilesIn } from "../../helpers/images/memory-layers.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

const opened: number[] = [];
afterEach(() => {
  for (const fd of opened.splice(0)) closeSync(fd);
});

function open(): number {
  const fd = openMemoryFile("memory-file-test");
  expect(fd).toBeGreaterThan(0);
  opened.push(fd);
  return fd;
}

describe("a file in memory", () => {
  test("holds what is written, wherever the pieces begin", () => {
    const fd = open();
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 5));
    for (let at = 0; at < bytes.length; at += 65_521) writeAtSync(fd, bytes.subarray(at, at + 65_521), at);
    const back = Buffer.alloc(bytes.length);
    expect(readSync(fd, back, 0, back.length, 0)).toBe(bytes.length);
    expectSameBytes(back, bytes);
    expect(fstatSync(fd).size).toBe(bytes.length);
  });

  test("is one of its own each time, and leaves no other descriptor open", () => {
    const before = openFilesIn("/");
    const [one, other] = [open(), open()];
    writeAtSync(one, Buffer.from("one"), 0);
    expect(fstatSync(other).size).toBe(0);
    expect(openFilesIn("/")).toBe(before + 2);
  });

  test("needs no name in a file system", () => {
    expect(readlinkSync(`/proc/self/fd/${open()}`)).toBe("/memfd:memory-file-test (deleted)");
  });
});
