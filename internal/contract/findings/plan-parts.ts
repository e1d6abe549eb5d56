import type { Finding, FindingCode } from "./finding.ts";

/** What a plan consists of, as far as a stage may do with one part and without another. */
export const PARTS = ["root", "config", "kernel", "efi", "bios"] as const;
export type Part = (typeof PARTS)[number];

/** The part that a finding is about; undefined where it is about all of them. */
export function partOf(code: FindingCode): Part | undefined {
  if (/^F_(?:ISO_YAML|LABEL|MENU|SELINUX)_/.test(code)) return "config";
  if (/^F_(?:KERNEL|INITRAMFS)_/.test(code)) return "kernel";
  if (/^F_(?:VENDOR|SHIM|GCD|MM|MOK|FONT)_/.test(code)) return "efi";
  if (/^F_BIOS_/.test(code)) return "bios";
  if (/^F_LIVE_/.test(code)) return "root";
  return code === "F_EXCLUDE_UNMATCHED" || code === "F_NO_USR" || code === "F_PAYLOAD_MOUNT"
    ? "root"
    : undefined;
}

/** The findings that matter to someone who needs these parts. */
export function findingsAbout(findings: readonly Finding[], parts: readonly Part[]): Finding[] {
  return findings.filter(({ code }) => {
    const part = partOf(code);
    return part === undefined || parts.includes(part);
  });
}
