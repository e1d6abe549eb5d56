import type { SecureBoot } from "../contract/checks/secure-boot.ts";
import type { Trust } from "../pe/trust.ts";
import { printable } from "../text/printable.ts";

const WORDS: Record<Trust, string> = {
  vendor: "signed by shim's vendor",
  firmware: "signed by Microsoft",
  other: "signed by somebody else",
  modified: "changed after signing",
  broken: "with an invalid signature",
  denied: "refused by shim",
  unsigned: "not signed",
};

/** The signers of all programs, as lines. */
export function secureBootLines({ shimIssuers, vendor, grub, kernel }: SecureBoot): string[] {
  const shim =
    shimIssuers.length === 0
      ? ["shim without a valid signature"]
      : shimIssuers.map((issuer) => `shim signed by ${printable(issuer)}`);
  const vendors = vendor.map((name) => `shim's vendor is ${printable(name)}`);
  const others = [
    ["GRUB", grub],
    ["kernel", kernel],
  ] as const;
  const told = others.flatMap(([name, one]) => (one === null ? [] : [`${name} ${WORDS[one.trust]}`]));
  return [...shim, ...vendors, ...(told.length === 0 ? [] : [told.join(", ")])];
}
