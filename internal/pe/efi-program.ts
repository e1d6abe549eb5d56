import { authenticodeDigest } from "./authenticode-digest.ts";
import { type GrubEmbedded, parseGrubModules } from "./grub-embedded.ts";
import { isFault, type PeFault, parsePe, sectionOf } from "./pe-image.ts";
import { parseSbat, parseSbatLevel, type SbatComponent, type SbatLevel } from "./sbat.ts";
import { readSignatures, type Signature } from "./signature.ts";
import { parseVendorTable, type VendorTable } from "./vendor-certificate.ts";

/** The parts of a UEFI program that decide whether firmware and shim start it. */
export interface EfiProgram {
  /** As in `BOOTX64.EFI`: `X64`. */
  machine: string;
  signatures: Signature[];
  /** The SHA-256 digest that its signatures cover, in hexadecimal; undefined if its headers are invalid. */
  digest: string | undefined;
  /** Undefined without a section `.sbat`. */
  sbat: SbatComponent[] | undefined;
  /** The newest revocations that a shim contains. */
  sbatLevel: SbatLevel | undefined;
  /** The certificates that a shim trusts; undefined for other programs. */
  vendor: VendorTable | undefined;
  /** Embedded parts of a GRUB; undefined for other programs. */
  grub: GrubEmbedded | undefined;
}

/** Reads a program, or returns why firmware would not load it. */
export function readEfiProgram(bytes: Uint8Array): EfiProgram | PeFault {
  const image = parsePe(bytes);
  if (isFault(image)) return image;
  const section = <T>(name: string, parse: (content: Uint8Array) => T): T | undefined => {
    const content = sectionOf(bytes, image, name);
    return content === undefined ? undefined : parse(content);
  };
  const digest = authenticodeDigest(bytes, { image, algorithm: "sha256" });
  return {
    machine: image.machine,
    signatures: readSignatures(bytes, image),
    digest: digest === undefined ? undefined : Buffer.from(digest).toString("hex"),
    sbat: section(".sbat", parseSbat),
    sbatLevel: section(".sbatlevel", parseSbatLevel),
    vendor: section(".vendor_cert", parseVendorTable),
    grub: section("mods", parseGrubModules),
  };
}
