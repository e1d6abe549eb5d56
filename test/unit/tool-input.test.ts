import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { Chunk } from "../../internal/chunk.ts";
import { runTool } from "../../internal/tool/run.ts";
import { failureOf } from "./image-memory-layers.ts";

setDefaultTimeout(60_000);

const scratch = mkdtempSync(join(tmpdir(), "platter-input-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const signal = new AbortController().signal;
const seed = Number(process.env.PLATTER_SEED ?? Date.now() % 2 ** 31);

/** What `sh -c script` prints, given the chunks. */
async function shell(script: string, stdin: AsyncIterable<Chunk>): Promise<Buffer> {
  const chunks: Buffer[] = [];
  const onStdout = (chunk: Uint8Array) => void chunks.push(Buffer.from(chunk));
  await runTool({ argv: ["/bin/sh", "-c", script], signal, stdin, onStdout });
  return Buffer.concat(chunks);
}

/** A file's first bytes in up to three parts, and the descriptor closed behind them, as whoever makes chunks does. */
async function* fileStretches(path: string, length: number): AsyncGenerator<Chunk> {
  const fd = openSync(path, "r");
  const part = Math.ceil(length / 3);
  try {
    for (let start = 0; start < length; start += part)
      yield { file: { fd, path }, start, length: Math.min(part, length - start) };
  } finally {
    closeSync(fd);
  }
}

/** Bytes that no other place has. */
function content(length: number): Buffer {
  const bytes = Buffer.alloc(length);
  for (let at = 0; at + 4 <= length; at += 4) bytes.writeUInt32LE((at * 2654435761) % 2 ** 32, at);
  return bytes;
}

const source = join(scratch, "source");
const bytes = content(3_000_001);
writeFileSync(source, bytes);

describe("what goes into a tool", () => {
  test(`bytes and files in their order, whatever their sizes and however slow the tool (seed ${seed})`, async () => {
    const length = fc.oneof(fc.integer({ min: 0, max: 9000 }), fc.integer({ min: 0, max: bytes.length }));
    const piece = fc.record({ kind: fc.constantFrom("file", "bytes"), length });
    const readers = fc.constantFrom(
      "cat",
      "dd bs=512 status=none",
      "sleep 0.05; head -c 100000; sleep 0.05; cat",
    );
    await fc.assert(
      fc.asyncProperty(fc.array(piece, { maxLength: 8 }), readers, async (pieces, reader) => {
        async function* stream(): AsyncGenerator<Chunk> {
          for (const { kind, length } of pieces) {
            if (kind === "bytes") yield bytes.subarray(0, length);
            else yield* fileStretches(source, length);
          }
        }
        const expected = Buffer.concat(pieces.map(({ length }) => bytes.subarray(0, length)));
        expect((await shell(reader, stream())).equals(expected)).toBe(true);
      }),
      { seed, numRuns: 40 },
    );
  });

  test("a file that the kernel cannot pass on is read", async () => {
    const path = "/proc/self/environ";
    const { length } = readFileSync(path);
    expect(length).toBeGreaterThan(0);
    expect((await shell("cat", fileStretches(path, length))).equals(readFileSync(path))).toBe(true);
  });

  test.each([
    ["became shorter", () => fileStretches(source, bytes.length + 1), "E_FILE_SHRANK"],
    ["is none", () => fileStretches(scratch, 10), "E_FILE_READ"],
  ])("a file that %s ends the tool", async (_, stream, code) => {
    const path = code === "E_FILE_READ" ? scratch : source;
    expect(await failureOf(shell("cat >/dev/null; sleep 60", stream()))).toMatchObject({
      code,
      kind: "machine",
      message: expect.stringContaining(path),
    });
  });

  test("signals and timers get their turn while the tool does not read, or reads as fast as it can", async () => {
    for (const script of ["sleep 0.3; cat >/dev/null", "cat >/dev/null"]) {
      let ticks = 0;
      const timer = setInterval(() => ticks++, 5);
      async function* stream(): AsyncGenerator<Chunk> {
        const start = performance.now();
        while (performance.now() - start < 300) yield* fileStretches(source, bytes.length);
      }
      await shell(script, stream());
      clearInterval(timer);
      expect(ticks).toBeGreaterThan(2);
    }
  });

  test("ends with the stream, while another tool still runs that was started meanwhile", async () => {
    const stop = new AbortController();
    async function* endless(): AsyncGenerator<Chunk> {
      while (true) {
        yield bytes.subarray(0, 10);
        await Bun.sleep(10);
      }
    }
    async function* short(): AsyncGenerator<Chunk> {
      yield bytes.subarray(0, 10);
      await Bun.sleep(200);
    }
    const first = shell("cat", short());
    const second = runTool({ argv: ["/bin/cat"], signal: stop.signal, stdin: endless() });
    expect((await first).length).toBe(10);
    stop.abort();
    expect(await failureOf(second)).toMatchObject({ code: "E_INTERRUPTED" });
  });

  test("leaves no descriptor open, whatever the end", async () => {
    const open = () => readdirSync("/proc/self/fd").length;
    const before = open();
    for (let i = 0; i < 10; i++) {
      await shell("cat >/dev/null", fileStretches(source, bytes.length));
      await shell("exit 0", fileStretches(source, bytes.length));
      await failureOf(shell("exit 1", fileStretches(source, bytes.length)));
      await failureOf(shell("cat", fileStretches(source, bytes.length + 1)));
      await failureOf(runTool({ argv: ["/nowhere"], signal, stdin: fileStretches(source, 10) }));
    }
    expect(open()).toBeLessThanOrEqual(before + 2);
  });
});
