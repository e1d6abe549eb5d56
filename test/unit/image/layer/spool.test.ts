import { afterAll, expect, test } from "bun:test";
import { closeSync, fstatSync, mkdtempSync, openSync, readdirSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { ByteRange } from "../../../../internal/bytes/byte-range.ts";
import { Spool, type SpoolSizes } from "../../../../internal/image/layer/spool.ts";
import { contentOf, failureOf, pieces } from "../../../helpers/images/memory-layers.ts";

const work = mkdtempSync(join(tmpdir(), "platter-spool-"));
afterAll(() => rmSync(work, { recursive: true }));

const signal = new AbortController().signal;
const sizes = { segment: 1000, small: 100, memory: 0 };
const spoolIn = (directory: string, options: { name?: string; sizes?: SpoolSizes } = {}) =>
  new Spool({ directory, name: options.name ?? "test", signal, sizes: options.sizes });
const keep = (spool: Spool, text: string) => spool.add(pieces(Buffer.from(text), 1000), text.length);

/** Bytes on disk, and the length, of the spool's file. */
function fileOf(name: string): { onDisk: number; length: number } | undefined {
  for (const fd of readdirSync("/proc/self/fd")) {
    try {
      if (!readlinkSync(`/proc/self/fd/${fd}`).includes(`.${name}.`)) continue;
    } catch {
      // The folder itself was open while it was read.
      continue;
    }
    const { blocks, size } = fstatSync(Number(fd));
    return { onDisk: blocks * 512, length: size };
  }
  return undefined;
}

test("contents stay in memory up to the budget, and freed memory is given out again", async () => {
  using spool = spoolIn("/nowhere", { sizes: { ...sizes, memory: 2000 } });
  const slots = [];
  for (let i = 0; i < 20; i++) slots.push(await keep(spool, `${i % 10}`.repeat(100)));
  for (const slot of slots.slice(0, 10)) spool.free(slot);
  for (let i = 0; i < 10; i++) slots[i] = await keep(spool, "x".repeat(100));
  expect(await contentOf(spool.read(slots[3] as ByteRange))).toBe("x".repeat(100));
  expect(await contentOf(spool.read(slots[13] as ByteRange))).toBe("3".repeat(100));
  const failure = { code: "E_SPOOL_WRITE", kind: "machine" };
  const more = async () => {
    for (let i = 0; i < 20; i++) await keep(spool, "y".repeat(100));
  };
  expect(await failureOf(more())).toMatchObject(failure);
  expect(await failureOf(keep(spool, "x".repeat(101)))).toMatchObject(failure);
});

test("large contents stay in memory, too, where there is room", async () => {
  using spool = spoolIn("/nowhere", { sizes: { ...sizes, memory: 2000 } });
  const large = await keep(spool, "x".repeat(1500));
  expect(await failureOf(keep(spool, "y".repeat(501)))).toMatchObject({ code: "E_SPOOL_WRITE" });
  expect(await contentOf(spool.read(large))).toBe("x".repeat(1500));
  spool.free(large);
  expect(await contentOf(spool.read(await keep(spool, "z".repeat(2000))))).toBe("z".repeat(2000));
});

test("space is given back to the disk when something large, or all of many small ones, is freed", async () => {
  using spool = spoolIn(work, { name: "given-back", sizes: { segment: 1 << 20, small: 1 << 16, memory: 0 } });
  const kept = [await keep(spool, "x".repeat(3_000_000))];
  for (let i = 0; i < 800; i++) kept.push(await keep(spool, "y".repeat(50_000)));
  expect(fileOf("given-back")?.onDisk).toBeGreaterThanOrEqual(20_000_000);
  for (const slot of kept) spool.free(slot);
  expect(fileOf("given-back")?.onDisk).toBe(0);
});

test("freed segments are used again, those of large contents by others of their length", async () => {
  using spool = spoolIn(work, { sizes });
  const large = await keep(spool, "x".repeat(1500));
  const small = [];
  for (let i = 0; i < 30; i++) small.push(await keep(spool, `${i % 10}`.repeat(100)));
  expect(small.map(({ start }) => Math.floor(start / 1000))).toEqual([
    ...Array(10).fill(2),
    ...Array(10).fill(3),
    ...Array(10).fill(4),
  ]);
  for (const slot of small.slice(0, 9)) spool.free(slot);
  expect((await keep(spool, "z".repeat(700))).start).toBe(5000);
  spool.free(small[9] as ByteRange);
  expect((await keep(spool, "z".repeat(700))).start).toBe(2000);
  spool.free(large);
  expect((await keep(spool, "z".repeat(2000))).start).toBe(0);
  expect(await contentOf(spool.read(small[29] as ByteRange))).toBe("9".repeat(100));
});

const seed = Number(process.env.PLATTER_SEED ?? Date.now() % 2 ** 31);

test(`whatever is kept and freed, what is there reads as it was (seed ${seed})`, async () => {
  const steps = fc.array(
    fc.oneof(
      fc.record({ keep: fc.integer({ min: 0, max: 250 }) }),
      fc.record({ free: fc.nat(), now: fc.boolean() }),
    ),
    { maxLength: 120 },
  );
  const limits = fc.record({
    segment: fc.constantFrom(100, 130, 300),
    small: fc.constantFrom(0, 60, 100),
    memory: fc.constantFrom(0, 100, 500, 100_000),
  });
  await fc.assert(
    fc.asyncProperty(steps, limits, async (all, chosen) => {
      using spool = spoolIn(work, { sizes: chosen });
      const kept: { slot: ByteRange; text: string }[] = [];
      let number = 0;
      for (const step of all) {
        if ("keep" in step) {
          const text = `${number++}.`.repeat(step.keep).slice(0, step.keep);
          kept.push({ slot: await keep(spool, text), text });
        } else if (kept.length > 0) {
          const [{ slot, text }] = kept.splice(step.free % kept.length, 1) as [(typeof kept)[0]];
          const atOnce = step.now && slot.length <= spool.small;
          const target = Buffer.alloc(slot.length);
          if (atOnce) spool.readSync(slot, target);
          expect(atOnce ? target.toString() : await contentOf(spool.read(slot))).toBe(text);
          spool.free(slot);
        }
      }
      for (const { slot, text } of kept) expect(await contentOf(spool.read(slot))).toBe(text);
    }),
    { seed, numRuns: 300 },
  );
}, 60_000);

test("a full disk is the machine's fault", async () => {
  const mount = join(work, "small");
  Bun.spawnSync(["mkdir", mount]);
  expect(Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", mount]).exitCode).toBe(0);
  try {
    using spool = spoolIn(mount, { sizes });
    expect(await failureOf(keep(spool, "x".repeat(1 << 20)))).toMatchObject({
      code: "E_SPOOL_WRITE",
      kind: "machine",
      message: expect.stringContaining("no space left"),
      hint: expect.stringContaining("--work"),
    });
  } finally {
    Bun.spawnSync(["umount", mount]);
  }
});

test("another file of its name does not disturb it", async () => {
  const path = join(work, `.test.${process.pid}.0`);
  closeSync(openSync(path, "w"));
  using spool = spoolIn(work, { sizes });
  expect(await contentOf(spool.read(await keep(spool, "hello ".repeat(100))))).toBe("hello ".repeat(100));
  expect(readdirSync(work)).toContain(`.test.${process.pid}.0`);
  rmSync(path);
});
