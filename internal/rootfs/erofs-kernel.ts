import { PlatterError } from "../base/error.ts";
import { compareDotted } from "../process/find.ts";
import type { Compression } from "../squashfs/blocks/compression.ts";
import type { RootfsOptions } from "./rootfs-options.ts";

/**
 * The first version of Linux that reads each compression (Documentation/filesystems/erofs.rst); compressed blocks
 * beyond 4 KiB: 5.13.
 */
const SINCE: Readonly<Record<Compression, string>> = {
  none: "5.4",
  lz4: "5.13",
  xz: "5.16",
  gzip: "6.6",
  zstd: "6.10",
};

/**
 * Refuses an erofs that the image's kernel cannot read. A kernel whose version does not begin with a number passes.
 * @throws PlatterError `E_EROFS_KERNEL`
 */
export function requireErofsKernel(kernel: string | undefined, { type, compression }: RootfsOptions): void {
  const version = /^\d+\.\d+/.exec(kernel ?? "")?.[0];
  if (type !== "erofs" || version === undefined) return;
  const reads = (name: Compression) => compareDotted(version, SINCE[name]) >= 0;
  if (reads(compression)) return;
  const others = (Object.keys(SINCE) as Compression[]).filter(reads);
  const choices = others.map((name) => `--compression ${name}`).join(" or ");
  throw new PlatterError({
    code: "E_EROFS_KERNEL",
    kind: "contract",
    message: `Cannot make an erofs compressed with ${compression}: the image has kernel ${kernel}, and Linux ${SINCE[compression]} or later is needed`,
    hint: others.length === 0 ? "Leave out --rootfs erofs." : `Use ${choices}, or leave out --rootfs erofs.`,
  });
}
