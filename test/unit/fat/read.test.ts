import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { FatSource } from "../../../internal/fat/fat-source.ts";
import { buildFatTree, type FatFile } from "../../../internal/fat/fat-tree.ts";
import { readFat, readFatFile } from "../../../internal/fat/read.ts";
import { writeFatImage } from "../../../internal/fat/write.ts";

const OPTIONS = { label: "PLATTER-ESP", volumeId: 7, time: 1_700_000_000 };
const FILES: FatFile[] = [
  { path: "EFI/BOOT/BOOTX64.EFI", content: new Uint8Array(5000).fill(1) },
  { path: "EFI/BOOT/grubx64.efi", content: new Uint8Array(1024).fill(2) },
  { path: "EFI/BOOT/a rather long name of a file.cfg", content: new Uint8Array(1).fill(3) },
  { path: "EMPTY", content: new Uint8Array(0) },
];
const IMAGE = writeFatImage(FILES, OPTIONS);
const FAT_BYTES = new DataView(IMAGE.buffer).getUint16(22, true) * 512;
const ROOT = 512 + 2 * FAT_BYTES;

/** A source that fails the test when it is read without end. */
function sourceOf(bytes: Uint8Array): FatSource & { bytesRead: number } {
  return {
    size: bytes.length,
    bytesRead: 0,
    async read(offset, length) {
      expect(offset).toBeGreaterThanOrEqual(0);
      expect(length).toBeGreaterThanOrEqual(0);
      const piece = bytes.slice(offset, offset + length);
      this.bytesRead += piece.length;
      if (this.bytesRead > 50 * bytes.length + 1e7) throw new Error("reads without end");
      return piece;
    },
  };
}

function changed(change: (bytes: Uint8Array, view: DataView) => void): Uint8Array {
  const copy = IMAGE.slice();
  change(copy, new DataView(copy.buffer));
  return copy;
}

async function codesOf(bytes: Uint8Array): Promise<string[]> {
  return [...new Set((await readFat(sourceOf(bytes))).problems.map((problem) => problem.code))].sort();
}

async function contentsOf(bytes: Uint8Array): Promise<FatFile[]> {
  const source = sourceOf(bytes);
  const { volume, problems } = await readFat(source);
  expect(problems).toEqual([]);
  const files = volume!.entries.filter((entry) => entry.kind === "file");
  return Promise.all(
    files.map(async (entry) => ({
      path: entry.path,
      content: await readFatFile(source, volume!, { entry }),
    })),
  );
}

const byPath = (a: FatFile, b: FatFile) => (a.path < b.path ? -1 : 1);

test("reads what the writer wrote", async () => {
  const { volume } = await readFat(sourceOf(IMAGE));
  expect(volume!.layout.type).toBe("FAT16");
  expect(volume!.label).toBe("PLATTER-ESP");
  expect(volume!.layout.volumeId).toBe(7);
  expect(volume!.entries.map((entry) => entry.path)).toEqual([
    "EFI",
    "EFI/BOOT",
    "EFI/BOOT/BOOTX64.EFI",
    "EFI/BOOT/a rather long name of a file.cfg",
    "EFI/BOOT/grubx64.efi",
    "EMPTY",
  ]);
  expect((await contentsOf(IMAGE)).sort(byPath)).toEqual(FILES.toSorted(byPath));
});

test("reads a part of a file", async () => {
  const source = sourceOf(IMAGE);
  const { volume } = await readFat(source);
  const entry = volume!.entries.find((one) => one.path.endsWith("BOOTX64.EFI"))!;
  expect(await readFatFile(source, volume!, { entry, offset: 4990, length: 100 })).toEqual(
    new Uint8Array(10).fill(1),
  );
  expect(await readFatFile(source, volume!, { entry, offset: 9999 })).toHaveLength(0);
});

