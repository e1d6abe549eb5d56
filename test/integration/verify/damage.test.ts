/** Damaged copies of an ISO: each damage to what the reader says it checks must be found, by the check it names. */
import { afterAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import fc from "fast-check";
import { memorySource } from "../../../internal/files/byte-source.ts";
import { implantIsoMd5 } from "../../../internal/isomd5/file.ts";
import { type VerifyOptions, verifyIso } from "../../../internal/verify/verify.ts";
import type { CheckedStructure, VerifyReport } from "../../../internal/verify/verify-report.ts";
import {
  expectedOf,
  limitedSource,
  makeIso,
  makeOwnIso,
  makeTree,
  readIso,
  temporaryFolder,
} from "../../helpers/verify/fixture.ts";

// The machine that runs this may be busy.
setDefaultTimeout(300_000);

const folder = temporaryFolder("damage");
afterAll(() => rmSync(folder, { recursive: true }));

const tree = makeTree(folder);
const isoPath = makeIso(tree);
const iso = readIso(isoPath);
await implantIsoMd5(isoPath, { present: "keep" });
const implanted = readIso(isoPath);
const expected = expectedOf(tree);
const sound = await verifyIso(memorySource(iso));

/** The same numbers in every run. */
function generator(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return (state >>> 8) % below;
  };
}

/** What is reported while one byte is changed. */
async function withDamage(
  bytes: Uint8Array,
  damage: { at: number; mask: number },
  options: VerifyOptions = {},
): Promise<VerifyReport> {
  bytes[damage.at]! ^= damage.mask;
  try {
    return await verifyIso(memorySource(bytes), options);
  } finally {
    bytes[damage.at]! ^= damage.mask;
  }
}

function statusOf(report: VerifyReport, code: string): string | undefined {
  return report.checks.find((check) => check.code === code)?.status;
}

/** Flips bits within each structure; returns the flips that the structure's own check did not report. */
async function missed(
  bytes: Uint8Array,
  structures: readonly CheckedStructure[],
  options: { seed: number; expected?: VerifyOptions["expected"] },
): Promise<string[]> {
  const random = generator(options.seed);
  const silent: string[] = [];
  for (const structure of structures) {
    const at = structure.start + random(structure.length);
    const mask = random(3) === 0 ? 1 + random(255) : 1 << random(8);
    const report = await withDamage(bytes, { at, mask }, { expected: options.expected });
    if (statusOf(report, structure.check) === "problem") continue;
    silent.push(`${structure.check}: ${structure.name}, byte ${at - structure.start}, mask ${mask}`);
  }
  return silent;
}

const isTree = (structure: CheckedStructure) =>
  ["iso-tree", "joliet", "iso-partition"].includes(structure.check);

test("the undamaged ISO is sound in every check", () => {
  expect(sound.checks.filter((check) => check.status !== "ok").map((check) => check.code)).toEqual([
    "checksum",
  ]);
  expect(sound.ok).toBe(true);
});

test("the list of checked structures holds what it should", () => {
  const names = new Set(sound.structures.map((structure) => `${structure.check}: ${structure.name}`));
  for (const name of [
    "volume-descriptors: primary volume descriptor: volume space size",
    "volume-descriptors: primary volume descriptor: volume id",
    "volume-descriptors: Joliet volume descriptor: identifier",
    "volume-descriptors: boot record: boot system identifier",
    "volume-descriptors: volume descriptor set terminator: type",
    "iso-tree: path table (little-endian)",
    "iso-tree: path table (big-endian)",
    "joliet: Joliet's path table (little-endian)",
    "joliet: Rock Ridge's name of /LiveOS/squashfs.img",
    "joliet: Joliet's name of /LiveOS/squashfs.img",
    "el-torito: validation entry",
    "el-torito: El Torito entry 1 (BIOS): boot indicator",
    "el-torito: El Torito entry 2 (UEFI): length",
    "bios-image: El Torito entry 1 (BIOS): place",
    "bios-image: boot-info-table of El Torito entry 1 (BIOS)",
    "bios-image: image of El Torito entry 1 (BIOS)",
    "mbr: MBR signature",
    "mbr: MBR entry 1: start and size",
    "mbr: MBR entry 2: type",
    "mbr: MBR's pointer to the BIOS boot image",
    "gpt: primary GPT header",
    "gpt: primary GPT entries",
    "gpt: backup GPT header",
    "gpt: backup GPT entries",
    "iso-partition: primary volume descriptor: volume space size",
    "iso-partition: partition's volume id",
    "esp: EFI system partition: boot sector: bytes per sector",
    "esp: EFI system partition: FAT 1",
    "esp: EFI system partition: FAT 2",
    "esp: EFI system partition: first cluster of grubx64.efi",
    "efi-programs: /EFI/BOOT/BOOTX64.EFI in the EFI system partition",
    "efi-programs: /EFI/BOOT/grubx64.efi in the ISO's tree",
    "menu-label: primary volume descriptor: volume id",
    "squashfs: superblock of /LiveOS/squashfs.img: magic",
    "squashfs: superblock of /LiveOS/squashfs.img: length",
    "squashfs: superblock of /LiveOS/squashfs.img: places of its tables",
  ]) {
    expect(names).toContain(name);
  }
});

