import type { OpenOptions } from "../open-options.ts";
import { type ImageReference, type KnownReference, parseReference } from "../reference.ts";
import { lookUpStored } from "../source/containers-storage.ts";
import { rawManifest } from "../source/docker.ts";
import { requireDaemonImage } from "../source/docker-daemon.ts";
import { recognise } from "../source/recognise.ts";
import { pulled } from "./pull.ts";

type Options = Pick<OpenOptions, "signal" | "runTool" | "pull">;

/**
 * Examines the path of a reference: the entries of a folder, or the first bytes of a file. A file without a transport
 * counts as `tar`. Podman's storage and registries are not searched.
 * @throws PlatterError `E_REFERENCE`, `E_IMAGE_MISSING`, `E_REFERENCE_KIND`, `E_TAR_…`, `E_FILE_…`
 */
export function lookAtPlace(reference: string | ImageReference, options: Options): Promise<KnownReference> {
  const parsed = typeof reference === "string" ? parseReference(reference) : reference;
  return recognise(parsed, { ...options, archives: "by-their-start" });
}

/**
 * Asks podman, Docker's daemon or the registry whether an image exists that is not at a path.
 * @throws PlatterError `E_IMAGE_MISSING`, `E_REGISTRY`, `E_DOCKER`, `E_PODMAN_ANSWER`, `E_TOOL_…`
 */
export async function requireImageExists(known: KnownReference, options: Options): Promise<void> {
  const reference = await pulled(known, options);
  if (reference.transport === "containers-storage") await lookUpStored(reference, options);
  if (reference.transport === "docker-daemon") await requireDaemonImage(reference.name, options);
  if (reference.transport === "docker") await rawManifest(reference.name, options);
}
