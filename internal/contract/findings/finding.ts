import { z } from "zod";
import type { FindingErrorCode } from "../../base/error-codes.ts";
import { CONFIG_FINDINGS } from "./config-findings.ts";
import type { FindingText } from "./finding-text.ts";
import { IMAGE_FINDINGS } from "./image-findings.ts";
import { INITRAMFS_FINDINGS } from "./initramfs-findings.ts";
import { LIVE_FINDINGS } from "./live-findings.ts";
import { type Place, placeSchema } from "./place.ts";
import type { Part } from "./plan-parts.ts";
import { SECURE_BOOT_FINDINGS } from "./secure-boot-findings.ts";

/**
 * Every finding that platter can report, by its stable code. A page of the documentation is generated from this list.
 */
export const FINDINGS = {
  ...CONFIG_FINDINGS,
  ...IMAGE_FINDINGS,
  ...INITRAMFS_FINDINGS,
  ...LIVE_FINDINGS,
  ...SECURE_BOOT_FINDINGS,
};

export type FindingCode = keyof typeof FINDINGS;

/** The code of an error that consists of one finding: `E_KERNEL_MISSING` for `F_KERNEL_MISSING`. */
export function errorCodeOf(code: FindingCode): FindingErrorCode {
  return `E_${code.slice("F_".length)}` as FindingErrorCode;
}

export const findingSchema = z
  .strictObject({
    code: z
      .enum(Object.keys(FINDINGS) as [FindingCode, ...FindingCode[]])
      .describe("Stable code. `platter explain CODE` explains it."),
    severity: z.enum(["error", "warning", "note"]).describe("Only an error stops a build."),
    seen: z.string().describe("What was seen, as a sentence."),
    why: z.string().describe("Why it matters, as a sentence."),
    fix: z.string().describe("What to do, as a sentence."),
    place: placeSchema.optional(),
    entries: z
      .array(z.int().nonnegative())
      .optional()
      .describe("Indexes of the menu entries with the problem. Missing if it is not about single entries."),
  })
  .meta({ id: "finding", description: "A problem of the image or of an option." });

/** A problem of the image for its author: what was seen, why it matters, and what to do. */
export type Finding = z.infer<typeof findingSchema>;

/** A finding with the texts of its code. `seen` is one sentence, and `fix` replaces the code's own fix. */
export function finding(
  code: FindingCode,
  seen: string,
  options: {
    fix?: string | undefined;
    place?: Place | undefined;
    /** Indexes of menu entries. */
    entries?: readonly number[] | undefined;
  } = {},
): Finding {
  const { fix, place, entries } = options;
  const kind = FINDINGS[code];
  return {
    code,
    severity: kind.severity,
    seen,
    why: kind.why,
    fix: fix ?? kind.fix,
    ...(place && { place }),
    ...(entries && { entries: [...entries] }),
  };
}

/** The findings without repetitions. The first of several equal findings is kept. */
export function uniqueFindings(findings: readonly Finding[]): Finding[] {
  const known = new Set<string>();
  return findings.filter(({ code, seen }) => {
    const key = `${code} ${seen}`;
    return !known.has(key) && known.add(key);
  });
}

export function hasErrors(findings: readonly Finding[]): boolean {
  return findings.some((each) => each.severity === "error");
}

/** The texts that all findings of a code share. */
export function textOf(code: FindingCode): FindingText {
  return FINDINGS[code];
}

/** The findings about these parts of a plan. */
export function findingsAbout(findings: readonly Finding[], parts: readonly Part[]): Finding[] {
  return findings.filter(({ code }) => parts.includes(textOf(code).part));
}