describe("one changed byte in a checked structure is reported by its check", () => {
  test("boot structures, descriptors and squashfs: all, several times", async () => {
    const structures = sound.structures.filter((structure) => !isTree(structure));
    expect(structures.length).toBeGreaterThan(100);
    for (const seed of [1, 2, 3]) expect(await missed(iso, structures, { seed })).toEqual([]);
  });

  test("directory trees and path tables: a part of all", async () => {
    const structures = sound.structures.filter(isTree);
    expect(structures.length).toBeGreaterThan(1500);
    const some = structures.filter((_, index) => index % 6 === 0);
    expect(await missed(iso, some, { seed: 4 })).toEqual([]);
  });

  test("the implanted checksum", async () => {
    const report = await verifyIso(memorySource(implanted));
    expect(report.ok).toBe(true);
    const structures = report.structures.filter((structure) => structure.check === "checksum");
    expect(structures.length).toBe(2);
    for (const seed of [5, 6, 7, 8, 9, 10]) expect(await missed(implanted, structures, { seed })).toEqual([]);
  });

  test("the planned files", async () => {
    const report = await verifyIso(memorySource(iso), { expected });
    expect(report.ok).toBe(true);
    const structures = report.structures.filter((structure) => structure.check === "expected-files");
    expect(structures.length).toBe(expected.files.length);
    for (const seed of [11, 12]) expect(await missed(iso, structures, { seed, expected })).toEqual([]);
  });
});

test("one changed byte in a structure that platter wrote is reported by its check", async () => {
  const own = readIso(await makeOwnIso(tree));
  const report = await verifyIso(memorySource(own));
  expect(report.checks.filter(({ status }) => status !== "ok").map(({ code }) => code)).toEqual(["checksum"]);
  const [trees, others] = [true, false].map((wanted) =>
    report.structures.filter((each) => isTree(each) === wanted),
  );
  expect(trees!.length).toBeGreaterThan(1500);
  expect(others!.length).toBeGreaterThan(100);
  for (const seed of [21, 22]) expect(await missed(own, others!, { seed })).toEqual([]);
  const some = trees!.filter((_, index) => index % 6 === 0);
  expect(await missed(own, some, { seed: 23 })).toEqual([]);
});

test("one changed byte anywhere is reported by the checksum, with its part of the ISO", async () => {
  const random = generator(13);
  const end = implanted.length - 15 * 2048;
  for (let turn = 0; turn < 40; turn++) {
    const at = random(end);
    // The checksum's own place is another test's.
    if (at >= 32768 && at < 34816) continue;
    const report = await withDamage(implanted, { at, mask: 1 << random(8) });
    const check = report.checks.find((one) => one.code === "checksum")!;
    expect(check.status).toBe("problem");
    const [from, to] = /between bytes (\d+) and (\d+)/.exec(check.detail)!.slice(1).map(Number);
    expect(from!).toBeLessThanOrEqual(at);
    expect(to!).toBeGreaterThan(at);
  }
});

