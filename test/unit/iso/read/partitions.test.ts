import { describe, expect, test } from "bun:test";
import { memorySource } from "../../../../internal/files/byte-source.ts";
import { readGpt } from "../../../../internal/iso/read/gpt.ts";
import { checkMbrLoader, readMbr } from "../../../../internal/iso/read/mbr.ts";
import { ESP_TYPE } from "../../../../internal/iso-format/gpt.ts";

const BLOCKS = 200;
const ESP = Buffer.from("28732ac11ff8d211ba4b00a0c93ec93b", "hex");

type Partition = [first: number, last: number];

/** A disk with both copies of a GPT (UEFI 2.10, 5.3). */
function gptDisk(
  partitions: Partition[],
  change: (header: Buffer, which: string) => void = () => {},
): Uint8Array {
  const disk = Buffer.alloc(BLOCKS * 512);
  const entries = Buffer.alloc(128 * 4);
  for (const [index, [first, last]] of partitions.entries()) {
    ESP.copy(entries, index * 128);
    entries.fill(index + 1, index * 128 + 16, index * 128 + 32);
    entries.writeBigUInt64LE(BigInt(first), index * 128 + 32);
    entries.writeBigUInt64LE(BigInt(last), index * 128 + 40);
    entries.write(`part${index}`, index * 128 + 56, "utf16le");
  }
  for (const [which, own, other, table] of [
    ["primary", 1, BLOCKS - 1, 2],
    ["backup", BLOCKS - 1, 1, BLOCKS - 2],
  ] as const) {
    entries.copy(disk, table * 512);
    const header = disk.subarray(own * 512, (own + 1) * 512);
    header.write("EFI PART\0\0\x01\0\x5c", "latin1");
    for (const [at, value] of [
      [24, own],
      [32, other],
      [40, 3],
      [48, BLOCKS - 3],
      [72, table],
    ] as const) {
      header.writeBigUInt64LE(BigInt(value), at);
    }
    header.writeUInt32LE(4, 80);
    header.writeUInt32LE(128, 84);
    header.writeUInt32LE(Bun.hash.crc32(entries), 88);
    change(header, which);
    header.writeUInt32LE(0, 16);
    header.writeUInt32LE(Bun.hash.crc32(header.subarray(0, 92)), 16);
  }
  return new Uint8Array(disk);
}

const codesOf = async (disk: Uint8Array, announced = true) =>
  (await readGpt(memorySource(disk), { announced })).problems.map((problem) => problem.code);

describe("GPT", () => {
  test("a sound one", async () => {
    const { value, problems } = await readGpt(
      memorySource(
        gptDisk([
          [10, 19],
          [20, 30],
        ]),
      ),
      { announced: true },
    );
    expect(problems).toEqual([]);
    expect(
      value!.partitions.map(({ index, type, first, last, name }) => [index, type, first, last, name]),
    ).toEqual([
      [1, ESP_TYPE, 10, 19, "part0"],
      [2, ESP_TYPE, 20, 30, "part1"],
    ]);
  });

  test.each<[string, string[], Uint8Array]>([
    [
      "partitions that overlap",
      ["gpt-overlap"],
      gptDisk([
        [10, 20],
        [20, 30],
      ]),
    ],
    ["a partition that ends before it begins", ["gpt-bounds"], gptDisk([[20, 10]])],
    ["a partition in the table's place", ["gpt-bounds"], gptDisk([[1, 10]])],
    ["a partition beyond the end", ["gpt-bounds"], gptDisk([[10, 10_000]])],
    [
      "a backup of other content",
      ["gpt-copies-differ"],
      gptDisk([], (header, which) => {
        if (which === "backup") header.writeUInt32LE(7, 56);
      }),
    ],
    [
      "a header made for another place",
      ["gpt-place", "gpt-copies-differ"],
      gptDisk([], (header, which) => {
        if (which === "backup") header.writeUInt32LE(7, 24);
      }),
    ],
    [
      "a wrong revision",
      ["gpt-header", "gpt-header"],
      gptDisk([], (header) => header.writeUInt32LE(0x20000, 8)),
    ],
    [
      "entries of no size",
      ["gpt-entries", "gpt-entries"],
      gptDisk([], (header) => header.writeUInt32LE(0, 84)),
    ],
    [
      "more entries than fit",
      ["gpt-entries", "gpt-entries"],
      gptDisk([], (header) => header.writeUInt32LE(0xffffffff, 80)),
    ],
    [
      "a table beyond the end",
      ["gpt-entries-crc", "gpt-entries-crc"],
      gptDisk([], (header) => header.writeBigUInt64LE(2n ** 63n, 72)),
    ],
  ])("%s", async (_, codes, disk) => {
    expect<string[]>(await codesOf(disk)).toEqual(codes);
  });

  test("a longer medium than it was made for", async () => {
    const longer = new Uint8Array(BLOCKS * 512 + 4096);
    longer.set(gptDisk([[10, 20]]));
    expect(await codesOf(longer)).toEqual(["gpt-backup-place"]);
  });

  test("none, announced and not", async () => {
    const empty = new Uint8Array(BLOCKS * 512);
    expect(await codesOf(empty, false)).toEqual([]);
    expect(await codesOf(empty)).toEqual(["gpt-signature", "gpt-signature"]);
  });

  test("the backup serves where the first is damaged", async () => {
    const disk = gptDisk([[10, 20]]);
    disk[512 + 40]! ^= 1;
    const { value, problems } = await readGpt(memorySource(disk), { announced: true });
    expect(problems.map((problem) => problem.code)).toEqual(["gpt-header-crc"]);
    expect(value!.partitions).toHaveLength(1);
  });
});

