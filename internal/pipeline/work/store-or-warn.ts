import { PlatterError } from "../../base/error.ts";
import { errnoOf, reasonOf } from "../../base/machine-error.ts";
import type { Reporter } from "../../base/progress.ts";
import type { ArtifactCache } from "./artifact-cache.ts";

/** Stores something in a cache. If that is not possible, the build goes on with a warning. @throws PlatterError `E_INTERRUPTED` */
export async function storeOrWarn(
  what: string,
  options: { store: () => Promise<void>; cache: ArtifactCache; reporter: Pick<Reporter, "warn"> },
): Promise<void> {
  const { store, cache, reporter } = options;
  try {
    await store();
  } catch (error) {
    if (!(error instanceof PlatterError) && errnoOf(error) === undefined) throw error;
    if (error instanceof PlatterError && error.kind === "interrupted") throw error;
    const reason = error instanceof PlatterError ? error.message : reasonOf(error);
    reporter.warn(`Cannot keep ${what} in \`${cache.path}\`: ${reason}`);
  }
}