test("any tree comes back", async () => {
  const name = fc.stringMatching(/^[a-zA-Z0-9 _.+~äöü日-]{0,30}[a-zA-Z0-9]$/);
  const file = fc.record({
    path: fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/")),
    content: fc.uint8Array({ maxLength: 2000 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(file, { maxLength: 15 }), async (candidates) => {
      const files: FatFile[] = [];
      for (const candidate of candidates) {
        try {
          buildFatTree([...files, candidate]);
          files.push(candidate);
        } catch {}
      }
      const found = await contentsOf(writeFatImage(files, OPTIONS));
      expect(found.sort(byPath)).toEqual(files.toSorted(byPath));
    }),
    { numRuns: 40 },
  );
});

describe("damage is reported", () => {
  const boot = ROOT + 32;
  /** The directory `EFI`, whose third entry is `BOOT`. */
  const efi = ROOT + 512 * 32;
  test.each<[string, string[], (bytes: Uint8Array, view: DataView) => void]>([
    ["no jump", ["boot-jump"], (bytes) => bytes.fill(0, 0, 1)],
    ["no signature", ["boot-signature"], (bytes) => bytes.fill(0, 510, 511)],
    ["media byte", ["fat-media", "media"], (bytes) => bytes.fill(0x12, 21, 22)],
    ["sector size", ["sector-size"], (_, view) => view.setUint16(11, 513, true)],
    ["cluster size", ["cluster-size"], (bytes) => bytes.fill(3, 13, 14)],
    ["no reserved sectors", ["reserved-sectors"], (_, view) => view.setUint16(14, 0, true)],
    ["no FAT", ["fat-count"], (bytes) => bytes.fill(0, 16, 17)],
    ["FAT of no length", ["total-sectors"], (_, view) => view.setUint16(22, 0, true)],
    ["FAT too short", ["fat-size"], (_, view) => view.setUint16(22, 1, true)],
    ["no sectors", ["total-sectors"], (_, view) => view.setUint16(19, 0, true)],
    [
      "more sectors than there are",
      ["fat-size", "volume-truncated"],
      (_, view) => view.setUint16(19, 65535, true),
    ],
    ["fewer sectors than FATs", ["total-sectors"], (_, view) => view.setUint16(19, 3, true)],
    ["type text", ["fat-type-text"], (bytes) => bytes.fill(0x32, 57, 58)],
    ["label", ["labels-differ"], (bytes) => bytes.fill(0x51, 43, 44)],
    [
      "second FAT",
      ["fat-copies-differ"],
      (bytes) => bytes.fill(0x51, 512 + FAT_BYTES + 6, 512 + FAT_BYTES + 7),
    ],
    [
      "chain back to its beginning",
      ["chain-crossed", "clusters-lost", "fat-copies-differ", "file-size"],
      (_, view) => view.setUint16(512 + 6 * 2, 5, true),
    ],
    [
      "chain out of range",
      ["chain-out-of-range", "clusters-lost", "fat-copies-differ", "file-size"],
      (_, view) => view.setUint16(512 + 6 * 2, 60000, true),
    ],
    [
      "chain into a free cluster",
      ["chain-free", "clusters-lost", "fat-copies-differ", "file-size"],
      (_, view) => view.setUint16(512 + 6 * 2, 0, true),
    ],
    [
      "lost cluster",
      ["clusters-lost", "fat-copies-differ"],
      (_, view) => view.setUint16(512 + 4000, 0xffff, true),
    ],
    [
      "directory into itself",
      ["chain-crossed", "clusters-lost"],
      (_, view) => view.setUint16(efi + 64 + 26, 2, true),
    ],
    ["file of another's clusters", ["chain-crossed"], (_, view) => view.setUint16(boot + 32 + 26, 2, true)],
    ["impossible attributes", ["attributes"], (bytes) => bytes.fill(0xd0, boot + 11, boot + 12)],
    ["impossible name", ["name"], (bytes) => bytes.fill(0x2f, boot + 1, boot + 2)],
  ])("%s", async (_, codes, change) => {
    expect(await codesOf(changed(change))).toEqual(codes);
  });

  test("a flipped byte of a long name's short entry leaves the long name an orphan", async () => {
    const start = IMAGE.indexOf(0x41, ROOT + 512 * 32);
    const at = Buffer.from(IMAGE).indexOf("ARATHE~1", start);
    expect(await codesOf(changed((bytes) => bytes.fill(0x42, at, at + 1)))).toEqual(["long-name-orphan"]);
  });

  test("truncation anywhere is reported", async () => {
    for (const end of [
      0,
      100,
      511,
      512,
      513,
      512 + FAT_BYTES - 1,
      512 + FAT_BYTES,
      ROOT,
      ROOT + 16383,
      ROOT + 16384,
    ]) {
      expect((await codesOf(IMAGE.slice(0, end))).length).toBeGreaterThan(0);
    }
    expect(await codesOf(IMAGE.slice(0, -1))).toEqual(["volume-truncated"]);
  });
});

test("no damage crashes the reader or makes it read without end", async () => {
  const head = ROOT + 512 * 32 + 4096;
  const damage = fc.array(fc.tuple(fc.nat(head - 1), fc.nat(255)), { minLength: 1, maxLength: 12 });
  const bootDamage = fc.array(fc.tuple(fc.nat(61), fc.nat(255)), { maxLength: 4 });
  const end = fc.oneof(fc.constant(IMAGE.length), fc.nat(IMAGE.length));
  await fc.assert(
    fc.asyncProperty(damage, bootDamage, end, async (bytes, boot, length) => {
      const copy = IMAGE.slice(0, length);
      for (const [at, value] of [...bytes, ...boot]) if (at < length) copy[at] = value;
      const source = sourceOf(copy);
      const { volume, problems } = await readFat(source);
      expect(volume !== undefined || problems.length > 0).toBe(true);
      for (const entry of volume?.entries ?? []) {
        const content = await readFatFile(source, volume!, { entry });
        expect(content.length).toBeLessThanOrEqual(entry.size);
      }
    }),
    { numRuns: 500 },
  );
});

test("every byte of the boot sector's fields may be anything", async () => {
  for (let at = 0; at < 64; at++) {
    for (const value of [0, 1, 0x7f, 0x80, 0xff]) {
      await readFat(sourceOf(changed((bytes) => bytes.fill(value, at, at + 1))));
    }
  }
});
