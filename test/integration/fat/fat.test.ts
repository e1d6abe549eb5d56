import { afterAll, expect, setDefaultTimeout, test } from "bun:test";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { buildFatTree, type FatFile } from "../../../internal/fat/fat-tree.ts";
import { readFat, readFatFile } from "../../../internal/fat/read.ts";
import { writeFatImage } from "../../../internal/fat/write.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

// The machine that runs this may be busy.
setDefaultTimeout(300_000);

const OPTIONS = { label: "PLATTER-ESP", volumeId: 0x1234abcd, time: 1_700_000_000 };
const folder = mkdtempSync(join(tmpdir(), "platter-fat-"));
afterAll(() => rmSync(folder, { recursive: true }));

let count = 0;
function write(files: FatFile[], options: Partial<Parameters<typeof writeFatImage>[1]> = {}): string {
  const path = join(folder, `${count++}.img`);
  writeFileSync(path, writeFatImage(files, { ...OPTIONS, ...options }));
  return path;
}

function run(command: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(command, {
    env: { PATH: `${process.env.PATH}:/usr/sbin:/sbin`, LC_ALL: "C.UTF-8", TZ: "UTC", MTOOLSRC: "/dev/null" },
  });
  const output = stdout.toString() + stderr.toString();
  if (exitCode !== 0) throw new Error(`${command.join(" ")} gave ${exitCode}:\n${output}`);
  return output;
}

/** What `fsck.vfat` says about a file system in which it finds nothing: two lines, the version and the counts. */
function expectClean(image: string): void {
  const lines = run(["fsck.vfat", "-n", image]).trim().split("\n");
  expect(lines).toHaveLength(2);
  expect(lines[0]).toStartWith("fsck.fat");
  expect(lines[1]).toMatch(/: \d+ files, \d+\/\d+ clusters$/);
}

/** Reads the whole tree back with mtools and compares it byte for byte. */
function expectContent(image: string, files: readonly FatFile[]): void {
  const out = join(folder, `${count++}.out`);
  mkdirSync(out);
  if (files.length > 0) run(["mcopy", "-s", "-n", "-Q", "-i", image, "::*", out]);
  const found = readdirSync(out, { recursive: true, encoding: "utf8" })
    .filter((path) => statSync(join(out, path)).isFile())
    .sort();
  expect(found).toEqual(files.map((file) => file.path).sort());
  for (const file of files) expectSameBytes(readFileSync(join(out, file.path)), file.content);
  rmSync(out, { recursive: true });
}

function noise(length: number, seed = 1): Uint8Array {
  const bytes = new Uint8Array(length);
  let state = seed;
  for (let at = 0; at < length; at++) {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    bytes[at] = state >>> 16;
  }
  return bytes;
}

const ESP: FatFile[] = [
  { path: "EFI/BOOT/BOOTX64.EFI", content: noise(959_224, 2) },
  { path: "EFI/BOOT/grubx64.efi", content: noise(4_121_352, 3) },
  { path: "EFI/BOOT/mmx64.efi", content: noise(857_352, 4) },
  { path: "EFI/BOOT/grub.cfg", content: noise(999, 5) },
  { path: "EFI/BOOT/fonts/unicode.pf2", content: noise(2_394_120, 6) },
  { path: "boot/grub/grub.cfg", content: noise(512, 7) },
  { path: ".disk/info", content: new Uint8Array(0) },
];

test("an EFI system partition is clean for fsck.vfat and read back by mtools", () => {
  const image = write(ESP);
  expectClean(image);
  expectContent(image, ESP);
  const listing = run(["mdir", "-/", "-a", "-i", image]);
  expect(listing).toContain("Volume in drive : is PLATTER-ESP");
  expect(listing).toContain("Volume Serial Number is 1234-ABCD");
  expect(listing).toContain("2023-11-14  22:13");
  expect(listing).toMatch(/GRUBX64 +EFI +4121352 2023-11-14 +22:13 +grubx64\.efi/);
  expect(run(["minfo", "-i", image])).toMatch(/disk type="FAT16 {3}"/);
  expect(run(["blkid", "-p", image])).toMatch(/LABEL="PLATTER-ESP".*UUID="1234-ABCD".*VERSION="FAT16"/);
});

test("no file at all, and files of every length round a cluster", () => {
  const empty = write([]);
  expectClean(empty);
  expectContent(empty, []);
  const files = [0, 1, 511, 512, 513, 1023, 1024, 1025].map((size) => ({
    path: `N${size}`,
    content: noise(size),
  }));
  const image = write(files, { minimumFreeBytes: 0 });
  expectClean(image);
  expectContent(image, files);
});

test.each([33, 70, 140])("%d MiB, with larger clusters", (mebibytes) => {
  const files = [
    { path: "dir/big.bin", content: noise(mebibytes * 1024 * 1024) },
    { path: "dir/small", content: noise(5) },
  ];
  const image = write(files, { minimumFreeBytes: 0 });
  expectClean(image);
  expectContent(image, files);
});

