/** What is measured, as command lines. */
import { resolve } from "node:path";
import { PRESETS } from "../../internal/rootfs/compression-presets.ts";
import type { Input } from "./input.ts";

export const BINARY = resolve(import.meta.dir, "../../dist/platter");
const REFERENCE = resolve(import.meta.dir, "./reference-chain.sh");

export const CHAINS = ["reference", "mksquashfs alone", "platter, folder", "platter, OCI archive"] as const;
export type Chain = (typeof CHAINS)[number];

export interface Places {
  /** Folder on the file system that is measured; empty before each run. */
  folder: string;
  /** A grub.cfg. */
  menu: string;
}

/** The ISO that a chain writes, or the squashfs. */
export const OUTPUT = "out.iso";

/** The command line of a chain. All leave nothing out, so that all have the same to do. */
export function commandOf(chain: Chain, input: Input, { folder, menu }: Places): string[] {
  const output = `${folder}/${OUTPUT}`;
  const build = (reference: string) => [BINARY, "build", reference, "--no-default-excludes", "-o", output];
  switch (chain) {
    case "reference":
      return [REFERENCE, input.tree, menu, folder, output];
    case "platter, folder":
      return build(`dir:${input.tree}`);
    case "platter, OCI archive":
      return build(`oci-archive:${input.archive}`);
    case "mksquashfs alone": {
      const { compression, level, blockSize } = PRESETS.balanced.squashfs;
      const options = ["-comp", compression, "-Xcompression-level", `${level}`, "-b", `${blockSize}`];
      return ["mksquashfs", input.tree, output, ...options, "-noappend", "-no-progress", "-quiet"];
    }
    default: {
      const never: never = chain;
      return never;
    }
  }
}
