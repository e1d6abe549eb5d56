/** The root file system that comes out: what a preset makes of it, and an erofs entry by entry. Needs root, loop devices. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { memorySource, openFileSource } from "../../../internal/files/byte-source.ts";
import type { ImageTree } from "../../../internal/image/image-tree.ts";
import { openImage } from "../../../internal/image/open/open-image.ts";
import { runTool } from "../../../internal/process/run.ts";
import { Toolbox } from "../../../internal/process/toolbox.ts";
import { readErofs } from "../../../internal/rootfs/erofs-superblock.ts";
import { writeRootfs } from "../../../internal/rootfs/rootfs.ts";
import { parseRootfsOptions } from "../../../internal/rootfs/rootfs-options.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { erofsUtils } from "../../helpers/erofs-utils.ts";
import { type Listing, listDirectory, listTree } from "../../helpers/images/listing.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { smallLive } from "../../helpers/images/small-live.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { tortureLayers } from "../../helpers/images/torture.ts";
import { SILENT_TASK } from "../../helpers/reporter.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, hostProgram, Scene } from "../../helpers/scene.ts";

// The machine that runs this may be busy.
setDefaultTimeout(600_000);

const UUID = "12345678-9abc-8def-8123-456789abcdef";
const TIME = 1_700_000_000;
const KIB = 1024;

let scene: Scene;
let recent: string;
beforeAll(() => {
  scene = new Scene("rootfs");
  recent = erofsUtils();
});
afterAll(() => scene[Symbol.dispose]());

/** The PATH in which the recent mkfs.erofs is found first. */
const path = () => `${recent}:${process.env.PATH}`;

describe("what --compression says is what the superblock says", () => {
  beforeAll(() => tinyImage(scene.at("image")));

  test.each([
    [[], "zstd", 256 * KIB],
    [["--compression", "fast"], "zstd", 256 * KIB],
    [["--compression", "small"], "zstd", 1024 * KIB],
    [["--compression", "zstd:3,64K"], "zstd", 64 * KIB],
    [["--compression", "gzip:1"], "gzip", 256 * KIB],
    [["--compression", "none"], "gzip", 256 * KIB],
  ] as const)("%j", async (flags, compressor, blockSize) => {
    await scene.succeed(["squash", `dir:${scene.at("image")}`, ...flags, "-o", "out/root.img"]);
    const { value, problems } = await readSquashfs(memorySource(readFileSync(scene.at("out/root.img"))));
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ compressor: compressor as "zstd", blockSize });
  });

  // The tiny image's kernel calls itself 6.1, which no zstd and no deflate can be read by.
  test.each([
    ["fast", ["lz4"]],
    ["lz4,16K", ["lz4"]],
    ["xz", ["lzma"]],
    ["none", []],
  ] as const)("erofs, %s", async (compression, compressors) => {
    const args = ["squash", `dir:${scene.at("image")}`, "--rootfs", "erofs", "--compression", compression];
    await scene.succeed([...args, "-o", "out/root.img"], { path: path() });
    const { value, problems } = await readErofs(memorySource(readFileSync(scene.at("out/root.img"))));
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ compressors: [...compressors], blockSize: 4096 });
  });
});

describe("an erofs is refused before anything slow starts", () => {
  const build = ["build", "dir:image", "-o", "out/x.iso", "--rootfs", "erofs"];

  test("where mkfs.erofs is missing", async () => {
    const ran = await scene.run(build, { path: scene.only() });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: ["`--rootfs erofs` needs `mkfs.erofs`, which is not in PATH"],
      hint: ["erofs-utils"],
    });
  });

  test("where it is too old to read a tar stream", async () => {
    scene.fake("mkfs.erofs", "echo 'mkfs.erofs 1.5'; exit 1");
    const ran = await scene.run(build);
    rmSync(scene.at("bin/mkfs.erofs"));
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_VERSION",
      says: ["Cannot use `mkfs.erofs` 1.5: 1.8 or later is needed", "--tar=f"],
      hint: ["erofs-utils"],
    });
  });

  test("where the image's kernel could not read it", async () => {
    const ran = await scene.run(build, { path: path() });
    await expectRefusal(scene, ran, {
      exit: 3,
      code: "E_EROFS_KERNEL",
      says: ["6.1.0-tiny", "zstd", "6.10"],
      hint: ["--compression lz4", "--rootfs erofs"],
    });
  });
});

