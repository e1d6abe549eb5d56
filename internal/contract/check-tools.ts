import type { Compression } from "../squash/rootfs-options.ts";
import { compareDotted } from "../tool/find.ts";
import { type Finding, finding } from "./finding.ts";

/** What is known about the mksquashfs that will be used. */
export interface MksquashfsFacts {
  version: string;
  /** Undefined where it did not tell them. */
  compressors: readonly string[] | undefined;
}

/** Versions that write wrong data: from the first on, and before the second. */
const CORRUPTS_FROM = "4.7";
const CORRUPTS_BEFORE = "4.7.5";

/** What is wrong with a mksquashfs for this compression. */
export function checkMksquashfs(
  { version, compressors }: MksquashfsFacts,
  compression: Compression,
): Finding[] {
  const findings: Finding[] = [];
  if (compareDotted(version, CORRUPTS_FROM) >= 0 && compareDotted(version, CORRUPTS_BEFORE) < 0)
    findings.push(finding("F_MKSQUASHFS_CORRUPTS", `\`mksquashfs\` has version ${version}.`));
  if (compressors === undefined || compressors.includes(compression)) return findings;
  const has = compressors.map((name) => `\`${name}\``).join(", ");
  const seen = `\`mksquashfs\` ${version} cannot compress with \`${compression}\`; it has ${has}.`;
  return [...findings, finding("F_MKSQUASHFS_COMPRESSOR", seen)];
}
