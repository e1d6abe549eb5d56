import { z } from "zod";
import { PlatterError } from "../base/error.ts";

/** A record of `layers.json` or `images.json` (containers/storage, layers.go and images.go); unknown fields stay. */
const layerRecord = z.looseObject({ id: z.string(), parent: z.string().optional() });
const imageRecord = z.looseObject({
  id: z.string(),
  names: z.array(z.string()).nullish(),
  "big-data-names": z.array(z.string()).nullish(),
  "big-data-sizes": z.record(z.string(), z.number()).nullish(),
  "big-data-digests": z.record(z.string(), z.string()).nullish(),
});

export type LayerRecord = z.infer<typeof layerRecord>;
export type ImageRecord = z.infer<typeof imageRecord>;

/** containers/storage's numbers for how a layer's blob is compressed (archive.Compression). */
const COMPRESSIONS: readonly (readonly [suffix: RegExp, number: number])[] = [
  [/[.+]gzip$/, 2],
  [/[.+]zstd$/, 4],
];

/** @throws PlatterError `E_PAYLOAD_STORAGE` */
export function parseLayerRecords(text: string, path: string): LayerRecord[] {
  return parseRecords(z.array(layerRecord), text, path);
}

/** @throws PlatterError `E_PAYLOAD_STORAGE` */
export function parseImageRecords(text: string, path: string): ImageRecord[] {
  return parseRecords(z.array(imageRecord), text, path);
}

function parseRecords<T>(schema: z.ZodType<T>, text: string, path: string): T {
  try {
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new PlatterError({
      code: "E_PAYLOAD_STORAGE",
      kind: "contract",
      message: `Cannot read \`/${path}\` in the image: it is not in podman's format`,
      hint: "Remove the image's own container storage, or leave it out with --exclude.",
      cause,
    });
  }
}

/** The record in `layers.json` for a layer of a payload. */
export function newLayerRecord(options: {
  id: string;
  parent: string | undefined;
  /** RFC 3339. */
  created: string;
  blob: { digest: string; size: number; mediaType: string };
  diffId: string;
  diffSize: number;
  uids: readonly number[];
  gids: readonly number[];
}): LayerRecord {
  const { id, parent, created, blob, diffId, diffSize, uids, gids } = options;
  const named = COMPRESSIONS.find(([suffix]) => suffix.test(blob.mediaType))?.[1] ?? 0;
  // Media types are unreliable: Docker archives declare plain layers as compressed.
  const compression = blob.digest === diffId ? 0 : named;
  return {
    id,
    ...(parent === undefined ? {} : { parent }),
    created,
    // An image whose manifest names the compressed blobs is found by this digest.
    "compressed-diff-digest": blob.digest,
    "compressed-size": blob.size,
    "diff-digest": diffId,
    "diff-size": diffSize,
    ...(compression === 0 ? {} : { compression }),
    uidset: [...uids],
    gidset: [...gids],
  };
}

/** A file that containers/storage stores with an image under `key`. */
export interface BigData {
  key: string;
  bytes: Uint8Array;
  digest: string;
}

/** The record in `images.json` for a payload. */
export function newImageRecord(options: {
  id: string;
  digest: string;
  names: readonly string[];
  topLayer: string | undefined;
  created: string;
  data: readonly BigData[];
}): ImageRecord {
  const { id, digest, names, topLayer, created, data } = options;
  return {
    id,
    digest,
    names: [...names],
    "names-history": [...names],
    ...(topLayer === undefined ? {} : { layer: topLayer }),
    metadata: "{}",
    "big-data-names": data.map(({ key }) => key),
    "big-data-sizes": Object.fromEntries(data.map(({ key, bytes }) => [key, bytes.length])),
    "big-data-digests": Object.fromEntries(data.map((each) => [each.key, each.digest])),
    created,
  };
}

/**
 * Adds an image to the records. Its names move to it, as with `podman tag`. An existing record of the image gets the
 * names, and the big data that it lacks.
 */
export function addImageRecord(records: readonly ImageRecord[], image: ImageRecord): ImageRecord[] {
  const names = image.names ?? [];
  const others = records.map((record) => {
    const own = record.names ?? [];
    if (record.id === image.id) return merged(record, image);
    return own.some((name) => names.includes(name))
      ? { ...record, names: own.filter((name) => !names.includes(name)) }
      : record;
  });
  return records.some(({ id }) => id === image.id) ? others : [...others, image];
}

function merged(record: ImageRecord, image: ImageRecord): ImageRecord {
  const names = [...new Set([...(record.names ?? []), ...(image.names ?? [])])];
  const keys = image["big-data-names"];
  if (keys === undefined || keys === null) return { ...record, names };
  return {
    ...record,
    names,
    "big-data-names": [...new Set([...(record["big-data-names"] ?? []), ...keys])],
    "big-data-sizes": { ...image["big-data-sizes"], ...record["big-data-sizes"] },
    "big-data-digests": { ...image["big-data-digests"], ...record["big-data-digests"] },
  };
}

/**
 * The name of a file that holds big data: containers/storage writes keys with other characters than letters, digits and
 * hyphens in base64 (images.go, makeBigDataBaseName).
 */
export function bigDataFile(key: string): string {
  return /^[A-Za-z0-9-]+$/.test(key) ? key : `=${Buffer.from(key).toString("base64")}`;
}
