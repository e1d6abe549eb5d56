import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { followWriter } from "../../internal/iso/follow-writer.ts";
import { runTool } from "../../internal/tool/run.ts";
import { failureOf } from "./image-memory-layers.ts";

setDefaultTimeout(20_000);

const scratch = mkdtempSync(join(tmpdir(), "platter-follow-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const never = new AbortController().signal;

/** What is seen of a shell script that writes into a file: the bytes that were taken, and how far it had got each time. */
async function follow(
  script: string,
  about: { wants?: boolean; signal?: AbortSignal; onTake?: () => void } = {},
): Promise<{ size: number; taken: Buffer; reached: number[] }> {
  const { wants = true, signal = never, onTake } = about;
  const path = join(scratch, "file");
  const fd = openSync(path, "w+");
  const blocks: Buffer[] = [];
  const reached: number[] = [];
  try {
    const writer = runTool({ argv: ["/bin/sh", "-c", script], signal, stdout: fd });
    const take = (block: Uint8Array) => {
      onTake?.();
      blocks.push(Buffer.from(block));
    };
    const size = await followWriter(
      writer,
      { fd, path },
      {
        take: wants ? take : undefined,
        reached: (bytes) => void reached.push(bytes),
      },
    );
    return { size, taken: Buffer.concat(blocks), reached };
  } finally {
    closeSync(fd);
  }
}

const written = () => readFileSync(join(scratch, "file"));
const inParts = "for i in 1 2 3 4 5; do head -c 700001 /dev/urandom; sleep 0.05; done";

describe("a program that writes a file", () => {
  test.each([
    ["as fast as it can", "head -c 30000001 /dev/urandom"],
    ["bit by bit", inParts],
    ["less than a block", "printf short"],
    ["nothing", "true"],
  ])("%s: all bytes come, in their order", async (_, script) => {
    const { size, taken, reached } = await follow(script);
    expect(size).toBe(written().length);
    expect(taken.equals(written())).toBe(true);
    expect(reached.at(-1)).toBe(size);
    expect(reached).toEqual(reached.toSorted((a, b) => a - b));
  });

  test("is followed while it writes", async () => {
    const { size, reached } = await follow(inParts);
    expect(new Set(reached.filter((bytes) => bytes > 0 && bytes < size)).size).toBeGreaterThan(1);
  });

  test("may write into a file that has its length already", async () => {
    const fd = openSync(join(scratch, "long"), "w+");
    const other = runTool({
      argv: ["/bin/sh", "-c", "truncate -s 5000000 /dev/fd/1; printf abc"],
      signal: never,
      stdout: fd,
    });
    const blocks: string[] = [];
    const take = (block: Uint8Array) => void blocks.push(Buffer.from(block).toString());
    const size = await followWriter(other, { fd, path: "long" }, { take, reached: () => undefined });
    closeSync(fd);
    expect({ size, blocks }).toEqual({ size: 3, blocks: ["abc"] });
  });

  test("is only counted where nobody wants its bytes", async () => {
    const { size, taken } = await follow("printf counted", { wants: false });
    expect({ size, taken: taken.length }).toEqual({ size: 7, taken: 0 });
  });

  test("fails with its own failure", async () => {
    expect(await failureOf(follow(`${inParts}; echo why >&2; exit 3`))).toMatchObject({
      code: "E_TOOL_FAILED",
      detail: ["why"],
    });
  });

  test("is ended by an interruption", async () => {
    const stop = new AbortController();
    setTimeout(() => stop.abort(), 100);
    const failure = await failureOf(follow(`${inParts}; sleep 60`, { signal: stop.signal }));
    expect(failure).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test("has ended when a failure of whoever takes its bytes is thrown", async () => {
    const onTake = () => {
      throw new Error("enough");
    };
    await expect(follow(`${inParts}; printf end`, { onTake })).rejects.toThrow("enough");
    expect(written().toString("latin1")).toEndWith("end");
  });

  test("leaves no descriptor open", async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    await follow("printf x");
    const before = open();
    for (let i = 0; i < 10; i++) await follow("printf x");
    expect(open()).toBeLessThanOrEqual(before + 1);
  });
});
