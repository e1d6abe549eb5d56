import type { Reporter } from "../base/progress.ts";
import type { FindingCode } from "../contract/findings/finding.ts";
import type { Strictness } from "../contract/findings/findings-error.ts";
import type { PlanOptions } from "../contract/plan/plan-options.ts";
import type { PullPolicy } from "../image/pull-policy.ts";
import type { AddRequest } from "../iso/add-request.ts";

/** The options of every command that works on an image. */
export interface SessionOptions {
  /** The image. Undefined if the plan in the work directory names it. */
  reference: string | undefined;
  /** The user's work directory. Undefined for a temporary one. */
  work: string | undefined;
  /** The folder in which a temporary work directory is made. */
  beside: string;
  architecture: string | undefined;
  /** When names of images are looked for in registries. Undefined for never. */
  pull: PullPolicy | undefined;
  plan: Omit<PlanOptions, "excludes" | "added"> & {
    exclude: readonly string[];
    defaultExcludes: "with" | "without";
  };
  /** Files and folders of the host for the ISO. */
  added: readonly AddRequest[];
  /** Folders of the host that are put over the image, lowest first. */
  overlays: readonly string[];
  /** References of the payloads, as the user wrote them. */
  payloads: readonly string[];
  strictness: Strictness;
  /** Codes of findings that are not shown, and that `strict` does not count. The boot claims still consider them. */
  ignored: ReadonlySet<FindingCode>;
  signal: AbortSignal;
  reporter: Reporter;
  clock: () => number;
  version: string;
}