/** An MBR with these entries: status, type, start, blocks. */
function mbrDisk(entries: [number, number, number, number][], code = ""): Uint8Array {
  const disk = Buffer.alloc(BLOCKS * 512);
  disk.write(code, 100, "latin1");
  for (const [index, [status, type, start, blocks]] of entries.entries()) {
    const at = 446 + index * 16;
    disk[at] = status;
    disk[at + 4] = type;
    disk.writeUInt32LE(start, at + 8);
    disk.writeUInt32LE(blocks, at + 12);
  }
  disk.writeUInt16LE(0xaa55, 510);
  return new Uint8Array(disk);
}

describe("MBR", () => {
  const whole = BLOCKS - 1;
  test.each<[string, string[], Uint8Array]>([
    ["protective", [], mbrDisk([[0, 0xee, 1, whole]])],
    [
      "protective with an active entry next to it",
      [],
      mbrDisk([
        [0, 0xee, 1, whole],
        [0x80, 0, 0, 1],
      ]),
    ],
    ["protective for any length", [], mbrDisk([[0, 0xee, 1, 0xffffffff]])],
    [
      "isohybrid's",
      [],
      mbrDisk([
        [0x80, 0x17, 0, BLOCKS],
        [0, 0xef, 40, 20],
      ]),
    ],
    ["protective, but too short", ["mbr-gpt"], mbrDisk([[0, 0xee, 1, 10]])],
    ["grub-mkrescue's and xorriso's without a GPT", [], mbrDisk([[0x80, 0xcd, 1, whole]])],
    [
      "hybrid",
      ["mbr-hybrid"],
      mbrDisk([
        [0, 0xee, 1, whole],
        [0x80, 0xcd, 1, 20],
      ]),
    ],
    ["with a partition beyond the end", ["mbr-bounds"], mbrDisk([[0, 0xef, 40, BLOCKS]])],
    [
      "with two active entries",
      ["mbr-active"],
      mbrDisk([
        [0x80, 0x17, 0, BLOCKS],
        [0x80, 0xef, 40, 20],
      ]),
    ],
    ["with an impossible status", ["mbr-status"], mbrDisk([[0x11, 0x17, 0, BLOCKS]])],
    ["with another type in a protective entry's place", ["mbr-gpt"], mbrDisk([[0, 0xef, 1, whole]])],
  ])("%s", async (_, codes, disk) => {
    expect<string[]>((await readMbr(memorySource(disk))).problems.map((problem) => problem.code)).toEqual(
      codes,
    );
  });

  test("none", async () => {
    expect((await readMbr(memorySource(new Uint8Array(BLOCKS * 512)))).value).toBeUndefined();
  });

  test.each([
    ["GRUB \0", 384n, "grub", 95],
    ["isolinux.bin missing", 380n, "isolinux", 95],
  ] as const)("%p knows where the boot image is", async (code, pointer, loader, lba) => {
    const disk = mbrDisk([[0x80, 0x17, 0, BLOCKS]], code);
    new DataView(disk.buffer).setBigUint64(432, pointer, true);
    const source = memorySource(disk);
    const mbr = (await readMbr(source)).value!;
    expect(mbr.loader).toBe(loader);
    expect((await checkMbrLoader(source, mbr, lba)).problems).toEqual([]);
    expect((await checkMbrLoader(source, mbr, lba + 1)).problems.map((problem) => problem.code)).toEqual([
      "mbr-pointer",
    ]);
  });
});
