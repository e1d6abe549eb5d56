import { PlatterError } from "../../base/error.ts";
import type { ImageConfig, ImageManifest } from "./oci-manifest.ts";

/** Types of configurations that images have. */
const IMAGE_CONFIGS = [
  "application/vnd.oci.image.config.v1+json",
  "application/vnd.docker.container.image.v1+json",
];

const KNOWN: ReadonlyMap<string, string> = new Map([
  ["application/vnd.cncf.helm.config.v1+json", "a Helm chart"],
  ["application/vnd.docker.plugin.v1+json", "a Docker plugin"],
]);

/** Checks that a manifest describes a container image and not another artifact. @throws PlatterError `E_IMAGE_ARTIFACT` */
export function requireImage(manifest: ImageManifest, location: string): void {
  const type = manifest.config.mediaType;
  if (type === undefined || IMAGE_CONFIGS.includes(type)) return;
  const kind = KNOWN.get(type) ?? "an artifact";
  const shown = manifest.artifactType ?? type;
  throw new PlatterError({
    code: "E_IMAGE_ARTIFACT",
    kind: "contract",
    message: `Cannot use \`${location}\` as an image: it holds ${kind} of the type \`${shown}\``,
    hint: "Name a container image.",
  });
}

/** @throws PlatterError `E_IMAGE_OS` for an image of another system than Linux */
export function requireLinux({ os }: Pick<ImageConfig, "os">, location: string): void {
  if (os === undefined || os === "" || os === "linux") return;
  throw new PlatterError({
    code: "E_IMAGE_OS",
    kind: "contract",
    message: `Cannot use the image in \`${location}\`: it is for ${os}, and platter makes ISOs of Linux images`,
    hint: "Name an image for Linux.",
  });
}

/** @throws PlatterError `E_IMAGE_EMPTY` for an image without layers */
export function requireLayers(
  { layers }: ImageManifest,
  reference: { transport: string; path: string },
): void {
  if (layers.length > 0) return;
  const { transport, path } = reference;
  const isArchive = transport === "oci-archive";
  throw new PlatterError({
    code: "E_IMAGE_EMPTY",
    kind: "contract",
    message: `Cannot use the image in \`${path}\`: it has no layers`,
    hint: isArchive
      ? `Try \`docker-archive:${path}\`, or save the image again with a Docker other than 25.0.0.`
      : "Build or copy the image again.",
  });
}
