import { PlatterError } from "../error.ts";
import type { Descriptor, ImageIndex } from "./oci-manifest.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** What a user may say to choose one image of several. */
export interface ImageChoice {
  tag: string | undefined;
  /** As OCI writes it: `amd64`, `arm64`. Undefined: the host's, where there is a choice. */
  architecture: string | undefined;
  /** The layout or archive, for messages. */
  location: string;
}

/** The host's processor architecture as OCI writes it. */
export function hostArchitecture(): string {
  return process.arch === "x64" ? "amd64" : process.arch;
}

/** The entry of a layout's `index.json` that is meant. @throws PlatterError `E_IMAGE_TAG`, `E_IMAGE_UNCLEAR`, `E_IMAGE_ARCH` */
export function chooseByTag(index: ImageIndex, choice: ImageChoice): Descriptor {
  const { tag, location } = choice;
  if (tag === undefined) return chooseByArchitecture(index.manifests, choice);
  const place = /^@(\d+)$/.exec(tag)?.[1];
  const tagged =
    place === undefined
      ? index.manifests.filter((entry) => entry.annotations?.[REF_NAME] === tag)
      : index.manifests.slice(Number(place), Number(place) + 1);
  if (tagged.length > 0) return chooseByArchitecture(tagged, choice);
  throw new PlatterError({
    code: "E_IMAGE_TAG",
    kind: "contract",
    message: `\`${location}\` holds no image \`${tag}\`.`,
    detail: index.manifests.map(describe),
    hint: "Name one of those that it holds.",
  });
}

/** The one image for the architecture that is meant. @throws PlatterError `E_IMAGE_UNCLEAR`, `E_IMAGE_ARCH` */
export function chooseByArchitecture(entries: readonly Descriptor[], choice: ImageChoice): Descriptor {
  const { architecture, location } = choice;
  const images = distinct(entries.filter((entry) => !isAttestation(entry)));
  const [only] = images;
  if (only === undefined) {
    throw new PlatterError({
      code: "E_IMAGE_UNCLEAR",
      kind: "contract",
      message: `\`${location}\` holds no image.`,
    });
  }
  // A single image is taken as it is: its configuration tells what it is for.
  if (images.length === 1 && (architecture === undefined || only.platform == null)) return only;
  const wanted = architecture ?? hostArchitecture();
  const fitting = images.filter(
    (entry) => entry.platform?.architecture === wanted && (entry.platform.os ?? "linux") === "linux",
  );
  const [chosen] = fitting;
  if (fitting.length === 1 && chosen !== undefined) return chosen;
  const none = fitting.length === 0 && images.every((entry) => entry.platform != null);
  throw new PlatterError({
    code: none ? "E_IMAGE_ARCH" : "E_IMAGE_UNCLEAR",
    kind: "contract",
    message: none
      ? `\`${location}\` holds no image for ${wanted}.`
      : `\`${location}\` holds several images, and it is not clear which one is meant.`,
    detail: images.map(describe),
    hint: none ? "Name an architecture that it holds with --arch." : "Add the image's tag to the reference.",
  });
}

/** Signatures and build records that BuildKit puts beside the images. */
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
