import { PlatterError } from "../../base/error.ts";
import { digestOf } from "../../bytes/digest.ts";
import { ImageMissing } from "../image-missing.ts";
import type { PullPolicy } from "../pull-policy.ts";
import type { ImageReference, KnownReference } from "../reference.ts";
import { lookUpStored, type StoredImage } from "../source/containers-storage.ts";
import { rawManifest } from "../source/docker.ts";
import { recognise } from "../source/recognise.ts";
import type { RecogniseOptions } from "../source/recognise-archive.ts";

type Options = RecogniseOptions & { pull?: PullPolicy | undefined };

/**
 * The reference with its transport, see {@link recognise}. A name in podman's storage becomes a name in its registry if
 * the policy wants that.
 * @throws PlatterError the errors of {@link recognise}; `E_REGISTRY`, `E_PODMAN_ANSWER`, `E_TOOL_…`
 */
export async function locate(reference: ImageReference, options: Options): Promise<KnownReference> {
  return pulled(await recognise(reference, options), options);
}

/** A name in podman's storage, or the same name in its registry. Other references are returned unchanged. */
export async function pulled(reference: KnownReference, options: Options): Promise<KnownReference> {
  const { pull = "never" } = options;
  if (reference.transport !== "containers-storage" || pull === "never") return reference;
  const { name } = reference;
  // Such a name is not in a registry.
  if (/^localhost\/|^\[/.test(name)) return reference;
  const inRegistry = { transport: "docker", name } as const;
  if (pull === "always") return inRegistry;
  const stored = await storedImage(reference, options);
  if (stored === undefined) return inRegistry;
  if (pull === "missing") return reference;
  return (await isNewest(stored, name, options)) ? reference : inRegistry;
}

/** The image in podman's storage. Undefined if it, or podman, is missing. */
async function storedImage(reference: { name: string }, options: Options): Promise<StoredImage | undefined> {
  try {
    return await lookUpStored(reference, options);
  } catch (error) {
    const isMissing =
      error instanceof ImageMissing || (error instanceof PlatterError && error.code === "E_TOOL_MISSING");
    if (!isMissing) throw error;
    return undefined;
  }
}

/** Whether the registry's manifest or index is the one by which the image was pulled. */
async function isNewest(stored: StoredImage, name: string, options: Options): Promise<boolean> {
  const digest = digestOf(await rawManifest(name, options));
  const pulledBy = (stored.RepoDigests ?? []).map((each) => each.slice(each.indexOf("@") + 1));
  return [stored.Digest, ...pulledBy].includes(digest);
}
