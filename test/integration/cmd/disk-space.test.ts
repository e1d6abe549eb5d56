/** How much disk a build needs besides its ISO, on file systems of different kinds. Needs root, for mounts. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { smallLive } from "../../helpers/images/small-live.ts";
import { KVER, ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, expectRefusal, hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const MIB = 2 ** 20;
type FileSystem = "tmpfs" | "ext4" | "xfs" | "btrfs";

/** The scene with the image and the ISO that an ample disk gives. */
let ample: Scene;
let iso: Uint8Array;
const build = () => ["build", `dir:${ample.at("image")}`];

beforeAll(async () => {
  ample = new Scene("space");
  // Several megabytes of which only the squashfs is large, as in a real image.
  const files = Array.from({ length: 16 }, (_, i) => [`usr/share/noise-${i}`, noise(4 * MIB)] as const);
  const initramfs = [`usr/lib/modules/${KVER}/initramfs.img`, noise(2 * MIB)] as const;
  tinyImage(ample.at("image"), { with: Object.fromEntries([...files, initramfs]) });
  await ample.succeed([...build(), "-o", "out/x.iso"]);
  iso = readFileSync(ample.at("out/x.iso"));
});
afterAll(() => ample[Symbol.dispose]());

/** A scene whose folder `out` is a file system with this much free space, in bytes. */
function withDisk(type: FileSystem, free: number): Scene {
  const scene = new Scene("space");
  if (type === "tmpfs") {
    scene.mount(scene.out, "-t", "tmpfs", "-o", `size=${free}`, "tmpfs");
    return scene;
  }
  const disk = scene.write("disk", "");
  run("truncate", "-s", "400M", disk);
  run(`mkfs.${type}`, disk);
  scene.mount(scene.out, "-o", "loop", disk);
  run("fallocate", "-l", String(freeIn(scene.out) - free), scene.at("out/ballast"));
  run("sync", "-f", scene.out);
  return scene;
}

