import {
  BOOT_WAYS,
  type BootClaim,
  type BootClaims,
  type BootWay,
} from "../contract/findings/boot-claims.ts";
import { printable } from "../text/printable.ts";

export const BOOT_WAY_NAMES: Readonly<Record<BootWay, string>> = {
  bios: "BIOS",
  uefi: "UEFI",
  secureBoot: "Secure Boot",
};

/** One line for each way to boot: `Secure Boot: no: the kernel is not signed (F_KERNEL_UNSIGNED)`. */
export function bootClaimLines(claims: BootClaims): string[] {
  return BOOT_WAYS.map((way) => `${BOOT_WAY_NAMES[way]}: ${bootClaimText(claims[way])}`);
}

/** `yes`, `yes, but REASONS` or `no: REASONS`. */
export function bootClaimText({ boots, reasons }: BootClaim): string {
  const because = reasons
    .map(({ text, code }) => (code === null ? text : `${text} (${code})`))
    .map(printable)
    .join("; ");
  if (boots) return because === "" ? "yes" : `yes, but ${because}`;
  return `no: ${because}`;
}
