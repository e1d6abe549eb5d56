import { z } from "zod";
import { PlatterError } from "../../base/error.ts";
import { type Blob, readBlob } from "../decompress/blob.ts";
import type { SourceLayer } from "../image-tree.ts";

const descriptor = z.object({
  mediaType: z.string().optional(),
  digest: z.string(),
  size: z.int().nonnegative(),
  annotations: z.record(z.string(), z.string()).nullish(),
  platform: z.object({ architecture: z.string(), os: z.string().optional() }).nullish(),
  artifactType: z.string().nullish(),
});

/** A reference to a blob (image-spec, descriptor.md), as far as platter needs it. */
export type Descriptor = z.infer<typeof descriptor>;

const index = z.object({ schemaVersion: z.literal(2), manifests: z.array(descriptor) });
const manifest = z.object({
  schemaVersion: z.literal(2),
  artifactType: z.string().nullish(),
  config: descriptor,
  layers: z.array(descriptor),
});

/** An image index or Docker manifest list. */
export type ImageIndex = z.infer<typeof index>;
/** An image manifest, OCI's or Docker's schema 2. */
export type ImageManifest = z.infer<typeof manifest>;

const historyEntry = z.object({ created_by: z.string().nullish(), empty_layer: z.boolean().nullish() });

const config = z.object({
  architecture: z.string().optional(),
  os: z.string().optional(),
  created: z.string().nullish(),
  rootfs: z.object({ diff_ids: z.array(z.string()) }).optional(),
  history: z.array(historyEntry).nullish(),
});

/** An image configuration (image-spec, config.md), as far as platter needs it. */
export interface ImageConfig {
  architecture: string | undefined;
  /** In Go's form: `linux`, `windows`. */
  os: string | undefined;
  /** Seconds since 1970, rounded down. */
  created: number | undefined;
  diffIds: readonly string[] | undefined;
  /** The layers with the instructions that made them, lowest first. Undefined without `diffIds`. */
  layers: readonly SourceLayer[] | undefined;
}

/** Bytes of the largest index, manifest or configuration, as registries limit them (distribution-spec, "Pushing manifests"). */
export const DOCUMENT_LIMIT = 4 * 1024 * 1024;

/** @throws PlatterError `E_IMAGE_MANIFEST`, `E_BLOB_…` */
export async function readIndex(blob: Blob): Promise<ImageIndex> {
  return parsed(index, await readJson(blob), blob);
}

/** An image manifest, or an index instead of it. @throws PlatterError `E_IMAGE_MANIFEST`, `E_BLOB_…` */
export async function readManifestOrIndex(
  blob: Blob,
): Promise<{ index: ImageIndex; manifest?: never } | { manifest: ImageManifest; index?: never }> {
  const json = await readJson(blob);
  if (typeof json === "object" && json !== null && "manifests" in json) {
    return { index: parsed(index, json, blob) };
  }
  return { manifest: parsed(manifest, json, blob) };
}

/** @throws PlatterError `E_IMAGE_MANIFEST`, `E_BLOB_…` */
export async function readImageConfig(blob: Blob): Promise<ImageConfig> {
  const found = parsed(config, await readJson(blob), blob);
  return {
    architecture: found.architecture,
    os: found.os,
    created: parseCreated(found.created),
    diffIds: found.rootfs?.diff_ids,
    layers: layersOf(found),
  };
}

/** An image without a complete history has layers without instructions. */
function layersOf({ rootfs, history }: z.infer<typeof config>): SourceLayer[] | undefined {
  const made = (history ?? []).filter(({ empty_layer }) => empty_layer !== true);
  const isComplete = made.length === rootfs?.diff_ids.length;
  return rootfs?.diff_ids.map((diffId, i) => ({
    diffId,
    createdBy: isComplete ? (made[i]?.created_by ?? undefined) : undefined,
  }));
}

/** RFC 3339 as whole seconds since 1970; undefined without a time, and for the zero times of some builders. */
export function parseCreated(text: string | null | undefined): number | undefined {
  if (text === undefined || text === null) return undefined;
  // Fractions of any length are dropped, since a file system image has only whole seconds.
  const milliseconds = Date.parse(text.replace(/\.\d+/, ""));
  return Number.isNaN(milliseconds) || milliseconds < 0 ? undefined : milliseconds / 1000;
}

/** A small JSON document. @throws PlatterError `E_IMAGE_MANIFEST`, `E_BLOB_…` */
export async function readJson(blob: Blob): Promise<unknown> {
  const bytes = await readBlob(blob, DOCUMENT_LIMIT);
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch (cause) {
    throw unreadable(blob, { problem: bytes.length === 0 ? "it is empty" : "it is not JSON", cause });
  }
}

/** The content of a JSON document, checked against a schema. @throws PlatterError `E_IMAGE_MANIFEST` */
export function parsed<T>(schema: z.ZodType<T>, json: unknown, blob: Blob): T {
  if (isObject(json) && json.schemaVersion === 1) {
    const hint = "Push or save the image again with a current podman, docker or skopeo.";
    throw unreadable(blob, {
      problem: "it is a Docker manifest of schema 1, which is obsolete",
      hint,
    });
  }
  const result = schema.safeParse(json);
  if (result.success) return result.data;
  const [first, ...others] = result.error.issues.map((issue) => problemOf(issue, json));
  throw unreadable(blob, { problem: first as string, detail: others.slice(0, 5) });
}

const EXPECTED: Readonly<Record<string, string>> = {
  array: "a list",
  object: "an object",
  record: "an object",
  string: "a text",
  int: "a whole number",
  number: "a number",
};

/** Describes how a document breaks its schema: a missing field, or a field with an invalid value. */
function problemOf(issue: z.core.$ZodIssue, json: unknown): string {
  const path = issue.path.join(".");
  const field = path === "" ? "the document" : `\`${path}\``;
  const value = issue.path.reduce<unknown>((at, key) => (isObject(at) ? at[String(key)] : undefined), json);
  if (value === undefined) return `${field} is missing`;
  const expected = issue.code === "invalid_type" ? EXPECTED[issue.expected] : undefined;
  return expected === undefined ? `${field} has a value that it cannot have` : `${field} is not ${expected}`;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}

function unreadable(
  blob: Blob,
  options: { problem: string; detail?: readonly string[]; hint?: string; cause?: unknown },
): PlatterError {
  const { problem, detail, hint, cause } = options;
  return new PlatterError({
    code: "E_IMAGE_MANIFEST",
    kind: "contract",
    message: `Cannot read ${blob.name}: ${problem}`,
    detail,
    hint: hint ?? "Copy the image again with skopeo: it writes OCI manifests.",
    cause,
  });
}
