import { PlatterError } from "../../base/error.ts";
import { shellWord } from "../../process/command-line.ts";
import type { ToolCall } from "../../process/run.ts";
import { memoryBlob } from "../decompress/blob.ts";
import type { ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { containersEnvironment } from "./containers-environment.ts";
import { openContainersStorage } from "./containers-storage.ts";
import { openFetched, withProgress } from "./fetched-image.ts";
import { chooseByArchitecture } from "./oci-choice.ts";
import { openOciLayout } from "./oci-layout.ts";
import { DOCUMENT_LIMIT, readManifestOrIndex } from "./oci-manifest.ts";
import { registryError } from "./registry-error.ts";

/** Options for requests to a registry. */
type AskOptions = Pick<OpenOptions, "signal" | "runTool">;

/**
 * An image from a registry, fetched by skopeo into the work directory, or, without skopeo, by podman into its storage.
 * Both use registries.conf(5) and their credentials.
 * @throws PlatterError `E_IMAGE_MISSING`, `E_REGISTRY`, `E_TOOL_…`, and the errors of reading the fetched image
 */
export async function openDocker(reference: { name: string }, options: OpenOptions): Promise<ImageTree> {
  const { name } = reference;
  const architecture = options.architecture === undefined ? [] : ["--override-arch", options.architecture];
  const copy = (layout: string) =>
    options.runTool({
      argv: ["skopeo", ...architecture, "copy", `docker://${name}`, `oci:${layout}`],
      signal: options.signal,
      env: containersEnvironment(),
    });
  const fetch = async (folder: string) => {
    await withRegistryProgress(() => copy(folder), { name, folder, options });
    return openOciLayout({ transport: "oci", path: folder, tag: undefined }, options);
  };
  const source = { reference: `docker://${name}`, transport: "docker" };
  try {
    return await openFetched(fetch, { work: options.work, source });
  } catch (error) {
    if (error instanceof PlatterError && error.code === "E_TOOL_MISSING") return pulled(name, options);
    throw registryError(error, name);
  }
}

/** Calls `fetch`, which writes an image of a registry into `folder`, and shows how much of it is there. */
export function withRegistryProgress<T>(
  fetch: () => Promise<T>,
  { name, folder, options }: { name: string; folder: string; options: Omit<OpenOptions, "capture"> },
): Promise<T> {
  const askSize = (ended: AbortSignal) =>
    imageSize(name, { ...options, signal: AbortSignal.any([options.signal, ended]) });
  return withProgress(fetch, { folder, reporter: options.reporter, askSize });
}

/** Bytes of the layers of an image in a registry. @throws PlatterError the errors of {@link rawManifest} */
async function imageSize(name: string, options: Omit<OpenOptions, "capture">): Promise<number | undefined> {
  const location = `docker://${name}`;
  const read = async (of: string) =>
    readManifestOrIndex(memoryBlob(await rawManifest(of, options), location));
  let found = await read(name);
  if (found.index !== undefined) {
    const choice = { tag: undefined, architecture: options.architecture, location };
    const { digest } = chooseByArchitecture(found.index.manifests, choice);
    found = await read(`${repositoryOf(name)}@${digest}`);
  }
  return found.manifest?.layers.reduce((sum, { size }) => sum + size, 0);
}

/** The name without its tag or digest. */
export function repositoryOf(name: string): string {
  return name.replace(/@.*$/, "").replace(/:[^/:]*$/, "");
}

async function pulled(name: string, options: OpenOptions): Promise<ImageTree> {
  const architecture = options.architecture === undefined ? [] : ["--arch", options.architecture];
  const task = options.reporter?.task("fetch");
  try {
    await options.runTool({
      argv: ["podman", "pull", ...architecture, `docker://${name}`],
      signal: options.signal,
      env: containersEnvironment(),
    });
  } catch (error) {
    if (!(error instanceof PlatterError) || error.code !== "E_TOOL_MISSING") throw registryError(error, name);
    throw new PlatterError({
      code: "E_TOOL_MISSING",
      kind: "tool",
      message: `Cannot fetch \`docker://${name}\`: neither skopeo nor podman is installed`,
      hint: "Install skopeo, or fetch the image elsewhere and use `oci-archive:FILE`.",
      cause: error,
    });
  }
  task?.done();
  options.reporter?.notice({
    severity: "note",
    message: `podman pulled \`${name}\`, because skopeo is not installed, and keeps it in its storage`,
    lines: [{ label: "hint", text: `Remove it with \`podman rmi ${shellWord(name)}\`.` }],
  });
  return openContainersStorage({ name }, options);
}

/** The manifest or index of an image in a registry. @throws PlatterError `E_IMAGE_MISSING`, `E_REGISTRY`, `E_TOOL_MISSING` */
export async function rawManifest(name: string, options: AskOptions): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  await runSkopeo(name, options, {
    argv: ["inspect", "--raw", `docker://${name}`],
    onStdout: (chunk) => void chunks.push(Uint8Array.from(chunk)),
    maxOutput: DOCUMENT_LIMIT,
  });
  return Buffer.concat(chunks);
}

/** Runs skopeo about the image `name`. @throws PlatterError `E_IMAGE_MISSING`, `E_REGISTRY`, `E_TOOL_MISSING` */
export async function runSkopeo(
  name: string,
  { runTool, signal }: AskOptions,
  call: Pick<ToolCall, "argv" | "onStdout" | "maxOutput">,
): Promise<void> {
  try {
    await runTool({ ...call, argv: ["skopeo", ...call.argv], signal, env: containersEnvironment() });
  } catch (error) {
    throw registryError(error, name);
  }
}
