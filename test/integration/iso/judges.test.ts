/** What xorriso, libarchive, isoinfo, GRUB and partitioning programs see of ISOs that platter wrote. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, openSync, readdirSync, readFileSync, statSync, truncateSync, writeSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { openFileSource, slice } from "../../../internal/files/byte-source.ts";
import type { IsoFile } from "../../../internal/iso/layout.ts";
import { readDirectoryTree } from "../../../internal/iso/read/directory-tree.ts";
import { findNode, nodeSource } from "../../../internal/iso/read/iso-node.ts";
import { readVolumeDescriptors } from "../../../internal/iso/read/volume-descriptors.ts";
import { isoIdentifiers } from "../../../internal/iso-format/iso-names.ts";
import { jolietNames } from "../../../internal/iso-format/joliet-names.ts";
import { verifyIso } from "../../../internal/verify/verify.ts";
import { espImage } from "../../helpers/images/iso-image.ts";
import { contentByPath, isoFile, renamed, writeIsoOf } from "../../helpers/images/iso-trees.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes, firstDifference } from "../../helpers/same-bytes.ts";
import { hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(300_000);

const scene = new Scene("judges");
afterAll(() => scene[Symbol.dispose]());

const GIB = 2 ** 30;
/** Byte at which partition 1 begins. */
const PARTITION = 32_768;

let count = 0;

/** Writes the ISO of these files; returns its path. */
async function isoOf(
  files: readonly IsoFile[],
  options: Omit<Parameters<typeof writeIsoOf>[1], "output"> = {},
): Promise<string> {
  const output = scene.at(`out/${++count}.iso`);
  await writeIsoOf(files, { ...options, output });
  return output;
}

function run(...command: string[]): Buffer {
  const done = Bun.spawnSync([hostProgram(command[0]!), ...command.slice(1)], {
    env: { ...process.env, LC_ALL: "C.UTF-8", MTOOLS_SKIP_CHECK: "1" },
    maxBuffer: 2 ** 30,
    stderr: "pipe",
  });
  const text = done.stdout.toString("latin1") + done.stderr.toString();
  if (done.exitCode !== 0)
    throw new Error(`${command.join(" ")} gave ${done.exitCode}:\n${text.slice(0, 2000)}`);
  return done.stdout;
}

/** Content by path of all files below a folder. */
function contents(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  const visit = (path: string) => {
    for (const entry of readdirSync(join(folder, path), { withFileTypes: true })) {
      const inner = `${path}/${entry.name}`;
      if (entry.isDirectory()) visit(inner);
      else found.set(inner, readFileSync(join(folder, inner), "latin1"));
    }
  };
  visit("");
  for (const name of ["/boot.catalog", "/BOOT.CATALOG"]) found.delete(name);
  return found;
}

const sorted = (map: Map<string, string>) => [...map].sort(([a], [b]) => (a < b ? -1 : 1));

/** What libarchive reads of one tree of the ISO. */
function extracted(iso: string, options: string): Map<string, string> {
  return unpacked((to) =>
    run("bsdtar", "-xPf", iso, "-C", to, ...(options === "" ? [] : ["--options", options])),
  );
}

/** What a program puts into an empty folder. */
function unpacked(extract: (folder: string) => void): Map<string, string> {
  const folder = scene.folder("unpacked");
  try {
    extract(folder);
    run("chmod", "-R", "u+rwX", folder);
    return contents(folder);
  } finally {
    run("rm", "-rf", folder);
  }
}

/** The ISO's first partition as a file of its own. */
function partitionOf(iso: string): string {
  return scene.write("partition", readFileSync(iso).subarray(PARTITION));
}

/** What platter's reader finds wrong; nothing boots from these ISOs, which is another matter. */
async function problemsOf(iso: string): Promise<string[]> {
  await using source = await openFileSource(iso);
  const { checks } = await verifyIso(source);
  const structures = checks.filter(({ code }) => code !== "esp" && code !== "squashfs");
  return structures.flatMap(({ code, problems }) => problems.map(({ detail }) => `${code}: ${detail}`));
}

