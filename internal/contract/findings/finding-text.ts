import type { BootEffect } from "./boot-claims.ts";
import type { Part } from "./plan-parts.ts";

export type Severity = "error" | "warning" | "note";

/** What a finding faults: the image with its configuration, or an option that does not fit the image. */
export type FindingKind = "image" | "option";

/** What is the same for every finding of a code. */
export interface FindingText {
  severity: Severity;
  /** The part of a plan that the finding concerns. A stage that does not need the part is not stopped. */
  part: Part;
  kind: FindingKind;
  /** What was found, in some words. */
  title: string;
  /** One sentence: why it matters. */
  why: string;
  /** One sentence: what to do about it. */
  fix: string;
  /** Ways to boot that it stops or limits; `title` is the reason. Absent if it has no effect on booting. */
  boot?: Pick<BootEffect, "effect" | "ways">;
}
