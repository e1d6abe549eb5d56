import type { BuildInfo } from "../internal/documents/version-document.ts";
import packageJson from "../package.json" with { type: "json" };

/** `scripts/build` writes these into the binary. */
declare const PLATTER_COMMIT: string | undefined;
declare const PLATTER_DATE: string | undefined;
declare const PLATTER_TARGET: string | undefined;

export const VERSION = packageJson.version;

/**
 * The versions and the commit of this program. `date` is the date of the commit. `commit`, `date` and `target` are null
 * if platter runs from its sources.
 */
export const BUILD_INFO: BuildInfo = {
  platter: VERSION,
  commit: (typeof PLATTER_COMMIT === "string" && PLATTER_COMMIT) || null,
  date: (typeof PLATTER_DATE === "string" && PLATTER_DATE) || null,
  target: (typeof PLATTER_TARGET === "string" && PLATTER_TARGET) || null,
  bun: Bun.version,
};
