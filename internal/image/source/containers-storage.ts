import { z } from "zod";
import { PlatterError } from "../../base/error.ts";
import type { ToolResult } from "../../process/run.ts";
import { nearest } from "../../text/nearest.ts";
import { ImageMissing } from "../image-missing.ts";
import { fullImageName } from "../image-name.ts";
import type { ImageSource, ImageTree } from "../image-tree.ts";
import { LAYERED_ROOT_MODE } from "../layer/tree-builder.ts";
import type { OpenOptions } from "../open-options.ts";
import { containersEnvironment } from "./containers-environment.ts";
import { openDirectory } from "./directory.ts";
import { NeedsPodmanUnshare } from "./needs-podman-unshare.ts";
import { checkArchitecture } from "./oci-layout.ts";
import { parseCreated } from "./oci-manifest.ts";
import { storageElsewhere } from "./storage-elsewhere.ts";

const inspected = z.tuple([
  z.object({
    Id: z.string().regex(/^[0-9a-f]{64}$/),
    Digest: z.string().optional(),
    Created: z.string().nullish(),
    Architecture: z.string().optional(),
    RepoTags: z.array(z.string()).nullish(),
    RepoDigests: z.array(z.string()).nullish(),
  }),
]);

/** A name in a storage: `[[DRIVER@]ROOT[+RUNROOT]]NAME`, as containers-transports(5) writes it. */
interface StorageName {
  podman: readonly string[];
  image: string;
}

/**
 * An image in podman's storage: mounted by podman until the tree is disposed of.
 * @throws NeedsPodmanUnshare for an ordinary user
 * @throws PlatterError `E_IMAGE_MISSING`, `E_IMAGE_ARCH`, `E_PODMAN_ANSWER`, `E_TOOL_…`, `E_DIRECTORY_READ`
 */
export async function openContainersStorage(
  reference: { name: string; noPath?: string | undefined },
  options: OpenOptions,
): Promise<ImageTree> {
  if (process.getuid?.() !== 0) throw new NeedsPodmanUnshare(`containers-storage:${reference.name}`);
  const { podman } = storageName(reference.name);
  const env = containersEnvironment();
  const run = (...args: string[]) =>
    options.runTool({ argv: [...podman, ...args], signal: options.signal, env });
  const info = await lookUpStored(reference, options);
  checkArchitecture(info.Architecture, options.architecture, `containers-storage:${reference.name}`);
  const source: ImageSource = {
    reference: `containers-storage:${reference.name}`,
    transport: "containers-storage",
    digest: info.Digest === "" ? undefined : info.Digest,
    created: parseCreated(info.Created),
    architecture: info.Architecture,
  };
  // The image is mounted by its id, since the name may refer to another image at the time of the unmount.
  const path = (await run("image", "mount", info.Id)).stdout.trimEnd();
  const release = async () => {
    // The mount must be removed after an interruption too.
    await options.runTool({
      argv: [...podman, "image", "umount", info.Id],
      signal: new AbortController().signal,
      env,
    });
  };
  try {
    const tree = await openDirectory(path, {
      signal: options.signal,
      source,
      release,
      // podman does not unpack labels. A mount shows the labels that the host gives its containers.
      ignoreXattr: (name) => name === "security.selinux",
    });
    // podman sets the root's time when it unpacks the image, and the storage driver chooses its mode. All other
    // attributes come from the layers.
    Object.assign(tree.root.inode, { mode: LAYERED_ROOT_MODE, mtime: source.created ?? 0 });
    return tree;
  } catch (error) {
    // The error that is thrown gives the reason, not an error of the unmount.
    await release().catch(() => undefined);
    throw error;
  }
}

/** The record of an image in podman's storage. */
export type StoredImage = z.infer<typeof inspected>[0];

/**
 * Finds an image in podman's storage. `noPath` is the reason why a name without a transport is not a path.
 * @throws PlatterError `E_IMAGE_MISSING`, `E_PODMAN_ANSWER`, `E_TOOL_…`
 */
export async function lookUpStored(
  reference: { name: string; noPath?: string | undefined },
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<StoredImage> {
  const { podman, image } = storageName(reference.name);
  const found = await options.runTool({
    argv: [...podman, "image", "inspect", "--format", "json", "--", image],
    signal: options.signal,
    env: containersEnvironment(),
    accept: [0, 125],
  });
  if (found.exitCode === 0) return parseInspect(found.stdout, reference.name)[0];
  if (!/not known|no such|not found|unable to (find|inspect)/i.test(found.stderr)) throw failed(image, found);
  throw await notStored(reference, options);
}

/** Splits a name into podman's options and the image's own name. */
export function storageName(name: string): StorageName {
  const match = /^\[(?:([^@\]]+)@)?([^+:\]]+)(?:\+([^:\]]+))?(?::[^\]]*)?\](.+)$/.exec(name);
  if (match === null) return { podman: ["podman"], image: name };
  const [, driver, root, runroot, image] = match;
  const podman = ["podman", "--root", root as string];
  if (runroot !== undefined) podman.push("--runroot", runroot);
  if (driver !== undefined) podman.push("--storage-driver", driver);
  return { podman, image: image as string };
}

function parseInspect(stdout: string, name: string): z.infer<typeof inspected> {
  try {
    return inspected.parse(JSON.parse(stdout));
  } catch (cause) {
    throw new PlatterError({
      code: "E_PODMAN_ANSWER",
      kind: "tool",
      message: `Cannot read the output of \`podman image inspect ${name}\`: it is not in the expected form`,
      hint: "Use podman 4 or later.",
      cause,
    });
  }
}

/** The error for a missing image, with hints about another storage, a similar name, or a registry. */
async function notStored(
  { name, noPath }: { name: string; noPath?: string | undefined },
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<ImageMissing> {
  const { podman, image } = storageName(name);
  const near = nearest(fullImageName(image, "localhost") ?? image, await storedNames(podman, options));
  const isDefault = podman.length === 1;
  const elsewhere = isDefault ? storageElsewhere(image, { environment: process.env }) : undefined;
  const reason = `it is not in podman's storage${noPath === undefined ? "" : `, and ${noPath}`}`;
  const reference = noPath === undefined ? `containers-storage:${name}` : name;
  const detail = near === undefined ? [] : [`The storage has \`${near}\`.`];
  return new ImageMissing(reference, reason, { detail, hint: elsewhere ?? hintFor(image) });
}

function hintFor(image: string): string {
  if (/^localhost\//.test(image)) {
    return "Build it as this user, because each user has a storage of their own, or name its file or folder.";
  }
  return `Add \`--pull\`, or name \`docker://${image}\`, to take it from its registry.`;
}

/** Names of all images in the storage. */
async function storedNames(
  podman: readonly string[],
  options: Pick<OpenOptions, "signal" | "runTool">,
): Promise<string[]> {
  const listed = await options.runTool({
    argv: [...podman, "image", "ls", "--format", "{{.Repository}}:{{.Tag}}"],
    signal: options.signal,
    env: containersEnvironment(),
    accept: [0, 125],
  });
  return listed.exitCode === 0 ? listed.stdout.split("\n").filter((name) => name !== "") : [];
}

function failed(image: string, result: ToolResult): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`podman image inspect ${image}\` failed with exit code ${result.exitCode}`,
    detail: result.stderr.split("\n").filter((line) => line !== ""),
  });
}
