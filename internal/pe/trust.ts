import { leadsTo } from "./certificate.ts";
import type { EfiProgram } from "./efi-program.ts";
import type { VendorKeys, VendorTable } from "./vendor-certificate.ts";

/** Microsoft's certificates that firmware trusts for everybody else's boot loaders. */
export const MICROSOFT_2011 = "Microsoft Corporation UEFI CA 2011";
export const MICROSOFT_2023 = "Microsoft UEFI CA 2023";

/**
 * Whether shim lets a program start: signed by shim's vendor, or by one that the firmware knows; signed by somebody
 * else; changed after it was signed; with a signature that does not hold; listed by shim as refused; not signed.
 */
export type Trust = "vendor" | "firmware" | "other" | "modified" | "broken" | "denied" | "unsigned";

/** What shim, with these keys, will say about a program. */
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

/** Who issued the certificates of the signatures that hold. */
export function issuersOf({ signatures }: EfiProgram): string[] {
  return signatures.flatMap(({ state, signer }) =>
    state === "valid" && signer !== undefined ? [signer.issuer] : [],
  );
}

/** The certificates whose keys signed, by name; those of signatures that do not hold too. */
export function signersOf({ signatures }: EfiProgram): string[] {
  return signatures.flatMap(({ signer }) => (signer === undefined ? [] : [signer.subject]));
}
