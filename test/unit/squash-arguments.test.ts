import { describe, expect, test } from "bun:test";
import { toBytePath } from "../../internal/image/byte-path.ts";
import { mksquashfsArguments, walkOptions } from "../../internal/squash/squash.ts";
import type { Compression } from "../../internal/squash/squash-options.ts";

const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: 1_600_000_000, xattrs: new Map<string, Uint8Array>() };

const args = (
  compression: Compression,
  level: number | null,
  about: { version?: string; root?: typeof ROOT } = {},
) =>
  mksquashfsArguments("/work/squashfs.img", {
    options: { compression, level, blockSize: 262_144 },
    root: about.root ?? ROOT,
    time: 1_700_000_000,
    version: about.version ?? "4.6.1",
  });

/** What is the same for all: one option and its value a line. */
const COMMON = [
  ...["-", "/work/squashfs.img"],
  ...["-tar", "-noappend", "-no-progress", "-exit-on-error"],
  ...["-b", "262144"],
  ...["-mkfs-time", "1700000000"],
  ...["-root-mode", "755", "-root-uid", "0", "-root-gid", "0"],
  ...["-root-time", "1600000000"],
];

describe("mksquashfsArguments", () => {
  test.each([
    ["zstd", 9, ["-comp", "zstd", "-Xcompression-level", "9"]],
    ["gzip", 5, ["-comp", "gzip", "-Xcompression-level", "5"]],
    ["gzip", null, ["-comp", "gzip"]],
    ["xz", null, ["-comp", "xz"]],
    ["lz4", null, ["-comp", "lz4"]],
    ["none", null, ["-comp", "gzip", "-noI", "-noD", "-noF", "-noX"]],
  ] as const)("%s at level %j", (compression, level, expected) => {
    expect(args(compression, level)).toEqual([...COMMON, ...expected]);
  });

  test.each([
    "4.5",
    "4.5.1",
  ])("%s: what is corrected afterwards must be readable without xz and lz4", (version) => {
    expect(args("xz", null, { version })).toEqual([...COMMON, "-comp", "xz", "-noI"]);
    expect(args("lz4", null, { version })).toEqual([...COMMON, "-comp", "lz4", "-noI"]);
    expect(args("zstd", 9, { version })).toEqual(args("zstd", 9));
    expect(args("none", null, { version })).toEqual(args("none", null));
  });

  test("the root's xattrs are pseudo definitions, byte for byte, from the version on that takes them", () => {
    const xattrs = new Map([
      ["security.selinux", Buffer.from("system_u:object_r:root_t:s0\0")],
      ["user.odd name", Buffer.from([0, 255, 61])],
    ]);
    const root = { ...ROOT, xattrs };
    expect(args("zstd", 9, { root }).slice(-4)).toEqual([
      ...["-p", "/ x security.selinux=0sc3lzdGVtX3U6b2JqZWN0X3I6cm9vdF90OnMwAA=="],
      ...["-p", "/ x user.odd name=0sAP89"],
    ]);
    expect(args("zstd", 9, { root, version: "4.5.1" })).toEqual(args("zstd", 9, { version: "4.5.1" }));
  });

  test("the root's mode is octal, with its special bits", () => {
    const root = { ...ROOT, mode: 0o1775, uid: 1000, gid: 70_000 };
    const list = args("zstd", 9, { root });
    expect(list.slice(list.indexOf("-root-mode"), list.indexOf("-root-time"))).toEqual([
      "-root-mode",
      "1775",
      "-root-uid",
      "1000",
      "-root-gid",
      "70000",
    ]);
  });

  test("the program on this machine takes every list", () => {
    const version = /version ([\d.]+)/.exec(Bun.spawnSync(["mksquashfs", "-version"]).stdout.toString())![1]!;
    for (const compression of ["zstd", "gzip", "xz", "lz4", "none"] as const) {
      const list = args(compression, null, { version });
      list[1] = "/dev/null/nowhere";
      const done = Bun.spawnSync(["mksquashfs", ...list], { stdin: Buffer.alloc(1024), stderr: "pipe" });
      // It only stumbles over the place of the output.
      expect({ compression, told: done.stderr.toString() }).toEqual({
        compression,
        told: expect.stringMatching(/Could not (?:open|create) destination file|Not a directory/),
      });
    }
  });
});

describe("walkOptions", () => {
  const { include, ensureDirectories, ensuredMtime } = walkOptions((path) => path === "boot/efi", 42);
  const node = {} as never;

  test("leaves out what is excluded, and nothing else", () => {
    expect(include(node, toBytePath("boot/efi"))).toBe(false);
    expect(include(node, toBytePath("boot"))).toBe(true);
  });

  test("adds the mount points that dracut and systemd need, with the build's time", () => {
    expect(ensureDirectories).toEqual(["usr", "proc", "sys", "dev", "run", "tmp"].map(toBytePath));
    expect(ensuredMtime).toBe(42);
  });
});
