import { afterEach, describe, expect, test } from "bun:test";
import { closeSync, fstatSync, readlinkSync, readSync } from "node:fs";
import { writeAtOnce } from "../../../internal/bytes/chunk.ts";
import { openMemoryFile } from "../../../internal/os/memory-file.ts";
import { openFilesIn } from "../../helpers/images/memory-layers.ts";

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

const MODULE = new URL("../../../internal/os/memory-file.ts", import.meta.url).pathname;
const SHOW = `
  import { readlinkSync } from "node:fs";
  import { openMemoryFile } from "${MODULE}";
  console.log(readlinkSync("/proc/self/fd/" + openMemoryFile("memory-file-test")));`;

describe("a file in memory", () => {
  test("holds what is written, wherever the pieces begin", () => {
    const fd = open();
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => (i * i) >> 5));
    for (let at = 0; at < bytes.length; at += 65_521) writeAtOnce(fd, bytes.subarray(at, at + 65_521), at);
    const back = Buffer.alloc(bytes.length);
    expect(readSync(fd, back, 0, back.length, 0)).toBe(bytes.length);
    expect(back.equals(bytes)).toBe(true);
    expect(fstatSync(fd).size).toBe(bytes.length);
  });

  test("is one of its own each time, and leaves no other descriptor open", () => {
    const before = openFilesIn("/");
    const [one, other] = [open(), open()];
    writeAtOnce(one, Buffer.from("one"), 0);
    expect(fstatSync(other).size).toBe(0);
    expect(openFilesIn("/")).toBe(before + 2);
  });

  // The user who runs the tests is root if they may mount.
  test.if(process.getuid?.() === 0)("is on a mount that is nowhere to be seen", async () => {
    expect(readlinkSync(`/proc/self/fd/${open()}`)).toMatch(/^\/\.memory-file-test\.\d+\.0 \(deleted\)$/);
    expect(await Bun.file("/proc/self/mounts").text()).not.toContain("huge=within_size");
  });

  test.if(process.getuid?.() === 0)("is there for one who may not mount, too", () => {
    const without = ["setpriv", "--bounding-set", "-sys_admin", "--inh-caps", "-sys_admin"];
    const { stdout, stderr } = Bun.spawnSync([...without, process.execPath, "-e", SHOW]);
    expect([stderr.toString(), stdout.toString()]).toEqual(["", "/memfd:memory-file-test (deleted)\n"]);
  });
});
