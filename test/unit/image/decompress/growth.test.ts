import { afterAll, afterEach, expect, test } from "bun:test";
import { mkdtempSync, openSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { ByteCursor } from "../../../../internal/bytes/byte-cursor.ts";
import { READ_SIZE, writeAtSync } from "../../../../internal/bytes/chunk.ts";
import { OpenFile } from "../../../../internal/bytes/open-file.ts";
import { storedBlob } from "../../../../internal/image/decompress/blob.ts";
import { GrowingStream, Growth, GrowthTeller } from "../../../../internal/image/decompress/growth.ts";
import { LayerDecompressor } from "../../../../internal/image/decompress/layer-decompressor";
import { storedLayer } from "../../../../internal/image/decompress/stored-layer.ts";
import { failureOf } from "../../../helpers/images/memory-layers.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-growth-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const opened: OpenFile[] = [];
afterEach(() => {
  for (const file of opened.splice(0)) file[Symbol.dispose]();
});

const { signal } = new AbortController();
const content = Buffer.from(crypto.getRandomValues(new Uint8Array(64 * 1024)))
  .toString("hex")
  .repeat(40);
const bytes = Buffer.from(content);

let made = 0;
/** A file that can be read while it grows. */
function growing(options: { signal?: AbortSignal } = {}) {
  const fd = openSync(join(scratch, `${made++}`), "w+");
  const file = OpenFile.of(fd, "growing");
  opened.push(file);
  const growth = new Growth();
  const teller = new GrowthTeller(growth.shared);
  let written = 0;
  const write = (length: number) => {
    writeAtSync(fd, bytes.subarray(written, written + length), written);
    written = Math.min(bytes.length, written + length);
    teller.finish(written);
  };
  return { growth, write, range: new GrowingStream(file, { growth, signal: options.signal ?? signal }) };
}

async function all(stream: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(stream));
}

test("is read to its end while it grows", async () => {
  const { growth, write, range } = growing();
  const reading = all(range);
  for (let i = 0; growth.length < bytes.length; i++) {
    write(i * 100_003);
    await Bun.sleep(1);
  }
  growth.end();
  expect((await reading).equals(bytes)).toBe(true);
});

test("ends where no more will come", async () => {
  const { growth, write, range } = growing();
  write(READ_SIZE + 10);
  const reading = all(range);
  await Bun.sleep(5);
  growth.end();
  expect((await reading).equals(bytes.subarray(0, READ_SIZE + 10))).toBe(true);
});

test("is skipped over as far as it is there, and further once it is", async () => {
  const { growth, write, range } = growing();
  write(1000);
  expect(range.skip(10)).toBe(10);
  expect(range.skip(10_000)).toBe(990);
  expect(range.skip(10_000)).toBe(0);
  const cursor = new ByteCursor(range);
  const skipping = cursor.skip(3_000_000);
  await Bun.sleep(2);
  write(1_000_000);
  await Bun.sleep(2);
  write(bytes.length);
  growth.end();
  expect(await skipping).toBe(3_000_000);
  const at = 1000 + 3_000_000;
  expect(Buffer.from(await cursor.read(100)).toString()).toBe(bytes.subarray(at, at + 100).toString());
  expect(cursor.position).toBe(3_000_100);
  expect(await cursor.skip(bytes.length)).toBe(bytes.length - at - 100);
});

test("waits for so many bytes and no more", async () => {
  const { growth, write } = growing();
  const reached = growth.reaches(5000).then(() => growth.length);
  write(4999);
  await Bun.sleep(2);
  write(1);
  write(1);
  expect(await reached).toBeGreaterThanOrEqual(5000);
  const never = growth.reaches(6000);
  growth.end();
  await never;
  expect(growth.length).toBe(5001);
});

test("whoever waits is told after a while, and at the end", async () => {
  const growth = new Growth();
  const teller = new GrowthTeller(growth.shared);
  teller.tell(1000);
  expect(growth.length).toBe(0);
  teller.tell(2 << 20);
  expect(growth.length).toBe(2 << 20);
  teller.tell((2 << 20) + 1000);
  expect(growth.length).toBe(2 << 20);
  teller.finish((2 << 20) + 1000);
  expect(growth.length).toBe((2 << 20) + 1000);
});

test("an abort ends the reading", async () => {
  const controller = new AbortController();
  const { growth, write, range } = growing({ signal: controller.signal });
  write(READ_SIZE);
  await range.next();
  const waiting = failureOf(range.next());
  controller.abort();
  growth.end();
  expect(await waiting).toMatchObject({ code: "E_INTERRUPTED" });
});

test("a layer is read while another thread decompresses it", async () => {
  const plain = Buffer.concat(Array.from({ length: 10 }, () => bytes));
  const path = join(scratch, "layer.gz");
  await Bun.write(path, gzipSync(plain, { level: 1 }));
  const file = OpenFile.open(path);
  opened.push(file);
  const blob = storedBlob(file.whole(), { name: "layer", signal });
  await using decompressor = new LayerDecompressor({ memory: 1e9, signal });
  using layer = decompressor.decompress(storedLayer(blob, undefined)!)!;
  let [at, early] = [0, 0];
  for await (const piece of layer.open(signal)) {
    if (layer.length < plain.length) early++;
    expect(plain.compare(piece, 0, piece.length, at, at + piece.length)).toBe(0);
    at += piece.length;
  }
  expect(at).toBe(plain.length);
  expect(early).toBeGreaterThan(0);
  expect(await layer.isWhole).toBe(true);
});
