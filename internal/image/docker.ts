import { rmSync } from "node:fs";
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { PlatterError } from "../error.ts";
import { openContainersStorage } from "./containers-storage.ts";
import type { ImageTree } from "./image-tree.ts";
import { machineError } from "./machine-error.ts";
import { openOciLayout } from "./oci-layout.ts";
import type { OpenOptions } from "./open-options.ts";

/**
 * An image from a registry, fetched by skopeo into the work directory, or by podman into its storage where there is no
 * skopeo. Both bring their own registries.conf(5) and credentials.
 * @throws PlatterError `E_TOOL_…`, and what reading the fetched image throws
 */
export async function openDocker(reference: { name: string }, options: OpenOptions): Promise<ImageTree> {
  const { name } = reference;
  const layout = await mkdtemp(join(options.work, ".docker-")).catch((error: unknown) => {
    throw machineError(error, { code: "E_SPOOL_WRITE", message: `Cannot write to \`${options.work}\`` });
  });
  const release = () => rmSync(layout, { recursive: true, force: true });
  let tree: ImageTree;
  try {
    const architecture = options.architecture === undefined ? [] : ["--override-arch", options.architecture];
    await options.runTool({
      argv: ["skopeo", ...architecture, "copy", `docker://${name}`, `oci:${layout}`],
      signal: options.signal,
    });
    tree = await openOciLayout({ transport: "oci", path: layout, tag: undefined }, options);
  } catch (error) {
    release();
    if (error instanceof PlatterError && error.code === "E_TOOL_MISSING") return pulled(name, options);
    throw error;
  }
  const source = { ...tree.source, reference: `docker://${name}`, transport: "docker" };
  return {
    source,
    root: tree.root,
    hostPath: undefined,
    read: (inode) => tree.read(inode),
    sequentialReader: (wanted) => tree.sequentialReader(wanted),
    async [Symbol.asyncDispose]() {
      await tree[Symbol.asyncDispose]();
      release();
    },
  };
}

async function pulled(name: string, options: OpenOptions): Promise<ImageTree> {
  const architecture = options.architecture === undefined ? [] : ["--arch", options.architecture];
  try {
    await options.runTool({
      argv: ["podman", "pull", ...architecture, `docker://${name}`],
      signal: options.signal,
    });
  } catch (error) {
    if (!(error instanceof PlatterError) || error.code !== "E_TOOL_MISSING") throw error;
    throw new PlatterError({
      code: "E_TOOL_MISSING",
      kind: "tool",
      message: `Cannot fetch \`docker://${name}\`: neither skopeo nor podman is there.`,
      hint: "Install skopeo, or fetch the image elsewhere and use `oci-archive:FILE`.",
      cause: error,
    });
  }
  return openContainersStorage({ name }, options);
}
