import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { FileLock, signerOf } from "../../../internal/files/file-lock.ts";
import { FolderInUse, HeldFolder, sweep } from "../../../internal/files/held-folder.ts";
import { holdOutput } from "../../../internal/files/output-place.ts";

const INTERNAL = resolve(import.meta.dir, "../../../internal");

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "held-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

const at = (name: string) => join(scratch, name);

/** A process that has run this, prints a line and waits until it is killed. */
async function holder(code: string): Promise<{ pid: number; kill: () => Promise<void> }> {
  const script = `
    import { FileLock } from ${JSON.stringify(`${INTERNAL}/files/file-lock.ts`)};
    import { HeldFolder } from ${JSON.stringify(`${INTERNAL}/files/held-folder.ts`)};
    import { writeFileSync } from "node:fs";
    ${code}
    console.log("holding");
    setInterval(() => {}, 1000);
  `;
  const child = Bun.spawn([process.execPath, "-e", script], { stdout: "pipe", stderr: "inherit" });
  const { value } = await child.stdout.getReader().read();
  expect(new TextDecoder().decode(value)).toBe("holding\n");
  const kill = async () => {
    child.kill("SIGKILL");
    await child.exited;
  };
  return { pid: child.pid, kill };
}

describe("FileLock", () => {
  test("is taken once, and its file is gone when it is released", () => {
    const lock = FileLock.take(at("lock"))!;
    lock.sign();
    expect(lock.isEnforced).toBe(true);
    expect(readFileSync(at("lock"), "utf8")).toBe(`${process.pid}\n`);
    expect(FileLock.take(at("lock"))).toBeUndefined();
    expect(signerOf(at("lock"))).toBe(process.pid);
    lock.release();
    expect(readdirSync(scratch)).toEqual([]);
    FileLock.take(at("lock"))!.release();
  });

  test("of a killed process is free, though its file is there and names a living process", async () => {
    const other = await holder(`FileLock.take(${JSON.stringify(at("lock"))}).sign();`);
    expect(FileLock.take(at("lock"))).toBeUndefined();
    expect(signerOf(at("lock"))).toBe(other.pid);
    await other.kill();
    writeFileSync(at("lock"), `${process.pid}\n`);
    const lock = FileLock.take(at("lock"))!;
    expect(lock.isEnforced).toBe(true);
    lock.release();
  });

  test.each([
    ["a FIFO", (path: string) => Bun.spawnSync(["mkfifo", path])],
    ["a device", (path: string) => symlinkSync("/dev/zero", path)],
    ["a folder", (path: string) => mkdirSync(path)],
    ["a link to a file", (path: string) => symlinkSync("precious", path)],
  ])("%s in its place is an error, and nobody waits", (_, make) => {
    writeFileSync(at("precious"), "precious");
    make(at("lock"));
    expect(() => FileLock.take(at("lock"))).toThrow();
    expect(signerOf(at("lock"))).toBeUndefined();
    expect(readFileSync(at("precious"), "utf8")).toBe("precious");
  });

  test.each(["", "0", "-1", "nonsense", "1.5", "9".repeat(100)])("signerOf: %j names no process", (text) => {
    writeFileSync(at("lock"), text);
    expect(signerOf(at("lock"))).toBeUndefined();
  });
});

describe("HeldFolder", () => {
  test("own: a folder of a known name, empty, and for one holder only", () => {
    mkdirSync(at("mine"));
    writeFileSync(at("mine/unfinished"), "left");
    const held = HeldFolder.own(at("mine"));
    expect(readdirSync(held.path)).toEqual(["lock"]);
    const second = () => HeldFolder.own(at("mine"));
    expect(second).toThrow(FolderInUse);
    expect(second).toThrow(expect.objectContaining({ holder: process.pid, who: `process ${process.pid}` }));
    writeFileSync(join(held.path, "unfinished"), "");
    held[Symbol.dispose]();
    expect(readdirSync(scratch)).toEqual([]);
    HeldFolder.own(at("mine"))[Symbol.dispose]();
  });

  test("own: what a link points to is not emptied", () => {
    mkdirSync(at("precious"));
    writeFileSync(at("precious/file"), "precious");
    symlinkSync("precious", at("mine"));
    expect(() => HeldFolder.own(at("mine"))).toThrow(expect.objectContaining({ code: "ENOTDIR" }));
    expect(readdirSync(at("precious"))).toEqual(["file"]);
  });

  test("create: each has a name of its own", () => {
    using a = HeldFolder.create(scratch);
    using b = HeldFolder.create(scratch);
    expect(a.path).not.toBe(b.path);
    expect(readdirSync(scratch)).toHaveLength(2);
  });
});

describe("sweep", () => {
  test("removes what a killed process held, and nothing that a living process holds", async () => {
    const make = `writeFileSync(HeldFolder.create(${JSON.stringify(scratch)}).path + "/big", "x".repeat(100000));`;
    const [dead, alive] = [await holder(make), await holder(make)];
    await dead.kill();
    using mine = HeldFolder.create(scratch);
    const before = readdirSync(scratch);
    expect(before).toHaveLength(3);
    const removed = sweep(scratch);
    expect(removed).toHaveLength(1);
    expect(removed[0]!.bytes).toBeGreaterThan(100000);
    expect(readdirSync(scratch)).toHaveLength(2);
    expect(existsSync(mine.path)).toBe(true);
    expect(sweep(scratch)).toEqual([]);
    await alive.kill();
    expect(sweep(scratch)).toHaveLength(1);
    expect(readdirSync(scratch)).toHaveLength(1);
  });

  test("an empty folder of such a name goes; whatever else has one stays", () => {
    mkdirSync(at(".platter-abc123"));
    mkdirSync(at(".platter-mine"));
    mkdirSync(at(".platter-aaaaaa"));
    writeFileSync(at(".platter-aaaaaa/file"), "not platter's: it has no lock");
    writeFileSync(at(".platter-bbbbbb"), "a file");
    mkdirSync(at("elsewhere"));
    writeFileSync(at("elsewhere/lock"), "");
    symlinkSync("elsewhere", at(".platter-cccccc"));
    expect(sweep(scratch).map(({ path }) => path)).toEqual([at(".platter-abc123")]);
    expect(readdirSync(scratch)).toHaveLength(5);
    expect(existsSync(at("elsewhere/lock"))).toBe(true);
    expect(sweep(at("nowhere"))).toEqual([]);
  });
});

test("holdOutput: one place per output, however often this process asks for it", () => {
  using first = holdOutput(at("x.iso"));
  using other = holdOutput(at("y.iso"));
  expect(other.partial).not.toBe(first.partial);
  {
    using again = holdOutput(join(scratch, "./x.iso"));
    expect(again.partial).toBe(first.partial);
  }
  writeFileSync(first.partial, "still held");
  expect(readdirSync(scratch)).toHaveLength(2);
});
