import type { Style } from "../base/style.ts";
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

/**
 * Where an ISO boots, as lines: `BIOS ✓   UEFI ✓`, and one line for the ways with the same reasons, such as
 * `Secure Boot ✗ the kernel is not signed (F_KERNEL_UNSIGNED)`.
 */
export function bootClaimLines(claims: BootClaims, style: Style): string[] {
  const lines = new Map<string, string[]>();
  for (const way of BOOT_WAYS) {
    const claim = claims[way];
    const mark = claim.boots ? style.paint("good", "✓") : style.paint("error", "✗");
    const reasons = reasonsText(claim);
    const key = `${claim.boots} ${reasons}`;
    const ways = lines.get(key) ?? [];
    ways.push(`${BOOT_WAY_NAMES[way]} ${mark}`);
    lines.set(key, ways);
  }
  return [...lines].map(([key, ways]) => {
    const reasons = key.slice(key.indexOf(" ") + 1);
    return `${ways.join("   ")}${reasons === "" ? "" : ` ${reasons}`}`;
  });
}

/** A mark before an answer about booting: `✓`, `!` if the ISO boots nowhere, `✗` if that is not known. */
export function verdictMark(boots: BootClaims | undefined, style: Style): string {
  if (boots === undefined) return style.paint("error", "✗");
  const isGood = BOOT_WAYS.some((way) => boots[way].boots);
  return isGood ? style.paint("good", "✓") : style.paint("warning", "!");
}

/** `yes`, `yes, but REASONS` or `no: REASONS`. */
export function bootClaimText(claim: BootClaim): string {
  const reasons = reasonsText(claim);
  if (claim.boots) return reasons === "" ? "yes" : `yes, ${reasons}`;
  return `no: ${reasons}`;
}

/** The reasons of a claim with their codes. Limits of a way that boots begin with `but`. */
function reasonsText({ boots, reasons }: BootClaim): string {
  const because = reasons
    .map(({ text, code }) => (code === null ? text : `${text} (${code})`))
    .map(printable)
    .join("; ");
  return boots && because !== "" ? `but ${because}` : because;
}
