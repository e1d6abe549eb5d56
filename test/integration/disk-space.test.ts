/** How much disk a build needs beside its ISO, on file systems of different kinds. Needs root, for mounts. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, statfsSync, statSync } from "node:fs";
import { noise } from "../helpers/noise.ts";
import { BINARY, expectRefusal, hostProgram, Scene } from "../helpers/scene.ts";
import { smallLive } from "../helpers/small-live.ts";
import { KVER, tinyImage } from "../helpers/tiny-image.ts";

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

function freeIn(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}

describe("a disk with room for the ISO and a tenth of it", () => {
  test.each(["tmpfs", "ext4", "xfs"] as const)("%s", async (type) => {
    using scene = withDisk(type, Math.ceil(iso.length * 1.1));
    await scene.succeed([...build(), "-o", scene.at("out/x.iso")]);
    expect(readFileSync(scene.at("out/x.iso")).equals(iso)).toBe(true);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("btrfs", async () => {
    // It gives an extent back only as a whole, and makes the larger ones the faster a file grows. Noise costs the fast
    // presets next to nothing; at this level it comes at a pace that real files have.
    const paced = [...build(), "--compression", "zstd:15"];
    await ample.succeed([...paced, "-o", "out/paced.iso"]);
    const expected = readFileSync(ample.at("out/paced.iso"));
    // Some of the space is for its own tables.
    using scene = withDisk("btrfs", Math.ceil(expected.length * 1.1) + 3 * MIB);
    await scene.succeed([...paced, "-o", scene.at("out/x.iso")]);
    expect(readFileSync(scene.at("out/x.iso")).equals(expected)).toBe(true);
    expect(await scene.leftovers()).toEqual([]);
  });
});

test("a file system that takes no part of a file back holds the ISO and the squashfs side by side", async () => {
  using scene = withDisk("tmpfs", Math.ceil(iso.length * 2.1));
  const refuse = [
    "-f",
    "--seccomp-bpf",
    "-o",
    scene.at("calls"),
    "-e",
    "trace=fallocate",
    "-e",
    "inject=fallocate:error=EOPNOTSUPP",
  ];
  run("strace", ...refuse, BINARY, ...build(), "-o", scene.at("out/x.iso"));
  expect(readFileSync(scene.at("calls"), "utf8")).toContain("EOPNOTSUPP");
  expect(readFileSync(scene.at("out/x.iso")).equals(iso)).toBe(true);
  expect(await scene.leftovers()).toEqual([]);
});

test("a work directory that is kept loses nothing", async () => {
  using scene = withDisk("ext4", Math.ceil(iso.length * 2.5));
  await scene.succeed([...build(), "-o", scene.at("out/x.iso"), "--work", "out/work"]);
  const squashfs = readFileSync(scene.at("out/work/squashfs.img"));
  expect(Buffer.from(iso).indexOf(squashfs)).toBeGreaterThan(0);
  const initramfs = readFileSync(scene.at("out/work/image/initrd.img"));
  expect(initramfs.equals(readFileSync(ample.at(`image/usr/lib/modules/${KVER}/initramfs.img`)))).toBe(true);
});

describe("space is looked for before anything large is written", () => {
  const hint = ["Free some space", "--work"];

  test("too little in any case", async () => {
    using scene = withDisk("tmpfs", 8 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("out/x.iso")]);
    const says = [scene.out, "MiB free", "the ISO will need", "or more"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_DISK_SPACE", says, hint });
    expect(ran.stderr).not.toContain("done squash");
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("too little where the work directory is", async () => {
    using scene = withDisk("tmpfs", 6 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("x.iso"), "--work", "out/work"]);
    const says = [scene.at("out/work"), "the root file system will need"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_DISK_SPACE", says, hint });
  });

  test("perhaps too little: a warning, and the build goes on", async () => {
    using scene = withDisk("tmpfs", 30 * MIB);
    const ran = await scene.run([...build(), "-o", scene.at("out/x.iso")]);
    expect(ran.stderr).toMatch(/MiB free, and the ISO may need up to .* MiB: it may become full/);
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

test("the ISO is written once, in order, and read once, close behind", () => {
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
    "trace=openat,write,pwrite64,pread64",
  ];
  run("strace", ...calls, "-o", `${folder}/of`, BINARY, ...build(), "-o", scene.at("out/x.iso"));
  const lines = readdirSync(folder)
    .flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n"))
    .filter((line) => line.includes("x.iso") && !line.includes("ENOENT"))
    .sort((a, b) => Number.parseFloat(a) - Number.parseFloat(b));
  expect(lines.filter((line) => / openat\([^\n]*O_RDWR/.test(line))).toHaveLength(1);
  let [written, read] = [0, 0];
  const placed: { offset: number; length: number }[] = [];
  for (const line of lines) {
    const [, call, args = "", result] = /^\S+ (\w+)\((.*)\) += (\d+)$/.exec(line) ?? [];
    const length = Number(result);
    const offset = Number(args.split(", ").at(-1));
    if (call === "write") written += length;
    if (call === "pwrite64") placed.push({ offset, length });
    // Where the files lie is looked up in the first mebibyte, beside what the checksum reads in its order.
    if (call !== "pread64" || (offset === 0 && read > 0)) continue;
    expect(offset).toBe(read);
    read += length;
    expect(read).toBeLessThanOrEqual(written);
  }
  expect(written).toBe(iso.length);
  expect(read).toBe(iso.length);
  // Beside the ISO itself only the checksum's text is written, into the volume descriptor.
  expect(placed).toEqual([{ offset: 16 * 2048 + 883, length: 512 }]);
});
