import { formatReference, type KnownReference } from "../image/reference.ts";
import type { ProgramNeed } from "../process/program.ts";

const HINT = "Install what is missing, or save the image elsewhere and use `oci-archive:FILE`.";

/**
 * The programs that can read the image. One of them is enough. `fetchers` can fetch the image from a registry.
 */
export function referenceNeeds(reference: KnownReference, fetchers: readonly string[]): ProgramNeed[] {
  const { transport } = reference;
  if (transport === "docker")
    return [{ programs: fetchers, by: `\`${formatReference(reference)}\``, hint: HINT }];
  if (transport !== "containers-storage") return [];
  // The user may have meant a path, so the error repeats the name as it was written.
  const by = reference.noPath === undefined ? formatReference(reference) : reference.name;
  const seen = reference.noPath === undefined ? "" : ` (${reference.noPath})`;
  return [{ programs: ["podman"], by: `\`${by}\`${seen}`, hint: HINT }];
}
