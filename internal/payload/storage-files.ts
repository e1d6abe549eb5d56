import { readFileSync } from "node:fs";
import { z } from "zod";
import { PlatterError } from "../base/error.ts";
import { digestOf } from "../bytes/digest.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { containersEnvironment } from "../image/source/containers-environment.ts";
import { storageName } from "../image/source/containers-storage.ts";
import { DOCUMENT_LIMIT } from "../image/source/oci-manifest.ts";
import { bigDataFile } from "./storage-records.ts";

type Options = Omit<OpenOptions, "capture">;

const info = z.object({ store: z.object({ graphRoot: z.string(), graphDriverName: z.string() }) });
const records = z.array(z.looseObject({ id: z.string(), "big-data-names": z.array(z.string()).nullish() }));
const imageIndex = z.looseObject({ manifests: z.array(z.looseObject({ digest: z.string() })) });

/**
 * The digest of an image's own manifest and the indexes by which it was pulled, from the storage's folder; podman reports
 * an index's digest as the image's. Undefined if the folder is not readable.
 */
export async function keptManifests(
  image: { name: string; id: string },
  options: Options,
): Promise<{ digest: string; indexes: Uint8Array[] } | undefined> {
  const images = await imagesFolder(image.name, options);
  const own = readIfThere(`${images}/${image.id}/manifest`);
  const list = readIfThere(`${images}/images.json`);
  if (own === undefined || list === undefined) return undefined;
  const digest = digestOf(own);
  const record = records.safeParse(jsonOf(text(list))).data?.find(({ id }) => id === image.id);
  const indexes = (record?.["big-data-names"] ?? [])
    .filter((key) => key.startsWith("manifest-sha256:"))
    .sort()
    .flatMap((key) => {
      const bytes = readIfThere(`${images}/${image.id}/${bigDataFile(key)}`);
      return bytes !== undefined && `manifest-${digestOf(bytes)}` === key ? [bytes] : [];
    })
    .filter((bytes) => {
      const index = imageIndex.safeParse(jsonOf(text(bytes))).data;
      return index?.manifests.some((each) => each.digest === digest);
    });
  return { digest, indexes };
}

/** The folder in which the storage keeps its images; undefined if podman does not report it. */
async function imagesFolder(name: string, options: Options): Promise<string | undefined> {
  const { podman } = storageName(name);
  const { runTool, signal } = options;
  const told = await runTool({
    argv: [...podman, "info", "--format", "json"],
    signal,
    env: containersEnvironment(),
  });
  const parsed = info.safeParse(jsonOf(told.stdout));
  if (!parsed.success) return undefined;
  const { graphRoot, graphDriverName } = parsed.data.store;
  return `${graphRoot}/${graphDriverName}-images`;
}

/** The exact bytes of a file that containers/storage stores with an image, from its folder or through skopeo. */
export async function bigData(
  image: { name: string; id: string },
  wanted: { key: string; digest: string },
  options: Options,
): Promise<Uint8Array> {
  const { runTool, signal } = options;
  const env = containersEnvironment();
  const images = await imagesFolder(image.name, options);
  if (images !== undefined) {
    const bytes = readIfThere(`${images}/${image.id}/${bigDataFile(wanted.key)}`);
    if (bytes !== undefined && digestOf(bytes) === wanted.digest) return bytes;
  }
  const prefix = /^\[[^\]]*\]/.exec(image.name)?.[0] ?? "";
  const what = wanted.key === "manifest" ? ["--raw"] : ["--raw", "--config"];
  const chunks: Uint8Array[] = [];
  await runTool({
    argv: ["skopeo", "inspect", ...what, `containers-storage:${prefix}@${image.id}`],
    signal,
    env,
    onStdout: (chunk) => void chunks.push(Uint8Array.from(chunk)),
    maxOutput: DOCUMENT_LIMIT,
  });
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) === wanted.digest) return bytes;
  throw new PlatterError({
    code: "E_PAYLOAD_DIGEST",
    kind: "tool",
    message: `Cannot use the payload \`${image.name}\`: its storage does not have its \`${wanted.key}\` with the digest ${wanted.digest}`,
    hint: "Write the image into a folder with `skopeo copy`, and name `oci:DIR`.",
  });
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    // The storage is elsewhere, or not readable. skopeo can still read it.
    return undefined;
  }
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("utf8");
}
