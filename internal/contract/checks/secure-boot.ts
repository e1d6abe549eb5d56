import { KNOWN_LEVEL, newestLevel, type SbatLevel } from "../../pe/sbat.ts";
import { issuersOf, signersOf, type Trust, trustOf } from "../../pe/trust.ts";
import type { BootPrograms } from "./boot-program.ts";

/** A summary of the ISO's signatures for Secure Boot. */
export interface SecureBoot {
  /** The issuers of the certificates that signed shim; empty if it is not signed. */
  shimIssuers: string[];
  /** The certificates that shim trusts. */
  vendor: string[];
  grub: { signers: string[]; trust: Trust } | null;
  /** If the kernel is compressed with gzip, these are the signers of its content. */
  kernel: { signers: string[]; trust: Trust } | null;
  /** Date of the revocations for the comparison. */
  sbatLevel: string;
}

/** Facts about Secure Boot; undefined without a shim. */
export function summariseSecureBoot(programs: BootPrograms): SecureBoot | undefined {
  const { shim, grub, kernel } = programs;
  if (shim?.program === undefined) return undefined;
  const { vendor } = shim.program;
  const summaryOf = (program: Parameters<typeof trustOf>[0] | undefined) =>
    program === undefined ? null : { signers: signersOf(program), trust: trustOf(program, vendor) };
  return {
    shimIssuers: issuersOf(shim.program),
    vendor: (vendor?.allowed.certificates ?? []).map(({ subject }) => subject),
    grub: summaryOf(grub?.program),
    kernel:
      kernel?.image.kind === "x86"
        ? { signers: [], trust: "unsigned" }
        : summaryOf(kernel?.image.kind === "efi" ? kernel.image.program : undefined),
    sbatLevel: levelFor(programs).date,
  };
}

/** The newest revocations that are known: those of this version of platter, or those of the image's shim. */
export function levelFor({ shim }: BootPrograms): SbatLevel {
  const own = shim?.program?.sbatLevel;
  return own === undefined ? KNOWN_LEVEL : newestLevel([KNOWN_LEVEL, own])!;
}
