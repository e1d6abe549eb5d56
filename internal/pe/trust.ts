import { leadsTo } from "./certificate.ts";
import type { EfiProgram } from "./efi-program.ts";
import type { VendorKeys, VendorTable } from "./vendor-certificate.ts";

/** Microsoft's certificates for boot loaders of other vendors, which firmware trusts. */
export const MICROSOFT_2011 = "Microsoft Corporation UEFI CA 2011";
export const MICROSOFT_2023 = "Microsoft UEFI CA 2023";

export const TRUSTS = ["vendor", "firmware", "other", "modified", "broken", "denied", "unsigned"] as const;

/**
 * How shim judges a program. `vendor` and `firmware`: the vendor of shim or a key of the firmware signed it. `other`:
 * another key signed it. `modified`: it changed after it was signed. `broken`: its signature is invalid. `denied`: shim
 * has its digest or its signer in a list of refused ones. `unsigned`: it does not have a signature.
 */
export type Trust = (typeof TRUSTS)[number];

/** How a shim with these keys judges a program. */
export function trustOf(program: EfiProgram, vendor: VendorTable | undefined): Trust {
  const { signatures } = program;
  if (vendor !== undefined && isListed(program, vendor.denied)) return "denied";
  if (vendor !== undefined && isListed(program, vendor.allowed)) return "vendor";
  if (signatures.length === 0) return "unsigned";
  if (issuersOf(program).some((issuer) => issuer === MICROSOFT_2011 || issuer === MICROSOFT_2023))
    return "firmware";
  if (signatures.some(({ state }) => state === "valid")) return "other";
  return signatures.some(({ state }) => state === "modified") ? "modified" : "broken";
}

function isListed(program: EfiProgram, { certificates, hashes }: VendorKeys): boolean {
  if (program.digest !== undefined && hashes.includes(program.digest)) return true;
  return program.signatures.some(
    ({ state, signer, certificates: others }) =>
      state === "valid" && signer !== undefined && leadsTo(signer, { trusted: certificates, others }),
  );
}

/** The issuers of the certificates of all valid signatures. */
export function issuersOf({ signatures }: EfiProgram): string[] {
  return signatures.flatMap(({ state, signer }) =>
    state === "valid" && signer !== undefined ? [signer.issuer] : [],
  );
}

/** The names of all signers, including those of invalid signatures. */
export function signersOf({ signatures }: EfiProgram): string[] {
  return signatures.flatMap(({ signer }) => (signer === undefined ? [] : [signer.subject]));
}
