import { BOOT_WAYS, type BootEffect, type BootWay } from "../contract/findings/boot-claims.ts";
import { FINDINGS, type Finding, type FindingCode } from "../contract/findings/finding.ts";
import { effectsOf } from "../contract/plan/claim-boots.ts";

/** Findings that end a build. They do not occur in platter's ISOs, but other ISOs may have them. */
const ERRORS: Partial<Record<FindingCode, readonly BootWay[]>> = {
  F_SHIM_FORMAT: ["uefi"],
  F_SHIM_MACHINE: ["uefi"],
  F_GCD_FORMAT: ["uefi"],
  F_GCD_MACHINE: ["uefi"],
  F_KERNEL_FORMAT: BOOT_WAYS,
  F_KERNEL_MACHINE: BOOT_WAYS,
};

/** The effects on booting of findings about one menu entry, or about the whole menu. */
export function findingEffects(findings: readonly Finding[]): BootEffect[] {
  const errors = findings.flatMap(({ code }): BootEffect[] => {
    const ways = ERRORS[code];
    return ways === undefined ? [] : [{ effect: "breaks", ways, text: FINDINGS[code].title, code }];
  });
  return [
    ...errors,
    ...effectsOf(
      1,
      findings.filter(({ code }) => !(code in ERRORS)),
    ),
  ];
}
