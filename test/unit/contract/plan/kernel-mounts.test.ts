import { describe, expect, test } from "bun:test";
import { checkCompression, kernelMounts } from "../../../../internal/contract/plan/kernel-mounts.ts";

const CONFIG = `# Linux/x86 6.10 Kernel Configuration
CONFIG_SQUASHFS=m
# CONFIG_SQUASHFS_ZSTD is not set
CONFIG_SQUASHFS_XZ=y
CONFIG_SQUASHFS_ZLIB=y
CONFIG_EROFS_FS=m
CONFIG_EROFS_FS_ZIP=y
CONFIG_NAME="SQUASHFS_ZSTD=y"
`;

const mounts = (options: Partial<Parameters<typeof kernelMounts>[0]>) =>
  kernelMounts({ config: undefined, builtin: undefined, modules: undefined, ...options });

describe("kernelMounts", () => {
  test("the kernel's configuration names what it can mount", () => {
    expect(mounts({ config: CONFIG })).toEqual({ squashfs: ["xz", "gzip", "none"], erofs: ["lz4", "none"] });
  });

  test("a configuration without either file system is not the kernel's whole one", () => {
    expect(mounts({ config: "CONFIG_64BIT=y\n" })).toBeNull();
  });

  test("without a configuration: the libraries built in, and those in the initramfs", () => {
    const builtin = "kernel/lib/zlib_inflate/zlib_inflate.ko\nkernel/fs/ext4/ext4.ko\n";
    expect(mounts({ builtin })).toEqual({ squashfs: ["gzip", "none"], erofs: null });
    const modules = new Set(["squashfs", "zstd_decompress"]);
    expect(mounts({ builtin, modules })?.squashfs).toEqual(["zstd", "gzip", "none"]);
    expect(mounts({ builtin: "kernel/fs/isofs/isofs.ko\n" })).toBeNull();
    expect(mounts({ modules })).toBeNull();
  });
});

describe("checkCompression", () => {
  const check = (compression: "zstd" | "gzip" | "lz4", of = mounts({ config: CONFIG })) =>
    checkCompression({ kernel: { version: "6.10" }, kernelMounts: of }, { type: "squashfs", compression });

  test("one that the kernel lacks, with one that it has", () => {
    expect(check("zstd")).toMatchObject([
      {
        code: "F_KERNEL_COMPRESSION",
        severity: "warning",
        seen: "The kernel `6.10` is built without support for zstd in squashfs.",
        fix: "Choose `--compression gzip`.",
      },
    ]);
    const none = { squashfs: ["lz4" as const], erofs: null };
    expect(check("zstd", none)[0]?.fix).toBe(
      "Install a kernel that supports it, such as the distribution's own.",
    );
  });

  test("one that it has, and a kernel of which nothing is known", () => {
    expect(check("gzip")).toEqual([]);
    expect(check("zstd", null)).toEqual([]);
    const about = { kernel: { version: "6.10" }, kernelMounts: { squashfs: [], erofs: null } };
    expect(checkCompression(about, { type: "erofs", compression: "zstd" })).toEqual([]);
  });
});