function run(program: string, ...args: string[]): void {
  const done = Bun.spawnSync([hostProgram(program), ...args], { stdout: "pipe", stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${program} ${args.join(" ")}: ${done.stderr.toString()}`);
}

function sha256(bytes: Uint8Array): string {
  return new Bun.CryptoHasher("sha256").update(bytes).digest("hex");
}

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

describe("build: a disk with room for the ISO and a hundredth of it is large enough", () => {
  test.each(["tmpfs", "ext4", "xfs"] as const)("%s", async (type) => {
    using scene = withDisk(type, Math.ceil(iso.length * 1.01));
    await scene.succeed([...build(), "-o", scene.at("out/x.iso")]);
    expect(sha256(readFileSync(scene.at("out/x.iso")))).toBe(sha256(iso));
    expect(await scene.leftovers()).toEqual([]);
  });

  test("btrfs", async () => {
    // Some of the space is for its own tables.
    using scene = withDisk("btrfs", Math.ceil(iso.length * 1.01) + 3 * MIB);
    await scene.succeed([...build(), "-o", scene.at("out/x.iso")]);
    expect(sha256(readFileSync(scene.at("out/x.iso")))).toBe(sha256(iso));
    expect(await scene.leftovers()).toEqual([]);
  });

  test("an image of compressed layers", async () => {
    const layout = ociOf(ample.at("image"), ample.at("layout"));
    using scene = withDisk("tmpfs", Math.ceil(iso.length * 1.01));
    await scene.succeed(["build", `oci:${layout}`, "-o", scene.at("out/x.iso")]);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("an ISO that is replaced needs its space until the end", async () => {
    using scene = withDisk("tmpfs", Math.ceil(iso.length * 1.01));
    await Bun.write(scene.at("out/x.iso"), "the old ISO");
    await scene.succeed([...build(), "-o", scene.at("out/x.iso")]);
    expect(statSync(scene.at("out/x.iso")).size).toBe(iso.length);
    const ran = await scene.run([...build(), "-o", scene.at("out/x.iso")]);
    expect(ran.code).toBe(5);
    expect(sha256(readFileSync(scene.at("out/x.iso")))).toBe(sha256(iso));
  });
});

test("build --work: the kernel copies the root file system, and a file system that can shares its blocks", async () => {
  // XFS shares them, so that both together fit.
  using scene = withDisk("xfs", Math.ceil(iso.length * 1.2));
  const args = [...build(), "-o", scene.at("out/x.iso"), "--work", scene.at("out/work")];
  const calls = scene.at("calls");
  run("strace", "-f", "--seccomp-bpf", "-e", "trace=copy_file_range", "-o", calls, BINARY, ...args);
  expect(sha256(readFileSync(scene.at("out/x.iso")))).toBe(sha256(iso));
  const copied = [...readFileSync(calls, "utf8").matchAll(/copy_file_range\(.* = (\d+)$/gm)];
  const sum = copied.reduce((bytes, [, result]) => bytes + Number(result), 0);
  expect(sum).toBeGreaterThanOrEqual(statSync(scene.at("out/work/squashfs.img")).size);
});

test("a work directory that is kept loses nothing", async () => {
  using scene = withDisk("ext4", Math.ceil(iso.length * 2.5));
  await scene.succeed([...build(), "-o", scene.at("out/x.iso"), "--work", "out/work"]);
  const squashfs = readFileSync(scene.at("out/work/squashfs.img"));
  expect(Buffer.from(iso).indexOf(squashfs)).toBeGreaterThan(0);
  const initramfs = readFileSync(scene.at("out/work/image/initrd.img"));
  expectSameBytes(initramfs, readFileSync(ample.at(`image/usr/lib/modules/${KVER}/initramfs.img`)));
});

describe("space is looked for before anything large is written", () => {
  const hint = ["Free some space", "--work"];

  test("too little in any case", async () => {
    using scene = withDisk("tmpfs", 8 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("out/x.iso")]);
    const says = [scene.out, "MiB free", "Cannot put the ISO", "or more"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_DISK_SPACE", says, hint });
    expect(ran.stderr).not.toMatch(/squash +done/);
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("too little where the work directory is", async () => {
    using scene = withDisk("tmpfs", 6 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("x.iso"), "--work", "out/work"]);
    const says = [scene.at("out/work"), "Cannot put the root file system"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_DISK_SPACE", says, hint });
  });

  test("perhaps too little: a warning, and the build goes on", async () => {
    using scene = withDisk("tmpfs", 30 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("out/x.iso")]);
    expect(ran.stderr).toMatch(
      /^warning\[W_DISK_SPACE\]: .* may become full: it has .* MiB free, and the ISO may need up to .* MiB$/m,
    );
    await expectRefusal(scene, ran, { exit: 5, code: "E_NO_SPACE", says: [], hint });
  });

  test("what `inspect` estimates holds the ISO's size", async () => {
    using scene = new Scene("space");
    const { oci } = smallLive();
    await scene.succeed(["build", `oci:${oci}`, "-o", scene.at("out/x.iso")]);
    const { size } = statSync(scene.at("out/x.iso"));
    const { estimate } = JSON.parse((await scene.succeed(["inspect", "--json", `oci:${oci}`])).stdout);
    expect(estimate.iso.least).toBeLessThan(size);
    expect(estimate.iso.most).toBeGreaterThan(size);
    expect(estimate.iso.most).toBeLessThan(size * 1.5);
  });
});

test("the ISO: each byte is written at most once, and read once in order for the checksum", () => {
  using scene = new Scene("space");
  const folder = scene.folder("calls");
  const calls = [
    "-ff",
    "-ttt",
    "--seccomp-bpf",
    "-y",
    "-s",
    "0",
    "-e",
    "trace=write,pwrite64,pread64,copy_file_range",
  ];
  run("strace", ...calls, "-o", `${folder}/of`, BINARY, ...build(), "-o", scene.at("out/x.iso"));
  const lines = readdirSync(folder)
    .flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n"))
    .filter((line) => line.includes("/unfinished"))
    .sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  const written: { from: number; to: number }[] = [];
  let read = 0;
  for (const line of lines) {
    const [, call, args = "", result] = /^\S+ (\w+)\((.*)\) += (\d+)$/.exec(line) ?? [];
    const length = Number(result);
    if (call === "pread64") {
      expect(Number(args.split(", ").at(-1))).toBe(read);
      read += length;
      continue;
    }
    const from =
      call === "copy_file_range"
        ? Number(/ \[(\d+)\], \d+, 0$/.exec(args)?.[1])
        : Number(args.split(", ").at(-1));
    expect({ line, call, from }).toEqual({
      line,
      call: expect.not.stringMatching("^write$"),
      from: expect.any(Number),
    });
    written.push({ from, to: from + length });
  }
  expect(read).toBe(iso.length);
  // Only the checksum's text is written over what is there: the spaces in the volume descriptor.
  expect(written.at(-1)).toEqual({ from: 16 * 2048 + 883, to: 16 * 2048 + 883 + 512 });
  const once = written.slice(0, -1).sort((a, b) => a.from - b.from);
  for (const [index, { to }] of once.entries())
    expect(to).toBeLessThanOrEqual(once[index + 1]?.from ?? iso.length);
  expect(once.reduce((sum, { from, to }) => sum + to - from, 0)).toBeGreaterThan(iso.length * 0.9);
});
