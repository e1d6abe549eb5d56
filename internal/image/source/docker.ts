import { PlatterError } from "../../base/error.ts";
import type { ToolCall } from "../../process/run.ts";
import type { ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { containersEnvironment } from "./containers-environment.ts";
import { openContainersStorage } from "./containers-storage.ts";
import { openFetchedLayout } from "./fetched-layout.ts";
import { DOCUMENT_LIMIT } from "./oci-manifest.ts";
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
  const fetch = (layout: string) =>
    options.runTool({
      argv: ["skopeo", ...architecture, "copy", `docker://${name}`, `oci:${layout}`],
      signal: options.signal,
      env: containersEnvironment(),
    });
  const source = { reference: `docker://${name}`, transport: "docker" };
  try {
    return await openFetchedLayout(fetch, { ...options, source });
  } catch (error) {
    if (error instanceof PlatterError && error.code === "E_TOOL_MISSING") return pulled(name, options);
    throw registryError(error, name);
  }
}

async function pulled(name: string, options: OpenOptions): Promise<ImageTree> {
  const architecture = options.architecture === undefined ? [] : ["--arch", options.architecture];
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
