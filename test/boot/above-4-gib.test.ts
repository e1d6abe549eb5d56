/**
 * An ISO whose root file system has more than 4 GiB: it is one file in several extents, and its blocks are at byte offsets
 * that do not fit 32 bits. Needs root, for mounts, and 11 GiB of disk.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { closeSync, mkdirSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { type BootWay, wayName } from "../../internal/boot/boot-result.ts";
import { bootOnce } from "../../internal/boot/run.ts";
import { runTool } from "../../internal/process/run.ts";
import { request } from "../helpers/boot/machine-request.ts";
import { smallLive } from "../helpers/images/small-live.ts";
import { seededNoise } from "../helpers/noise.ts";
import { BINARY, hostProgram, Scene } from "../helpers/scene.ts";

const MINUTES = 60_000;
const GIB = 2 ** 30;
const PIECE = 8 * 2 ** 20;
const SECTOR = 2048;
const SQUASHFS = "/LiveOS/squashfs.img";
const LARGE = "usr/share/large";
const SIZE = 4.5 * GIB + 12_345;
const ROOT_OK = /PLATTER-ROOT-OK pid1/;
const WAYS: readonly BootWay[] = [
  { firmware: "uefi", media: "cd" },
  { firmware: "bios", media: "usb" },
];

function run(...argv: readonly string[]): string {
  const done = Bun.spawnSync([hostProgram(argv[0]!), ...argv.slice(1)], { stderr: "pipe" });
  const said = done.stdout.toString() + done.stderr.toString();
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${said}`);
  return said;
}

/** A file without holes in which no two pieces are the same. */
function writeLarge(path: string): void {
  mkdirSync(join(path, ".."), { recursive: true });
  const piece = Buffer.from(seededNoise(PIECE, 1));
  const fd = openSync(path, "w");
  for (let at = 0; at < SIZE; at += PIECE) {
    piece.writeDoubleLE(at, 0);
    writeSync(fd, piece, 0, Math.min(PIECE, SIZE - at));
  }
  closeSync(fd);
}

// Writing, comparing and booting take minutes.
const suite = () => {
  let scene: Scene;
  let iso: string;
  const tree = () => scene.at("rootfs");

  beforeAll(() => {
    scene = new Scene("above-4-gib");
    run("cp", "-a", smallLive().rootfs, tree());
    // The squashfs has these folders in any case.
    for (const name of ["proc", "sys", "dev", "run"]) mkdirSync(join(tree(), name), { recursive: true });
    writeLarge(join(tree(), LARGE));
    iso = join(scene.out, "large.iso");
    const options = ["--compression", "none", "--no-default-excludes", "-o", iso];
    run(BINARY, "build", `dir:${tree()}`, ...options);
  }, 10 * MINUTES);
  afterAll(() => scene[Symbol.dispose]());

  test("has the size that its content needs", () => {
    expect(statSync(iso).size).toBeGreaterThan(SIZE);
    expect(statSync(iso).size).toBeLessThan(SIZE + GIB / 2);
  });

  test.each([
    ["the whole ISO", 0],
    ["its first partition", 16 * SECTOR],
  ] as const)(
    "%s: xorriso finds the squashfs, which holds the image's files",
    (_, offset) => {
      const extents = extentsOf(offset);
      expect(extents).toHaveLength(2);
      expect(extents[0]!.size).toBeGreaterThan(4 * GIB);
      // The extents are one range of bytes.
      expect(extents[1]!.start).toBe(extents[0]!.start + extents[0]!.blocks);
      const root = scene.folder(`root-${offset}`);
      const start = offset + extents[0]!.start * SECTOR;
      scene.mount(root, "-t", "squashfs", "-o", `loop,ro,offset=${start},sizelimit=${extents[0]!.size}`, iso);
      expect(statSync(join(root, LARGE)).size).toBe(SIZE);
      const special = ["--exclude=null-device", "--exclude=fifo"];
      run("diff", "-r", "-q", "--no-dereference", ...special, tree(), root);
    },
    10 * MINUTES,
  );

  /** Where xorriso finds the squashfs, in sectors after a byte offset of the ISO. Not every kernel knows ISO 9660. */
  function extentsOf(offset: number): { start: number; blocks: number; size: number }[] {
    const device = run("losetup", "--find", "--show", "--read-only", "--offset", String(offset), iso).trim();
    try {
      const report = run(
        "xorriso",
        "-indev",
        `stdio:${device}`,
        "-find",
        SQUASHFS,
        "-exec",
        "report_lba",
        "--",
      );
      return [...report.matchAll(/^File data lba: +\d+ , +(\d+) , +(\d+) , +(\d+) ,/gm)].map(
        ([, start, blocks, size]) => ({ start: Number(start), blocks: Number(blocks), size: Number(size) }),
      );
    } finally {
      run("losetup", "--detach", device);
    }
  }

  test(
    "has the checksum that is implanted",
    () => {
      expect(run("checkisomd5", iso)).toContain("PASS");
      run(BINARY, "verify", iso);
    },
    10 * MINUTES,
  );

  test.each(WAYS.map((way) => [wayName(way), way] as const))(
    "boots: %s",
    async (_, way) => {
      const world = { run: runTool, now: () => performance.now(), signal: new AbortController().signal };
      const result = await bootOnce(
        request(way, { iso, until: ROOT_OK, keepIn: scene.at(wayName(way)) }),
        world,
      );
      expect(result.failure).toBeUndefined();
      expect(result.reached).toMatch(ROOT_OK);
    },
    10 * MINUTES,
  );
};

if (process.env.PLATTER_TEST === "full") describe("an ISO with a squashfs above 4 GiB", suite);
