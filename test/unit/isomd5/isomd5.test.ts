import { describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { PlatterError } from "../../../internal/base/error.ts";
import { memorySource } from "../../../internal/files/byte-source.ts";
import { checkIsoMd5 } from "../../../internal/isomd5/check.ts";
import { implantIsoMd5 } from "../../../internal/isomd5/file.ts";
import { IsoMd5 } from "../../../internal/isomd5/isomd5.ts";
import { decodeArea, encodeArea } from "../../../internal/isomd5/text.ts";
import { failureOf } from "../../helpers/images/memory-layers.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

/** The least that the checksum needs of an ISO: descriptors, and a volume size. */
function fakeIso(sectors: number, options: { before?: number } = {}): Uint8Array {
  const iso = Buffer.alloc(sectors * 2048);
  for (let at = 0; at < iso.length; at++) iso[at] = (at * 31) >> 3;
  const primary = 16 + (options.before ?? 0);
  for (let sector = 16; sector <= primary + 1; sector++) {
    iso.fill(0, sector * 2048, (sector + 1) * 2048);
    iso[sector * 2048] = sector === primary ? 1 : sector > primary ? 255 : 0;
    iso.write("CD001", sector * 2048 + 1);
  }
  iso.writeUInt32BE(sectors, primary * 2048 + 84);
  iso.fill(0x20, primary * 2048 + 883, primary * 2048 + 883 + 512);
  return new Uint8Array(iso);
}

function implanted(iso: Uint8Array): Uint8Array {
  const hash = new IsoMd5();
  hash.update(iso);
  const { bytes, offset } = hash.finish();
  const copy = iso.slice();
  copy.set(bytes, offset);
  return copy;
}

function errorOf(action: () => unknown): PlatterError {
  try {
    action();
  } catch (error) {
    if (error instanceof PlatterError) return error;
    throw error;
  }
  throw new Error("nothing was thrown");
}

test("the pieces in which an ISO arrives make no difference", () => {
  const iso = fakeIso(700);
  const whole = new IsoMd5();
  whole.update(iso);
  const expected = whole.finish();
  const lengths = fc.array(fc.integer({ min: 1, max: 200_000 }), { minLength: 1, maxLength: 40 });
  fc.assert(
    fc.property(lengths, (sizes) => {
      const hash = new IsoMd5();
      for (let at = 0, turn = 0; at < iso.length; turn++) {
        const size = sizes[turn % sizes.length]!;
        hash.update(iso.subarray(at, at + size));
        at += size;
      }
      expect(hash.finish()).toEqual(expected);
    }),
    { numRuns: 50 },
  );
  const bytewise = new IsoMd5();
  for (const byte of iso) bytewise.update(Uint8Array.of(byte));
  expect(bytewise.finish()).toEqual(expected);
});

test("an ISO gives the same before and after, and whatever the area holds", () => {
  const iso = fakeIso(500);
  const once = implanted(iso);
  expect(once).not.toEqual(iso);
  expect(implanted(once)).toEqual(once);
});

test("implantIsoMd5: a file of several reads gets the checksum of its bytes, also next to an abort", async () => {
  const folder = mkdtempSync(join(tmpdir(), "platter-isomd5-"));
  try {
    const path = join(folder, "x.iso");
    const iso = fakeIso(2700);
    for (let at = 1024 * 1024; at < iso.length; at++) iso[at] = (at >> 20) * 7 + at;
    writeFileSync(path, iso);
    const controller = new AbortController();
    const abort = (done: number) => done >= 2 * 1024 * 1024 && controller.abort();
    const stopped = implantIsoMd5(path, { present: "keep", signal: controller.signal, onProgress: abort });
    expect(await failureOf(stopped)).toMatchObject({ code: "E_INTERRUPTED" });
    expectSameBytes(readFileSync(path), iso);
    await implantIsoMd5(path, { present: "keep" });
    expectSameBytes(readFileSync(path), implanted(iso));
    writeFileSync(path, iso.subarray(0, 5 * 1024 * 1024));
    expect(await failureOf(implantIsoMd5(path, { present: "keep" }))).toMatchObject({
      code: "E_ISO_TRUNCATED",
    });
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test("bytes after the volume's end do not count", () => {
  const iso = fakeIso(500);
  const longer = new Uint8Array(iso.length + 5000).fill(7);
  longer.set(iso);
  expect(implanted(longer).subarray(0, iso.length)).toEqual(implanted(iso));
});

test("a primary volume descriptor after others is found", async () => {
  const iso = implanted(fakeIso(300, { before: 2 }));
  expect(Buffer.from(iso.subarray(18 * 2048 + 883)).toString("latin1", 0, 13)).toBe("ISO MD5SUM = ");
  expect((await checkIsoMd5(memorySource(iso))).ok).toBe(true);
});

test("the smallest ISO, and one sector less", async () => {
  expect((await checkIsoMd5(memorySource(implanted(fakeIso(32))))).ok).toBe(true);
  expect(errorOf(() => implanted(fakeIso(31))).code).toBe("E_ISO_TRUNCATED");
  const small = fakeIso(40);
  Buffer.from(small.buffer).writeUInt32BE(31, 32768 + 84);
  expect(errorOf(() => implanted(small)).code).toBe("E_ISO_TOO_SMALL");
});

test.each([0, 100, 32768, 70_000])("%d bytes that are no ISO", (length) => {
  expect(errorOf(() => implanted(new Uint8Array(length))).code).toBe("E_ISO_NO_VOLUME");
});

test("an ISO that ends before its volume", () => {
  const error = errorOf(() => implanted(fakeIso(500).slice(0, 900_000)));
  expect(error.code).toBe("E_ISO_TRUNCATED");
  expect(error.message).toContain("900000");
});

describe("the text", () => {
  const sums = {
    md5: "0123456789abcdef0123456789abcdef",
    skipSectors: 15,
    supported: true,
    fragmentSums: new Array(20).fill("abc"),
  };

  test("is written and read back", () => {
    expect(decodeArea(encodeArea(sums))).toEqual({ state: "sums", sums, exact: true });
    expect(encodeArea(sums)).toHaveLength(512);
  });

  test("an older one without fragments is read", () => {
    const text = `ISO MD5SUM = ${sums.md5};SKIPSECTORS = 15;RHLISOSTATUS=0;`.padEnd(512);
    expect(decodeArea(Buffer.from(text))).toEqual({
      state: "sums",
      sums: { ...sums, supported: false, fragmentSums: [] },
      exact: false,
    });
  });

  test.each([
    ["blank", "".padEnd(512)],
    ["blank", "\0".repeat(512)],
    ["foreign", "VENTOY COMPATIBLE".padEnd(512)],
    ["broken", "ISO MD5SUM = 0123;SKIPSECTORS = 15;".padEnd(512)],
    ["broken", `ISO MD5SUM = ${"0".repeat(31)}X;SKIPSECTORS = 15;`.padEnd(512)],
    ["broken", `ISO MD5SUM = ${"0".repeat(32)};SKIPSECTORS = x;`.padEnd(512)],
    ["broken", `ISO MD5SUM = ${"0".repeat(32)};SKIPSECTORS = 15;FRAGMENT COUNT = 20;`.padEnd(512)],
    [
      "broken",
      `ISO MD5SUM = ${"0".repeat(32)};SKIPSECTORS = 15;FRAGMENT SUMS = x;FRAGMENT COUNT = 20;`.padEnd(512),
    ],
    [
      "broken",
      `ISO MD5SUM = ${"0".repeat(32)};SKIPSECTORS = 15;FRAGMENT SUMS = a;FRAGMENT COUNT = 0;`.padEnd(512),
    ],
  ])("%s (%#)", (state, text) => {
    expect(decodeArea(Buffer.from(text, "latin1")).state).toBe(state as "blank");
  });

  test("any bytes are read as something", () => {
    const parts = fc.constantFrom(
      "ISO MD5SUM = ",
      "SKIPSECTORS = ",
      "FRAGMENT SUMS = ",
      "FRAGMENT COUNT = ",
      ";",
      "9",
      "f",
    );
    fc.assert(
      fc.property(fc.array(fc.oneof(parts, fc.string()), { maxLength: 60 }), (texts) => {
        const area = new Uint8Array(512);
        area.set(Buffer.from(texts.join(""), "latin1").subarray(0, 512));
        expect(["blank", "foreign", "broken", "sums"]).toContain(decodeArea(area).state);
      }),
    );
  });
});

describe("the check", () => {
  const iso = implanted(fakeIso(2000));

  test("reports the part with the first damaged byte", async () => {
    for (const at of [0, 40_000, 1_000_000, 2_500_000, 2000 * 2048 - 15 * 2048 - 1]) {
      const damaged = iso.slice();
      damaged[at]! ^= 1;
      const result = await checkIsoMd5(memorySource(damaged));
      expect(result).toMatchObject({ ok: false, present: true, wholeOk: false });
      expect(result.damaged!.from).toBeLessThanOrEqual(at);
      expect(result.damaged!.to).toBeGreaterThan(at);
      expect(result.damaged!.to - result.damaged!.from).toBeLessThan(300_000);
    }
  });

  test("the last sectors are not summed", async () => {
    const damaged = iso.slice();
    damaged[2000 * 2048 - 15 * 2048]! ^= 1;
    expect((await checkIsoMd5(memorySource(damaged))).ok).toBe(true);
  });

  test("distinguishes damaged fragment sums from a damaged ISO", async () => {
    const damaged = iso.slice();
    const at = Buffer.from(damaged.buffer).indexOf("FRAGMENT SUMS = ") + 20;
    damaged[at] = damaged[at] === 0x30 ? 0x31 : 0x30;
    const result = await checkIsoMd5(memorySource(damaged));
    expect(result).toMatchObject({ ok: false, wholeOk: true, damaged: undefined });
    expect(result.fragments.filter((fragment) => !fragment.ok)).toHaveLength(1);
  });

  test("distinguishes an ISO without a checksum, an incomplete ISO and another file", async () => {
    expect(await checkIsoMd5(memorySource(fakeIso(100)))).toMatchObject({
      present: false,
      message: "no checksum is implanted",
    });
    const cut = await checkIsoMd5(memorySource(iso.slice(0, 1_000_000)));
    expect(cut).toMatchObject({ ok: false, present: true });
    expect(cut.message).toContain("cut off");
    expect(await checkIsoMd5(memorySource(new Uint8Array(9)))).toMatchObject({ present: false });
  });

  test("reports its progress, and stops when it is aborted", async () => {
    const seen: number[] = [];
    const controller = new AbortController();
    const stopped = checkIsoMd5(memorySource(iso), {
      signal: controller.signal,
      onProgress: (done, total) => {
        expect(total).toBe(1985 * 2048);
        seen.push(done);
        controller.abort();
      },
    });
    expect(await stopped.catch((error: PlatterError) => error.code)).toBe("E_INTERRUPTED");
    expect(seen).toEqual([1048576]);
  });
});
