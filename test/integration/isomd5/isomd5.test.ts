import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  createReadStream,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import { checkIsoMd5File, implantIsoMd5 } from "../../../internal/isomd5/file.ts";
import { IsoMd5 } from "../../../internal/isomd5/isomd5.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

// The machine that runs this may be busy.
setDefaultTimeout(300_000);

const folder = mkdtempSync(join(tmpdir(), "platter-isomd5-"));
afterAll(() => rmSync(folder, { recursive: true }));

function run(command: string[]): number {
  return Bun.spawnSync(command, { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).exitCode;
}

/** An ISO by xorriso with this much content that does not repeat. */
function makeIso(name: string, bytes: number, padding: string[] = []): string {
  const tree = join(folder, `${name}.tree`);
  mkdirSync(tree);
  const content = Buffer.alloc(bytes);
  let state = 42;
  for (let at = 0; at + 4 <= bytes; at += 4) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    content.writeUInt32LE(state, at);
  }
  writeFileSync(join(tree, "content"), content);
  const iso = join(folder, `${name}.iso`);
  expect(run(["xorriso", "-no_rc", "-as", "mkisofs", "-r", "-J", ...padding, "-o", iso, tree])).toBe(0);
  rmSync(tree, { recursive: true });
  return iso;
}

function copyOf(iso: string, suffix: string): string {
  const copy = `${iso}.${suffix}`;
  copyFileSync(iso, copy);
  return copy;
}

async function streamed(iso: string): Promise<Buffer> {
  const bytes = readFileSync(iso);
  const hash = new IsoMd5();
  for await (const chunk of createReadStream(iso, { highWaterMark: 70_001 })) hash.update(chunk as Buffer);
  const implant = hash.finish();
  bytes.set(implant.bytes, implant.offset);
  return bytes;
}

async function errorOf(promise: Promise<unknown>): Promise<PlatterError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof PlatterError) return error;
  throw new Error(`not a PlatterError: ${error}`);
}

describe.each([
  ["one just large enough for every fragment", 410_000, []],
  ["unpadded", 1_234_567, ["-no-pad"]],
  ["a few MiB", 5_000_001, []],
  ["padded", 20_000_000, ["-pad"]],
  ["over 100 MB", 110_000_000, []],
] as [string, number, string[]][])("%s", (name, bytes, padding) => {
  const iso = makeIso(name.replaceAll(" ", "-"), bytes, padding);

  test("same bytes as implantisomd5, streaming and after the fact", async () => {
    const theirs = copyOf(iso, "theirs");
    expect(run(["implantisomd5", theirs])).toBe(0);
    const expected = readFileSync(theirs);
    const ours = copyOf(iso, "ours");
    await implantIsoMd5(ours, { present: "keep" });
    expectSameBytes(readFileSync(ours), expected);
    expectSameBytes(await streamed(iso), expected);
    rmSync(theirs);
    rmSync(ours);
  });

  test("checkisomd5 passes it, and fails it with one byte changed, as ours does", async () => {
    const ours = copyOf(iso, "checked");
    const { md5 } = await implantIsoMd5(ours, { present: "keep" });
    expect(run(["checkisomd5", ours])).toBe(0);
    expect(await checkIsoMd5File(ours)).toMatchObject({
      ok: true,
      present: true,
      expected: md5,
      actual: md5,
      exact: true,
    });
    const damaged = readFileSync(ours);
    damaged[Math.floor(damaged.length / 2)]! ^= 0x10;
    writeFileSync(ours, damaged);
    expect(run(["checkisomd5", ours])).toBe(1);
    const result = await checkIsoMd5File(ours);
    expect(result.ok).toBe(false);
    expect(result.damaged!.from).toBeLessThanOrEqual(damaged.length / 2);
    expect(result.damaged!.to).toBeGreaterThan(damaged.length / 2);
    rmSync(ours);
  });
});

test.each([
  0, 100_000, 300_000,
])("a tiny ISO (%d bytes more) passes, though implantisomd5's own does not", async (bytes) => {
  // implantisomd5 leaves out the sums of fragments that are shorter than a piece, and its checker then misses them.
  const iso = makeIso(`tiny-${bytes}`, bytes);
  await implantIsoMd5(iso, { present: "keep" });
  expect(run(["checkisomd5", iso])).toBe(0);
  expect((await checkIsoMd5File(iso)).ok).toBe(true);
  const theirs = copyOf(iso, "theirs");
  expect(run(["implantisomd5", "--force", theirs])).toBe(0);
  expect(run(["checkisomd5", theirs])).toBe(1);
  expect((await checkIsoMd5File(theirs)).ok).toBe(false);
});

test("--supported-iso gives the same as implantisomd5's", async () => {
  const iso = makeIso("supported", 1_000_000);
  const theirs = copyOf(iso, "theirs");
  expect(run(["implantisomd5", "--supported-iso", theirs])).toBe(0);
  await implantIsoMd5(iso, { present: "keep", supported: true });
  expectSameBytes(readFileSync(iso), readFileSync(theirs));
});

test("a second time needs an option, and then changes nothing", async () => {
  const iso = makeIso("twice", 1_000_000);
  await implantIsoMd5(iso, { present: "keep" });
  const once = readFileSync(iso);
  const error = await errorOf(implantIsoMd5(iso, { present: "keep" }));
  expect(error.code).toBe("E_ISOMD5_PRESENT");
  expect(error.hint).toContain("--force");
  expectSameBytes(readFileSync(iso), once);
  await implantIsoMd5(iso, { present: "replace" });
  expectSameBytes(readFileSync(iso), once);
});

test("what is not there, not an ISO, or cut off is refused and left as it is", async () => {
  expect((await errorOf(implantIsoMd5(join(folder, "none"), { present: "keep" }))).code).toBe("E_ISO_OPEN");
  expect((await errorOf(checkIsoMd5File(folder))).code).toBe("E_ISO_OPEN");
  const text = join(folder, "text");
  writeFileSync(text, "hello");
  expect((await errorOf(implantIsoMd5(text, { present: "keep" }))).code).toBe("E_ISO_NO_VOLUME");
  const iso = makeIso("cut", 1_000_000);
  const cut = readFileSync(iso).subarray(0, 900_000);
  writeFileSync(iso, cut);
  expect((await errorOf(implantIsoMd5(iso, { present: "keep" }))).code).toBe("E_ISO_TRUNCATED");
  expectSameBytes(readFileSync(iso), cut);
  const stopped = implantIsoMd5(iso, { present: "keep", signal: AbortSignal.abort() });
  expect((await errorOf(stopped)).code).toBe("E_INTERRUPTED");
});