describe("layouts of all kinds", () => {
  const plain = fc.stringMatching(/^[a-zA-Z0-9._-]{1,12}$/);
  const hard = fc.oneof(
    // Characters that Joliet lacks, in names that become the same without them.
    fc.constantFrom(
      "a*b",
      "a?b",
      "a:b",
      "a_b",
      "a;1",
      "A_B",
      "a_b0",
      "dot.",
      "dot",
      ".dot",
      "x;2.y",
      "back\\slash",
    ),
    // Cases, and names that are long and differ only at the end.
    fc.constantFrom("README", "readme", "Readme", "ReadMe.TXT", "readme.txt"),
    fc
      .integer({ min: 20, max: 240 })
      .chain((length) => fc.constantFrom("", "1", ".conf", ".c").map((end) => "l".repeat(length) + end)),
    fc.constantFrom(
      "é",
      "日本語",
      "😀",
      "😀😀",
      "\u{10ffff}",
      "a b",
      " a",
      "'quote\"",
      "$x `y`",
      "=",
      "-",
      "--help",
      "%41",
    ),
    fc.string({ unit: "grapheme", minLength: 1, maxLength: 40 }),
  );
  const name = fc
    .oneof({ weight: 2, arbitrary: plain }, { weight: 3, arbitrary: hard })
    // libarchive composes characters in Joliet names.
    .map((text) => text.normalize("NFC").replace(/[/\0-\x1f\x7f]|\p{Cn}|\p{Cs}/gu, "-"))
    .filter(
      (text) => text !== "." && text !== ".." && Buffer.byteLength(text) < 250 && text !== "boot.catalog",
    );
  const path = fc.array(name, { minLength: 1, maxLength: 11 }).map((names) => `/${names.join("/")}`);
  const size = fc.oneof(fc.constantFrom(0, 1, 2047, 2048, 2049, 4096), fc.integer({ min: 0, max: 9000 }));
  const layout = fc.array(fc.record({ path, size }), { minLength: 0, maxLength: 60 }).map((wanted) => {
    const files: IsoFile[] = [];
    const folders = new Set<string>([""]);
    const taken = new Set<string>();
    for (const { path: isoPath, size: length } of wanted) {
      const parents = isoPath
        .split("/")
        .slice(0, -1)
        .map((_, index, parts) => parts.slice(0, index + 1).join("/"));
      if (taken.has(isoPath) || folders.has(isoPath) || parents.some((parent) => taken.has(parent))) continue;
      for (const parent of parents) folders.add(parent);
      taken.add(isoPath);
      files.push(isoFile(isoPath, seededNoise(length, files.length + 1)));
    }
    return files;
  });

  test("xorriso, libarchive, isoinfo and platter read what was written", async () => {
    await fc.assert(
      fc.asyncProperty(layout, fc.boolean(), async (files, hasRootfs) => {
        const all = hasRootfs ? files.slice(1) : files;
        const path = scene.at("rootfs");
        const first = hasRootfs ? files[0] : undefined;
        if (first !== undefined && "bytes" in first.content) await Bun.write(path, first.content.bytes);
        const rootfs = first && { isoPath: first.isoPath, content: { path } };
        const iso = await isoOf(all, { rootfs });
        const wanted = sorted(contentByPath(files));

        expect(await problemsOf(iso)).toEqual([]);
        const joliet = sorted(renamed(files, jolietNames));
        // libarchive leaves out the version, and the dot of a name without extension.
        const plain = sorted(renamed(files, isoIdentifiers)).map(([each, content]) => [
          each.replace(/\.?;1$/, ""),
          content,
        ]);
        for (const volume of [iso, partitionOf(iso)]) {
          const take = (to: string) =>
            run("xorriso", "-osirrox", "on", "-indev", volume, "-extract", "/", to);
          expect(sorted(unpacked(take))).toEqual(wanted);
          expect(sorted(extracted(volume, ""))).toEqual(wanted);
          expect(sorted(extracted(volume, "iso9660:!rockridge"))).toEqual(joliet);
          expect(sorted(extracted(volume, "iso9660:!rockridge,iso9660:!joliet"))).toEqual(
            plain as typeof wanted,
          );
        }
        const listed = run("isoinfo", "-R", "-f", "-i", iso).toString().split("\n").filter(Boolean);
        const folders = new Set(
          wanted.flatMap(([each]) => each.split("/").map((_, i, parts) => parts.slice(0, i).join("/"))),
        );
        folders.delete("");
        expect(listed).toHaveLength(wanted.length + 1 + folders.size);
        run("checkisomd5", iso);
        run("sfdisk", "--verify", iso);
        run("rm", iso);
      }),
      { numRuns: 30, seed: 20260101 },
    );
  });
});

