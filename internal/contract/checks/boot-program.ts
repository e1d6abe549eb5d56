import type { Architecture } from "../../base/architecture.ts";
import type { EfiProgram } from "../../pe/efi-program.ts";
import type { KernelImage } from "../../pe/kernel-image.ts";

/** A program of the image by its path. If it is not a program, `fault` gives the reason: `has no PE header`. */
export interface BootProgram {
  path: string;
  program: EfiProgram | undefined;
  fault: string | undefined;
}

/** The programs in the order in which they start; undefined if the image does not have one. */
export interface BootPrograms {
  architecture: Architecture;
  shim: BootProgram | undefined;
  grub: BootProgram | undefined;
  kernel: { path: string; image: KernelImage } | undefined;
}
