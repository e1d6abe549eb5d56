import { readFileSync, rmSync } from "node:fs";
import { z } from "zod";
import { PlatterError } from "../error.ts";
import { digestOf, memoryBlob } from "../image/blob.ts";
import { containersEnvironment } from "../image/containers-environment.ts";
import { inspectStored, type StoredImage, storageName } from "../image/containers-storage.ts";
import { externalDecompressor } from "../image/external-decompressor.ts";
import { makeLayoutFolder } from "../image/fetched-layout.ts";
import { namesMeant } from "../image/image-name.ts";
import { blobLayer } from "../image/layer.ts";
import { checkArchitecture, findOciImage } from "../image/oci-layout.ts";
import { readConfig, readManifestOrIndex } from "../image/oci-manifest.ts";
import type { OpenOptions } from "../image/open-options.ts";
import { requireDiffIds, requireDigest } from "./layout-payload.ts";
import type { PayloadImage, PayloadSource } from "./payload-image.ts";
import { bigDataFile } from "./storage-records.ts";

const info = z.object({ store: z.object({ graphRoot: z.string(), graphDriverName: z.string() }) });

/** A payload in podman's storage, which is only read. */
export function storagePayload(
  reference: { name: string; noPath?: string | undefined },
  options: Omit<OpenOptions, "capture">,
): PayloadSource {
  const { name } = reference;
  const inspect = () => inspectStored(reference, options);
  return {
    async describe() {
      const stored = await inspect();
      checkArchitecture(stored.Architecture, options.architecture, `containers-storage:${name}`);
      return {
        reference: `containers-storage:${name}`,
        digest: manifestDigest(stored, name),
        names: namesMeant(storageName(name).image, stored.RepoTags ?? []),
      };
    },
    async open(digest) {
      const stored = await inspect();
      requireDigest(manifestDigest(stored, name), digest, `containers-storage:${name}`);
      return openStored({ name, id: stored.Id, digest }, options);
    },
  };
}

async function openStored(
  image: { name: string; id: string; digest: string },
  options: Omit<OpenOptions, "capture">,
): Promise<PayloadImage> {
  const { name, id, digest } = image;
  const { podman } = storageName(name);
  // podman writes another manifest when it saves an image, and often another configuration: layers are all that the
  // copy is for.
  const manifest = await bigData(image, { key: "manifest", digest }, options);
  const config = await bigData(image, { key: `sha256:${id}`, digest: `sha256:${id}` }, options);
  const layout = makeLayoutFolder(options.work);
  const release = () => rmSync(layout, { recursive: true, force: true });
  try {
    const save = ["save", "--quiet", "--uncompressed", "--format", "oci-dir", "--output", layout, id];
    await options.runTool({
      argv: [...podman, ...save],
      signal: options.signal,
      env: containersEnvironment(),
    });
    const external = externalDecompressor(options);
    const saved = await findOciImage({ transport: "oci", path: layout, tag: undefined }, options);
    const read = (bytes: Uint8Array, what: string) => memoryBlob(bytes, `${what} of \`${name}\``);
    const found = await readManifestOrIndex(read(manifest, "manifest"));
    const { diffIds, created } = await readConfig(read(config, "configuration"));
    requireDiffIds(diffIds, saved.layers.length, `containers-storage:${name}`);
    const blobs = found.manifest?.layers ?? [];
    requireDiffIds(diffIds, blobs.length, `containers-storage:${name}`);
    return {
      manifest,
      config,
      created,
      layers: blobs.map(({ digest, size, mediaType = "" }, index) => ({
        layer: blobLayer(saved.layers[index]!, { external }),
        diffId: diffIds![index]!,
        blob: { digest, size, mediaType },
      })),
      async [Symbol.asyncDispose]() {
        saved.store[Symbol.dispose]();
        release();
      },
    };
  } catch (error) {
    release();
    throw error;
  }
}

/** A file that containers/storage keeps with an image, to the byte: from its folder, else through skopeo. */
async function bigData(
  image: { name: string; id: string },
  wanted: { key: string; digest: string },
  options: Omit<OpenOptions, "capture">,
): Promise<Uint8Array> {
  const { podman } = storageName(image.name);
  const { runTool, signal } = options;
  const env = containersEnvironment();
  const told = await runTool({ argv: [...podman, "info", "--format", "json"], signal, env });
  const parsed = info.safeParse(jsonOf(told.stdout));
  if (parsed.success) {
    const { graphRoot, graphDriverName } = parsed.data.store;
    const path = `${graphRoot}/${graphDriverName}-images/${image.id}/${bigDataFile(wanted.key)}`;
    const bytes = readIfThere(path);
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
  });
  const bytes = Buffer.concat(chunks);
  if (digestOf(bytes) === wanted.digest) return bytes;
  throw new PlatterError({
    code: "E_PAYLOAD_DIGEST",
    kind: "tool",
    message: `The storage that has the payload \`${image.name}\` does not hold its \`${wanted.key}\` with the digest ${wanted.digest}.`,
    hint: "Write the image into a folder with `skopeo copy`, and name it as `oci:DIR`.",
  });
}

function manifestDigest(stored: StoredImage, name: string): string {
  if (stored.Digest !== undefined && stored.Digest !== "") return stored.Digest;
  throw new PlatterError({
    code: "E_PAYLOAD_DIGEST",
    kind: "contract",
    message: `podman tells no digest of the payload \`${name}\`.`,
    hint: "Pull or build it again.",
  });
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch {
    // In another store, or not readable: skopeo knows the way.
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
