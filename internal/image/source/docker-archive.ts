import { z } from "zod";
import { PlatterError } from "../../base/error.ts";
import { counted } from "../../text/counted.ts";
import type { Blob } from "../decompress/blob.ts";
import { blobLayer, type Layer } from "../decompress/layer.ts";
import type { ImageTree } from "../image-tree.ts";
import { openLayeredTree } from "../layer/layered-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { otherArchive } from "./archive-kind.ts";
import { requireLinux } from "./oci-kind.ts";
import { checkArchitecture } from "./oci-layout.ts";
import { type ImageConfig, parsed, readImageConfig, readJson } from "./oci-manifest.ts";
import { TarArchive } from "./tar-archive.ts";

export interface DockerArchiveReference {
  path: string;
  /** A name of the image, or `@INDEX`. */
  tag: string | undefined;
}

const manifest = z.array(
  z.object({ Config: z.string(), RepoTags: z.array(z.string()).nullish(), Layers: z.array(z.string()) }),
);
type ArchivedImage = z.infer<typeof manifest>[number];

/** An image in a Docker archive, before its layers are read. */
export interface ArchivedDockerImage {
  archive: TarArchive;
  /** Names of the image in the archive. */
  names: readonly string[];
  /** The configuration, and its digest, if its name has the digest. */
  configBlob: Blob;
  config: ImageConfig;
  layers: { layer: Layer; diffId: string }[];
}

/**
 * An image in an archive of `docker save` or `podman save`, which may be compressed. Its layers are checked against the
 * digests in the configuration, which are those of the plain tars.
 * @throws PlatterError `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`
 */
export async function openDockerArchive(
  reference: DockerArchiveReference,
  options: OpenOptions,
): Promise<ImageTree> {
  const { path, tag } = reference;
  const { archive, configBlob, config, layers } = await findDockerImage(reference, options);
  const source = {
    reference: `docker-archive:${path}${tag === undefined ? "" : `:${tag}`}`,
    transport: "docker-archive",
    digest: configBlob.digest,
    created: config.created,
    architecture: config.architecture,
  };
  const plain = layers.map(({ layer }) => layer);
  return await openLayeredTree({ ...options, source, layers: plain, dialect: "layer", resources: archive });
}

/**
 * Finds an image in an archive. The caller disposes of the archive.
 * @throws PlatterError `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`
 */
export async function findDockerImage(
  reference: DockerArchiveReference,
  options: Omit<OpenOptions, "capture">,
): Promise<ArchivedDockerImage> {
  const { path } = reference;
  const archive = await TarArchive.open(path, options);
  try {
    const list = member(archive, "manifest.json");
    const image = choose(parsed(manifest, await readJson(list), list), reference);
    const configBlob = { ...member(archive, image.Config), digest: nameDigest(image.Config) };
    const config = await readImageConfig(configBlob);
    requireLinux(config, path);
    checkArchitecture(config.architecture, options.architecture, path);
    if (config.diffIds?.length !== image.Layers.length)
      throw uneven(path, image, config.diffIds?.length ?? 0);
    const diffIds = config.diffIds;
    const layers = image.Layers.map((name, index) => {
      const diffId = diffIds[index] as string;
      return { layer: blobLayer(member(archive, name), { diffId }), diffId };
    });
    return { archive, names: image.RepoTags ?? [], configBlob, config, layers };
  } catch (error) {
    archive[Symbol.dispose]();
    throw error;
  }
}

function member(archive: TarArchive, name: string): Blob {
  const blob = archive.blob(name, { name: `\`${name}\` in \`${archive.path}\`` });
  if (blob !== undefined) return blob;
  const other =
    name === "manifest.json" ? otherArchive(archive.path, archive.kind, "docker-archive") : undefined;
  if (other !== undefined) throw other;
  throw new PlatterError({
    code: name === "manifest.json" ? "E_IMAGE_LAYOUT" : "E_BLOB_MISSING",
    kind: "contract",
    message: `Cannot read \`${archive.path}\`: it does not have \`${name}\``,
    hint: "Write the archive again with `docker save` or `podman save`.",
  });
}

function choose(images: readonly ArchivedImage[], { path, tag }: DockerArchiveReference): ArchivedImage {
  const [only] = images;
  if (tag === undefined && images.length === 1 && only !== undefined) return only;
  const place = /^@(\d+)$/.exec(tag ?? "")?.[1];
  const found =
    place === undefined
      ? images.filter((image) => image.RepoTags?.some((name) => fullName(name) === fullName(tag ?? "")))
      : images.slice(Number(place), Number(place) + 1);
  const [chosen] = found;
  if (tag !== undefined && chosen !== undefined) return chosen;
  throw new PlatterError({
    code: tag === undefined ? "E_IMAGE_UNCLEAR" : "E_IMAGE_TAG",
    kind: "contract",
    message:
      tag === undefined
        ? `Cannot choose an image in \`${path}\`: it has ${counted(images.length, "image")}`
        : `Cannot find the image \`${tag}\`: it is not in \`${path}\``,
    detail: images.map((image, index) => `@${index}  ${image.RepoTags?.join(" ") || "(no tag)"}`),
    hint: "Name one of these images after the path.",
  });
}

/** The full name in Docker's form, with registry and tag. */
export function fullName(name: string): string {
  const tagged = /:[^/]*$/.test(name) ? name : `${name}:latest`;
  const [first, ...rest] = tagged.split("/");
  if (rest.length === 0) return `docker.io/library/${tagged}`;
  return first === "localhost" || /[.:]/.test(first ?? "") ? tagged : `docker.io/${tagged}`;
}

/** The digest in a configuration's name: `HEX.json` in older archives, `blobs/sha256/HEX` in newer ones. */
function nameDigest(name: string): string | undefined {
  const hex = /(?:^|\/)([0-9a-f]{64})(?:\.json)?$/.exec(name)?.[1];
  return hex === undefined ? undefined : `sha256:${hex}`;
}

function uneven(path: string, image: ArchivedImage, digests: number): PlatterError {
  return new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `Cannot read \`${path}\`: it lists ${counted(image.Layers.length, "layer")}, but digests for ${digests}`,
    hint: "Write the archive again with `docker save` or `podman save`.",
  });
}
