import type { PullPolicy } from "../image/pull-policy.ts";
import { formatReference, type KnownReference } from "../image/reference.ts";
import type { ProgramNeed } from "../process/program.ts";

const HINT = "Install what is missing, or save the image elsewhere and use `oci-archive:FILE`.";

/**
 * The programs that can read the image. One of them is enough. `fetchers` can fetch the image from a registry.
 */
export function referenceNeeds(
  reference: KnownReference,
  options: { fetchers: readonly string[]; pull?: PullPolicy | undefined },
): ProgramNeed[] {
  const { transport } = reference;
  const { fetchers, pull = "never" } = options;
  const named = `\`${formatReference(reference)}\``;
  if (transport === "docker") return [{ programs: fetchers, by: named, hint: HINT }];
  if (transport === "docker-daemon") return [{ programs: ["docker"], by: named, hint: HINT }];
  if (transport !== "containers-storage") return [];
  // The user may have meant a path, so the error repeats the name as it was written.
  const { noPath } = reference;
  const by = noPath === undefined ? named : `\`${reference.name}\` (${noPath})`;
  return [{ programs: storageReaders(fetchers)[pull], by, hint: HINT }];
}

/** The programs for an image in podman's storage, or in its registry, by the policy. */
function storageReaders(fetchers: readonly string[]): Record<PullPolicy, readonly string[]> {
  return {
    never: ["podman"],
    missing: [...new Set(["podman", ...fetchers])],
    always: fetchers,
    // Only skopeo asks the registry for the digest.
    newer: ["skopeo"],
  };
}
