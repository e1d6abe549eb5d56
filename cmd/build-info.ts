import packageJson from "../package.json" with { type: "json" };

/** `scripts/build` writes these into the binary. */
declare const PLATTER_COMMIT: string | undefined;
declare const PLATTER_TARGET: string | undefined;

export const VERSION = packageJson.version;

/** What this program was made from. `commit` and `target` are null if it runs from its sources. */
export const BUILD_INFO = {
  version: VERSION,
  commit: typeof PLATTER_COMMIT === "string" && PLATTER_COMMIT !== "" ? PLATTER_COMMIT : null,
  target: typeof PLATTER_TARGET === "string" ? PLATTER_TARGET : null,
  bun: Bun.version,
} as const;
