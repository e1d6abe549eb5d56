import { describe, expect, test } from "bun:test";
import { toBytePath } from "../../../../internal/bytes/byte-path.ts";
import { requireErofsKernel } from "../../../../internal/rootfs/erofs-kernel.ts";
import { mkfsErofsArguments } from "../../../../internal/rootfs/erofs-writer.ts";
import { walkOptions } from "../../../../internal/rootfs/rootfs.ts";
import type { RootfsType } from "../../../../internal/rootfs/rootfs-type.ts";
import type { Compression } from "../../../../internal/squashfs/blocks/compression.ts";

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
        `Cannot make an erofs compressed with ${compression}: the image has kernel ${kernel}, and Linux ${since}`,
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
