import { hostArchitecture, ociArchitecture } from "../../base/architecture.ts";
import { PlatterError } from "../../base/error.ts";
import type { Descriptor, ImageIndex } from "./oci-manifest.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** The user's choices that select one of several images. */
export interface ImageChoice {
  tag: string | undefined;
  /** In OCI's form: `amd64`, `arm64`. If it is undefined and there is a choice, the host's architecture counts. */
  architecture: string | undefined;
  /** The layout or archive, for messages. */
  location: string;
}

/** The host's processor architecture in OCI's form. */
export function hostOciArchitecture(): string {
  const host = hostArchitecture();
  return host === undefined ? process.arch : ociArchitecture(host);
}

/**
 * The chosen entry of a layout's `index.json`. @throws PlatterError `E_IMAGE_TAG`, `E_IMAGE_UNCLEAR`, `E_IMAGE_ARCH`
 */
export function chooseByTag(index: ImageIndex, choice: ImageChoice): Descriptor {
  const { tag, location } = choice;
  if (tag === undefined) return chooseByArchitecture(index.manifests, choice);
  const tagged = taggedEntries(index.manifests, tag);
  if (tagged.length > 0) return chooseByArchitecture(tagged, choice);
  throw new PlatterError({
    code: "E_IMAGE_TAG",
    kind: "contract",
    message: `Cannot find the image \`${tag}\`: it is not in \`${location}\``,
    detail: index.manifests.map(describe),
    hint: "Name one of these images.",
  });
}

/** Entries with a tag. `@INDEX` selects by the index from 0, and `@DIGEST` by the digest. */
function taggedEntries(entries: readonly Descriptor[], tag: string): readonly Descriptor[] {
  const place = /^@(\d+)$/.exec(tag)?.[1];
  if (place !== undefined) return entries.slice(Number(place), Number(place) + 1);
  const digest = /^@(sha\d+:[0-9a-f]+)$/.exec(tag)?.[1];
  if (digest !== undefined) return entries.filter((entry) => entry.digest === digest);
  return entries.filter((entry) => entry.annotations?.[REF_NAME] === tag);
}

/** The only image for the chosen architecture. @throws PlatterError `E_IMAGE_UNCLEAR`, `E_IMAGE_ARCH` */
export function chooseByArchitecture(entries: readonly Descriptor[], choice: ImageChoice): Descriptor {
  const { architecture, location } = choice;
  const manifests = distinct(entries.filter((entry) => !isAttestation(entry)));
  const images = manifests.filter((entry) => (entry.artifactType ?? undefined) === undefined);
  const [only] = images;
  if (only === undefined) {
    throw new PlatterError({
      code: "E_IMAGE_UNCLEAR",
      kind: "contract",
      message: `Cannot use \`${location}\`: it does not have an image`,
      detail: manifests.map((entry) => `${describe(entry)}  ${entry.artifactType}`),
    });
  }
  if (images.every((entry) => !isLinux(entry))) throw otherSystem(images, location);
  // A single image is accepted here. Its configuration has the architecture.
  if (images.length === 1 && (architecture === undefined || only.platform == null)) return only;
  const wanted = architecture ?? hostOciArchitecture();
  const fitting = images.filter((entry) => entry.platform?.architecture === wanted && isLinux(entry));
  const [chosen] = fitting;
  if (fitting.length === 1 && chosen !== undefined) return chosen;
  const none = fitting.length === 0 && images.every((entry) => entry.platform != null);
  throw new PlatterError({
    code: none ? "E_IMAGE_ARCH" : "E_IMAGE_UNCLEAR",
    kind: "contract",
    message: none
      ? `Cannot use \`${location}\`: it does not have an image for ${wanted}`
      : `Cannot choose an image in \`${location}\`: it has several images`,
    detail: images.map(describe),
    hint: none ? "Name one of these architectures with --arch." : "Add the image's tag to the reference.",
  });
}

function isLinux({ platform }: Descriptor): boolean {
  return (platform?.os || "linux") === "linux";
}

function otherSystem(images: readonly Descriptor[], location: string): PlatterError {
  const systems = [...new Set(images.map(({ platform }) => platform?.os))].join(" and ");
  return new PlatterError({
    code: "E_IMAGE_OS",
    kind: "contract",
    message: `Cannot use \`${location}\`: it does not have an image for Linux, only for ${systems}`,
    detail: images.map(describe),
    hint: "Name an image for Linux.",
  });
}

/** Signatures and build records that BuildKit puts next to the images. */
function isAttestation(entry: Descriptor): boolean {
  return (
    entry.annotations?.["vnd.docker.reference.type"] !== undefined ||
    entry.platform?.architecture === "unknown"
  );
}

function distinct(entries: readonly Descriptor[]): Descriptor[] {
  return [...new Map(entries.map((entry) => [entry.digest, entry])).values()];
}

function describe(entry: Descriptor): string {
  const tag = entry.annotations?.[REF_NAME];
  const platform =
    entry.platform == null ? undefined : `${entry.platform.os ?? "linux"}/${entry.platform.architecture}`;
  return [tag ?? "(no tag)", platform, entry.digest].filter((part) => part !== undefined).join("  ");
}