describe("the erofs made from the tar stream is the image", () => {
  let expected: Listing;

  async function open(): Promise<ImageTree> {
    const signal = new AbortController().signal;
    const options = { work: scene.folder("open"), signal, capture: () => false, runTool };
    return openImage(`oci:${scene.at("torture")}`, options);
  }

  /** Makes it, and gives its file. */
  async function made(compression: string, name: string): Promise<string> {
    const output = scene.at(name);
    rmSync(output, { force: true });
    const toolbox = new Toolbox({
      signal: new AbortController().signal,
      run: (call) => runTool(call),
      onFound: () => undefined,
    });
    await using tree = await open();
    const options = parseRootfsOptions({ compression, rootfs: "erofs" });
    const walk = { include: () => true };
    const { signal } = new AbortController();
    const before = process.env.PATH;
    process.env.PATH = path();
    try {
      const warn = (text: string) => expect.unreachable(text);
      const run = {
        tree,
        walk,
        options,
        time: TIME,
        uuid: UUID,
        output,
        log: scene.at("log"),
        signal,
        task: SILENT_TASK,
        warn,
      };
      await writeRootfs(run, toolbox);
    } finally {
      process.env.PATH = before;
    }
    return output;
  }

  beforeAll(async () => {
    const maker = new OciMaker(scene.at("torture"));
    maker.add(maker.image(tortureLayers(), { compression: "zstd" }), "torture");
    await using tree = await open();
    expected = await listTree(tree);
    for (const entry of Object.values(expected)) entry.mtime = Math.min(Math.max(entry.mtime, 0), 0xffffffff);
  });

  test.each(["balanced", "fast", "small", "xz", "gzip:6", "none"])("%s", async (compression) => {
    const image = await made(compression, "root.erofs");
    const point = scene.folder("mounted");
    scene.mount(point, "-t", "erofs", "-o", "loop,ro", image);
    const found = listDirectory(point);
    Bun.spawnSync([hostProgram("umount"), point]);
    expect(found).toEqual(expected);
    await using source = await openFileSource(image);
    const { value, problems } = await readErofs(source);
    expect(problems).toEqual([]);
    expect(value).toMatchObject({ uuid: UUID, mkfsTime: TIME, bytesUsed: source.size });
  });

  test("and has the same bytes the next time", async () => {
    const one = readFileSync(await made("balanced", "one.erofs"));
    expectSameBytes(readFileSync(await made("balanced", "two.erofs")), one);
  });

  test("damage anywhere in its superblock is reported", async () => {
    const bytes = readFileSync(await made("fast", "one.erofs"));
    const { structures } = await readErofs(memorySource(bytes));
    expect(structures).toEqual([{ name: "superblock of erofs", start: 1028, length: 3068 }]);
    for (let at = 1028; at < 4096; at += 7) {
      bytes[at]! ^= 1 << (at % 8);
      expect((await readErofs(memorySource(bytes))).problems.map(({ code }) => code)).not.toEqual([]);
      bytes[at]! ^= 1 << (at % 8);
    }
    for (const length of [1024, 1151]) {
      const { problems } = await readErofs(memorySource(bytes.subarray(0, length)));
      expect(problems.map(({ code }) => code)).toEqual(["erofs-cut-off"]);
    }
    const short = scene.write("short.erofs", bytes);
    truncateSync(short, bytes.length - 4096);
    await using source = await openFileSource(short);
    expect((await readErofs(source)).problems.map(({ code }) => code)).toEqual(["erofs-cut-off"]);
  });
});

test("an ISO with an erofs passes verify, and is the same the second time", async () => {
  const build = ["build", `oci:${smallLive().oci}`, "--rootfs", "erofs", "--compression", "lz4"];
  for (const name of ["one", "two"]) {
    await scene.succeed([...build, "-o", `out/${name}.iso`, "--work", name], { path: path() });
  }
  const iso = readFileSync(scene.at("out/one.iso"));
  expectSameBytes(readFileSync(scene.at("out/two.iso")), iso);
  const { stdout } = await scene.succeed(["verify", "out/one.iso", "--against", "one"]);
  expect(stdout).toMatch(/^ok +erofs +\/LiveOS\/squashfs\.img: lz4, \d+ bytes$/m);
  expect(stdout).not.toContain("no squashfs");
  const at = iso.indexOf(Buffer.from([0xe2, 0xe1, 0xf5, 0xe0]));
  iso[at + 40]! ^= 1;
  writeFileSync(scene.at("out/damaged.iso"), iso);
  const ran = await scene.run(["verify", "out/damaged.iso"]);
  expect(ran.code).toBe(6);
  expect(ran.stdout).toContain("[erofs-checksum]");
});