test("cutting the ISO at every boundary is reported", async () => {
  const boundaries = new Set<number>([0, 1, 511, 512, 32767, iso.length - 1, iso.length - 512]);
  for (const { start: offset, length } of sound.structures) {
    boundaries.add(offset);
    boundaries.add(offset + length);
  }
  const sorted = [...boundaries].filter((at) => at < iso.length).sort((a, b) => a - b);
  const some = sorted.filter((_, index) => index % Math.ceil(sorted.length / 250) === 0);
  expect(some.length).toBeGreaterThan(150);
  for (const at of some) {
    const report = await verifyIso(memorySource(iso.subarray(0, at)));
    expect(report.ok).toBe(false);
    const code = at < 17 * 2048 ? "volume-descriptors" : "size";
    expect(`${at} ${statusOf(report, code)}`).toBe(`${at} problem`);
  }
});

test("bytes after the end are reported, unless they are padding", async () => {
  for (const extra of [1, 2048, 100_000]) {
    const longer = new Uint8Array(iso.length + extra);
    longer.set(iso);
    expect((await verifyIso(memorySource(longer))).ok).toBe(true);
    longer[longer.length - 1] = 0x41;
    expect(statusOf(await verifyIso(memorySource(longer)), "size")).toBe("problem");
    expect(statusOf(await verifyIso({ ...memorySource(longer), isDisk: true }), "size")).toBe("ok");
  }
});

describe("nothing crashes the reader or makes it read without end", () => {
  async function survives(changes: readonly { at: number; bytes: readonly number[] }[]): Promise<void> {
    const before = changes.map(({ at, bytes }) => iso.slice(at, at + bytes.length));
    for (const { at, bytes } of changes) iso.set(bytes.slice(0, iso.length - at), at);
    try {
      const report = await verifyIso(limitedSource(iso));
      expect(report.checks.length).toBeGreaterThan(0);
    } finally {
      for (const [index, { at }] of changes.entries().toArray().reverse()) iso.set(before[index]!, at);
    }
  }

  const spots = sound.structures.map((structure) => structure.start);
  const spot = fc.nat(spots.length - 1).map((index) => spots[index]!);
  const near = fc.tuple(spot, fc.nat(40)).map(([offset, more]) => Math.min(iso.length - 1, offset + more));
  const bytes = fc.oneof(
    fc.uint8Array({ minLength: 1, maxLength: 8 }).map((array) => [...array]),
    fc.constantFrom([0], [0xff], [0, 0, 0, 0], [0xff, 0xff, 0xff, 0xff], [0xff, 0xff, 0xff, 0x7f]),
  );

  test("many changes together", async () => {
    const changes = fc.array(fc.record({ at: near, bytes }), { minLength: 1, maxLength: 12 });
    await fc.assert(fc.asyncProperty(changes, survives), { numRuns: 150 });
  });

  test("numbers that agree with each other and are wrong", async () => {
    // Both byte orders changed alike get past the first check: extents, sizes and counts become anything.
    const both = sound.structures.filter((structure) => structure.length === 8 && isTree(structure));
    const place = fc.nat(both.length - 1).map((index) => both[index]!.start);
    const value = fc.oneof(fc.nat(7000), fc.integer({ min: 0, max: 0xffffffff }));
    const change = fc.tuple(place, value).map(([at, number]) => {
      const field = Buffer.alloc(8);
      field.writeUInt32LE(number, 0);
      field.writeUInt32BE(number, 4);
      return { at, bytes: [...field] };
    });
    const changes = fc.array(change, { minLength: 1, maxLength: 6 });
    await fc.assert(fc.asyncProperty(changes, survives), { numRuns: 150 });
  });

  test("every directory is the root", async () => {
    const places = sound.structures.filter((structure) =>
      / record \d+ of .*: extent$/.test(` ${structure.name}`),
    );
    expect(places.length).toBeGreaterThan(20);
    const root = [...iso.subarray(32768 + 158, 32768 + 166)];
    await survives(places.map(({ start }) => ({ at: start, bytes: root })));
  });

  test("files that are no ISO", async () => {
    for (const length of [0, 1, 2047, 40_000]) {
      const report = await verifyIso(memorySource(new Uint8Array(length).fill(0x41)));
      expect(report.ok).toBe(false);
      expect(statusOf(report, "volume-descriptors")).toBe("problem");
    }
  });
});
