import { describe, expect, test } from "bun:test";
import { toBytePath } from "../../internal/image/byte-path.ts";
import { requireErofsKernel } from "../../internal/squash/erofs-kernel.ts";
import { mkfsErofsArguments } from "../../internal/squash/erofs-writer.ts";
import { mksquashfsArguments } from "../../internal/squash/mksquashfs-writer.ts";
import { walkOptions } from "../../internal/squash/rootfs.ts";
import type { Compression, RootfsType } from "../../internal/squash/rootfs-options.ts";

const ROOT = { mode: 0o755, uid: 0, gid: 0, mtime: 1_600_000_000, xattrs: new Map<string, Uint8Array>() };

const args = (
  compression: Compression,
  about: { version?: string; root?: typeof ROOT; machineMemory?: number } = {},
) =>
  mksquashfsArguments("/work/squashfs.img", {
    options: { type: "squashfs", compression, level: null, blockSize: 262_144 },
    root: about.root ?? ROOT,
    time: 1_700_000_000,
    version: about.version ?? "4.6.1",
    machineMemory: about.machineMemory ?? 2 ** 31,
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
    ["xz", ["-comp", "xz"]],
    ["lz4", ["-comp", "lz4"]],
  ] as const)("%s", (compression, expected) => {
    expect(args(compression)).toEqual([...COMMON, ...expected]);
  });

  test.each([
    "4.5",
    "4.5.1",
  ])("%s: what is corrected afterwards must be readable without the compressor", (version) => {
    expect(args("xz", { version })).toEqual([...COMMON, "-comp", "xz", "-noI"]);
    expect(args("lz4", { version })).toEqual([...COMMON, "-comp", "lz4", "-noI"]);
  });

  test("no more memory than 512 MB, and no word of it where the machine has little itself", () => {
    expect(args("xz", { machineMemory: 2 ** 31 + 1 })).toContain("512M");
    expect(args("xz", { machineMemory: 2 ** 31 })).not.toContain("-mem");
  });

  test("the root's xattrs are pseudo definitions, byte for byte, from the version on that takes them", () => {
    const xattrs = new Map([
      ["security.selinux", Buffer.from("system_u:object_r:root_t:s0\0")],
      ["user.odd name", Buffer.from([0, 255, 61])],
    ]);
    const root = { ...ROOT, xattrs };
    expect(args("xz", { root }).slice(-4)).toEqual([
      ...["-p", "/ x security.selinux=0sc3lzdGVtX3U6b2JqZWN0X3I6cm9vdF90OnMwAA=="],
      ...["-p", "/ x user.odd name=0sAP89"],
    ]);
    expect(args("xz", { root, version: "4.5.1" })).toEqual(args("xz", { version: "4.5.1" }));
  });

  test("the root's mode is octal, with its special bits", () => {
    const root = { ...ROOT, mode: 0o1775, uid: 1000, gid: 70_000 };
    const list = args("xz", { root });
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
    for (const compression of ["xz", "lz4"] as const) {
      const list = args(compression, { version });
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

describe("mkfsErofsArguments", () => {
  const UUID = "12345678-9abc-8def-8123-456789abcdef";
  const erofs = (compression: Compression, level: number | null) =>
    mkfsErofsArguments("/work/root.img", {
      options: { type: "erofs", compression, level, blockSize: 65_536 },
      time: 1_700_000_000,
      uuid: UUID,
    });

  test.each([
    ["zstd", 9, ["-zzstd,level=9", "-C65536"]],
    ["zstd", null, ["-zzstd", "-C65536"]],
    ["xz", null, ["-zlzma", "-C65536"]],
    ["gzip", 6, ["-zdeflate,level=6", "-C65536"]],
    ["lz4", null, ["-zlz4hc", "-C65536"]],
    ["none", null, []],
  ] as const)("%s at level %j", (compression, level, expected) => {
    expect(erofs(compression, level)).toEqual([
      ...["--tar=f", "--quiet", "-b4096", "-T1700000000", "--mkfs-time", "-U", UUID],
      ...expected,
      "/work/root.img",
    ]);
  });
});

describe("the image's kernel must read the erofs", () => {
  const refusal = (kernel: string | undefined, type: RootfsType, compression: Compression) => {
    try {
      requireErofsKernel(kernel, { type, compression, level: null, blockSize: 65_536 });
    } catch (error) {
      return error;
    }
    return undefined;
  };

  test.each([
    ["6.10.0-1-amd64", "zstd"],
    ["6.12", "zstd"],
    ["6.1.0-37-amd64", "xz"],
    ["5.13.0", "lz4"],
    ["5.4.0", "none"],
    ["vendor-kernel", "zstd"],
    [undefined, "zstd"],
  ] as const)("%s reads %s", (kernel, compression) => {
    expect(refusal(kernel, "erofs", compression)).toBeUndefined();
  });

  test("and of a squashfs nothing is asked", () => {
    expect(refusal("4.19.0", "squashfs", "zstd")).toBeUndefined();
  });

  test.each([
    ["6.9.12-200.fc40.x86_64", "zstd", "6.10", "--compression none or --compression lz4"],
    ["6.1.0-37-amd64", "gzip", "6.6", "--compression xz"],
    ["5.10.0-8", "lz4", "5.13", "--compression none"],
    ["4.19.0-1", "none", "5.4", "Leave out --rootfs erofs."],
  ] as const)("%s does not read %s", (kernel, compression, since, hint) => {
    expect(refusal(kernel, "erofs", compression)).toMatchObject({
      code: "E_EROFS_KERNEL",
      exitCode: 3,
      message: expect.stringContaining(
        `${kernel} cannot read an erofs compressed with ${compression}: Linux ${since}`,
      ),
      hint: expect.stringContaining(hint),
    });
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