test("sizes at which the FAT grows by a sector", () => {
  // 4101 clusters and one less than 65508, stepped through the border of a FAT sector.
  for (let clusters = 5116; clusters <= 5124; clusters++) {
    const image = write([{ path: "A", content: noise(clusters * 512) }], { minimumFreeBytes: 0 });
    expectClean(image);
    rmSync(image);
  }
});

test("directories of many clusters, a full root, deep folders, long and foreign names", () => {
  const files: FatFile[] = [
    ...Array.from({ length: 400 }, (_, n) => ({
      path: `many/file with a long name ${n}.txt`,
      content: noise(n),
    })),
    ...Array.from({ length: 300 }, (_, n) => ({ path: `root file ${n}`, content: noise(1) })),
    { path: `${"d/".repeat(100)}deep`, content: noise(10) },
    { path: `${"n".repeat(251)}.txt`, content: noise(11) },
    { path: "Grüße/日本語/naïve café.txt", content: noise(12) },
    { path: "pluses+commas,[brackets];=.x", content: noise(13) },
    { path: ".hidden", content: noise(14) },
    { path: "...dots", content: noise(15) },
    { path: " leading space", content: noise(16) },
  ];
  const image = write(files);
  expectClean(image);
  expectContent(image, files);
});

test("times are clamped", () => {
  expect(run(["mdir", "-i", write(ESP, { time: 0 }), "::EFI"])).toContain("1980-01-01");
  expect(run(["mdir", "-i", write(ESP, { time: 9e9 }), "::EFI"])).toContain("2107-12-31");
});

test("any tree is clean and read back", () => {
  const name = fc
    .stringMatching(/^[a-zA-Z0-9 _.+~äöü-]{0,18}[a-zA-Z0-9_~]$/)
    .filter((text) => !/^[. ]+$/.test(text));
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((names) => names.join("/"));
  const file = fc.record({
    path,
    content: fc.tuple(fc.nat(5000), fc.nat()).map(([size, seed]) => noise(size, seed)),
  });
  const trees = fc.array(file, { maxLength: 30 }).map((files) => {
    const kept: FatFile[] = [];
    for (const one of files) {
      try {
        buildFatTree([...kept, one]);
        kept.push(one);
      } catch {}
    }
    return kept;
  });
  fc.assert(
    fc.property(trees, (files) => {
      const image = write(files);
      expectClean(image);
      expectContent(image, files);
      rmSync(image);
    }),
    { numRuns: 30 },
  );
});

test("GRUB's own FAT driver reads every file", () => {
  const image = write(ESP);
  for (const [index, file] of ESP.entries()) {
    if (file.content.length === 0) continue;
    const copy = join(folder, `grub-${index}`);
    writeFileSync(copy, file.content);
    run(["grub-fstest", image, "cmp", `(loop0)/${file.path}`, copy]);
  }
});

test.each([
  ["FAT12", ["-F", "12", "-C"], 1440],
  ["FAT12 with 4 FATs", ["-F", "12", "-f", "4", "-C"], 2880],
  ["FAT16", ["-F", "16", "-C"], 20000],
  ["FAT16 with sectors of 2048 bytes", ["-F", "16", "-S", "2048", "-C"], 40000],
  ["FAT32", ["-F", "32", "-n", "LABEL 32", "-C"], 40000],
])("the reader reads %s by mkfs.vfat and mtools without a problem", async (_, flags, kibibytes) => {
  const image = join(folder, `${count++}.img`);
  run(["mkfs.vfat", ...flags, image, String(kibibytes)]);
  const files = [
    { path: "EFI/BOOT/BOOTX64.EFI", content: noise(300_001) },
    { path: "EFI/BOOT/grub.cfg", content: noise(99) },
    { path: "EFI/BOOT/a long name that mtools writes.txt", content: noise(4096) },
    { path: "Grüße.txt", content: noise(1) },
    { path: "empty", content: noise(0) },
  ];
  run(["mmd", "-i", image, "::EFI", "::EFI/BOOT"]);
  for (const file of files) {
    const copy = join(folder, "copy");
    writeFileSync(copy, file.content);
    run(["mcopy", "-i", image, copy, `::${file.path}`]);
  }
  const bytes = readFileSync(image);
  const source = {
    size: bytes.length,
    read: async (offset: number, length: number) => new Uint8Array(bytes.subarray(offset, offset + length)),
  };
  const { volume, problems } = await readFat(source);
  expect(problems).toEqual([]);
  const found = volume!.entries.filter((entry) => entry.kind === "file");
  expect(found.map((entry) => entry.path).sort()).toEqual(files.map((file) => file.path).sort());
  for (const file of files) {
    const entry = found.find((one) => one.path === file.path)!;
    expectSameBytes(await readFatFile(source, volume!, { entry }), file.content);
  }
});