describe("an ISO with everything", () => {
  const core = seededNoise(30_000, 3);
  const files = [
    ...[
      "/.disk/info",
      "/EFI/BOOT/grub.cfg",
      "/boot/grub2/grub.cfg",
      "/LiveOS/readme",
      "/a/b/c/d/e/f/g/h/i/j/k",
    ],
    ...[`/${"n".repeat(200)}/${"m".repeat(120)}.conf`, "/é/日本語 😀"],
    ...Array.from({ length: 300 }, (_, index) => `/many/file number ${index} with a name of some length`),
  ].map((path) => isoFile(path));
  let iso: string;

  beforeAll(async () => {
    const hybridMbr = { path: "/usr/lib/grub/i386-pc/boot_hybrid.img" };
    const image = { isoPath: "/images/eltorito.img", content: { bytes: core } };
    const rootfs = {
      isoPath: "/LiveOS/squashfs.img",
      content: { path: scene.write("big", seededNoise(5_000_001, 1)) },
    };
    iso = await isoOf([...files, image], { bios: { image: image.isoPath, hybridMbr }, rootfs });
  });

  test("platter's reader finds no problem", async () => {
    expect(await problemsOf(iso)).toEqual([]);
  });

  test("partition tables: fdisk, sfdisk and sgdisk", () => {
    expect(run("sfdisk", "--verify", iso).toString()).toContain("No errors detected.");
    const table = JSON.parse(run("sfdisk", "--json", iso).toString()).partitiontable;
    expect(table).toMatchObject({ label: "gpt", id: "52DAF732-D0FE-8DD4-9AA4-67C5EC1E394D", firstlba: 64 });
    const types = ["EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "C12A7328-F81F-11D2-BA4B-00A0C93EC93B"];
    const { partitions } = table;
    expect(partitions.map(({ type }: { type: string }) => type)).toEqual([types[0], types[1], types[0]]);
    expect(partitions[0].start).toBe(64);
    expect(partitions[0].attrs).toBe("RequiredPartition GUID:60");
    const checked = run("sgdisk", "--verify", iso).toString();
    expect(checked).toContain("No problems found.");
    expect(checked).not.toMatch(/caution|warning|problem:/i);
    expect(run("fdisk", "-l", iso).toString()).toMatch(/EFI System/);
  });

  test("the ESP is a sound FAT file system", () => {
    const table = JSON.parse(run("sfdisk", "--json", iso).toString()).partitiontable;
    const { start, size } = table.partitions[1];
    const esp = scene.write("esp", readFileSync(iso).subarray(start * 512, (start + size) * 512));
    expect(run("fsck.vfat", "-n", "-v", esp).toString()).toMatch(/: 4 files, \d/);
    expectSameBytes(readFileSync(esp), Buffer.from(espImage()));
  });

  test("GRUB reads every file, from the disk and from the partition", () => {
    const wanted = [...files.slice(0, 12), ...files.slice(-1)];
    for (const { isoPath, content } of wanted) {
      const bytes = (content as { bytes: Uint8Array }).bytes;
      for (const place of ["(loop0)", "(loop0,gpt1)"]) {
        const seen = run("grub-fstest", "-c", "1", iso, "cat", `${place}${isoPath}`);
        expect({ place, isoPath, difference: firstDifference(seen, bytes) }).toEqual({
          place,
          isoPath,
          difference: undefined,
        });
      }
    }
    const names = run("grub-fstest", "-c", "1", iso, "ls", "(loop0)/many").toString();
    for (const { isoPath } of files.slice(-300)) expect(names).toContain(isoPath.slice("/many/".length));
    expect(run("grub-fstest", iso, "cmp", "(loop0)/LiveOS/squashfs.img", scene.at("big")).toString()).toBe(
      "",
    );
  });

  test("the El Torito image knows its place", () => {
    const told = run("xorriso", "-indev", iso, "-report_el_torito", "plain").toString();
    expect(told).toContain("El Torito img opts :   1  boot-info-table grub2-boot-info");
    expect(told).toMatch(/El Torito boot img : +1 +BIOS +y +none +0x0000 +0x00 +4 /);
    expect(told).toMatch(/El Torito boot img : +2 +UEFI +y +none /);
  });

  test("checkisomd5 passes it", () => {
    run("checkisomd5", iso);
    const damaged = scene.write("damaged.iso", readFileSync(iso));
    const fd = openSync(damaged, "r+");
    writeSync(fd, "x", 1_000_000);
    closeSync(fd);
    expect(() => run("checkisomd5", damaged)).toThrow("checkisomd5");
  });
});

describe("large files, all of which but some bytes is a hole", () => {
  /** Eight characters that say where they are. */
  const textAt = (at: number) => at.toString().padStart(8).slice(-8);

  /** A sparse file with such a text at some places; returns the places. */
  function sparse(path: string, size: number): number[] {
    // Around the ends of extents.
    const extent = 4 * GIB - 2048;
    const wanted = [0, 4096, extent - 8, extent, 4 * GIB, 2 * extent - 8, 2 * extent, size - 8];
    const places = wanted.filter((at) => at <= size - 8).sort((a, b) => a - b);
    const inside = places.filter((at, index) => at + 8 <= size && (at === 0 || at - places[index - 1]! >= 8));
    const fd = openSync(path, "w");
    try {
      for (const at of inside) writeSync(fd, textAt(at), at);
    } finally {
      closeSync(fd);
    }
    truncateSync(path, size);
    return inside;
  }

  test.each([
    ["4 GiB less 2 KiB, one extent", 4 * GIB - 2048, 1],
    ["4 GiB less 2047 bytes, two extents", 4 * GIB - 2047, 2],
    ["9 GiB and some bytes", 9 * GIB + 77, 3],
    ["1 TiB", 1024 * GIB, 257],
  ] as const)("%s", async (_, size, extents) => {
    const path = scene.at("large");
    const places = sparse(path, size);
    const rootfs = { isoPath: "/LiveOS/squashfs.img", content: { path } };
    const iso = await isoOf([isoFile("/after", "after the large file"), isoFile("/EFI/x")], {
      rootfs,
      checksum: "leave",
    });
    // Holes stay holes.
    expect(statSync(iso).blocks * 512).toBeLessThan(16 * 2 ** 20);
    expect(await problemsOf(iso)).toEqual([]);
    await using source = await openFileSource(iso);
    for (const [base, kind] of [0, PARTITION].flatMap(
      (each) =>
        [
          [each, "primary"],
          [each, "joliet"],
        ] as const,
    )) {
      const part = slice(source, base, source.size);
      const descriptor = (await readVolumeDescriptors(part, base)).value[kind]!;
      const { root } = (await readDirectoryTree(part, descriptor)).value;
      const found = nodeSource(part, findNode(root, "/LiveOS/squashfs.img")!);
      for (const at of places) expect(Buffer.from(await found.read(at, 8)).toString()).toBe(textAt(at));
    }
    const report = run(
      "xorriso",
      "-indev",
      iso,
      "-find",
      "/LiveOS/squashfs.img",
      "-exec",
      "report_lba",
    ).toString();
    expect(report.match(/^File data lba:/gm)).toHaveLength(extents);
    for (const place of ["(loop0)", "(loop0,gpt1)"]) {
      // grub-fstest refuses to skip a tebibyte.
      for (const at of places.filter((each) => each < 1000 * GIB)) {
        const read = ["-s", String(at), "-n", "8", iso, "cat", `${place}/LiveOS/squashfs.img`];
        expect({ at, text: run("grub-fstest", ...read).toString() }).toEqual({ at, text: textAt(at) });
      }
      expect(run("grub-fstest", iso, "cat", `${place}/after`).toString()).toBe("after the large file");
    }
    run("rm", iso, path);
  });
});
