import type { Reporter } from "../base/progress.ts";
import type { FindingCode } from "../contract/findings/finding.ts";
import type { Strictness } from "../contract/findings/findings-error.ts";
import type { PlanOptions } from "../contract/plan/plan-options.ts";

/** What is the same for every command that works on an image. */
export interface SessionOptions {
  /** The image; undefined where the plan in the work directory names it. */
  reference: string | undefined;
  /** The user's work directory; undefined for a temporary one. */
  work: string | undefined;
  /** The output next to which a temporary work directory is made. */
  beside: string;
  architecture: string | undefined;
  plan: Omit<PlanOptions, "excludes" | "parts"> & {
    exclude: readonly string[];
    defaultExcludes: "with" | "without";
  };
  /** Payloads as the user asks for them. */
  payloads: readonly string[];
  strictness: Strictness;
  /** Findings that are neither shown nor count with `strict`. Boot claims still follow from them. */
  ignored: ReadonlySet<FindingCode>;
  signal: AbortSignal;
  reporter: Reporter;
  clock: () => number;
  version: string;
}
