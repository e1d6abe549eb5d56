import { PlatterError } from "../../base/error.ts";
import { ImageMissing } from "../image-missing.ts";
import type { ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { containersEnvironment } from "./containers-environment.ts";
import { openDockerArchive } from "./docker-archive.ts";
import { openFetched, withProgress } from "./fetched-image.ts";

type AskOptions = Pick<OpenOptions, "signal" | "runTool">;

/** Messages of Docker's daemon about an image that it does not have. */
const ABSENT = /no such image|reference does not exist|not found/i;

/**
 * An image of Docker's daemon, which `docker save` writes into the work directory.
 * @throws PlatterError `E_IMAGE_MISSING`, `E_DOCKER`, `E_TOOL_…`, and the errors of reading the archive
 */
export async function openDockerDaemon({ name }: { name: string }, options: OpenOptions): Promise<ImageTree> {
  const source = { reference: `docker-daemon:${name}`, transport: "docker-daemon" };
  const fetch = async (folder: string) => {
    const path = `${folder}/image.tar`;
    const save = () => runDocker(name, ["save", "--output", path, "--", name], options);
    await withProgress(save, { folder, reporter: options.reporter });
    return openDockerArchive({ path, tag: undefined }, options);
  };
  return openFetched(fetch, { work: options.work, source });
}

/** Asks Docker's daemon whether it has an image. @throws PlatterError `E_IMAGE_MISSING`, `E_DOCKER`, `E_TOOL_…` */
export async function requireDaemonImage(name: string, options: AskOptions): Promise<void> {
  await runDocker(name, ["image", "inspect", "--format", "{{.Id}}", "--", name], options);
}

async function runDocker(name: string, args: readonly string[], options: AskOptions): Promise<void> {
  const { runTool, signal } = options;
  try {
    await runTool({ argv: ["docker", ...args], signal, env: containersEnvironment() });
  } catch (error) {
    throw daemonError(error, name);
  }
}

/** A failed call of docker as one line; other errors as they are. */
function daemonError(error: unknown, name: string): unknown {
  if (!(error instanceof PlatterError) || error.code !== "E_TOOL_FAILED") return error;
  const reference = `docker-daemon:${name}`;
  const reason = (error.detail.at(-1) ?? error.message).replace(/^Error(?: response from daemon)?: /, "");
  if (ABSENT.test(reason)) {
    const hint = `Fetch it with \`docker pull ${name}\`, or name \`docker://${name}\` to take it from its registry.`;
    return new ImageMissing(reference, reason, { hint, cause: error });
  }
  return new PlatterError({
    code: "E_DOCKER",
    kind: "tool",
    message: `Cannot fetch \`${reference}\`: ${reason}`,
    hint: "Check with `docker images` that Docker runs and that you may use it.",
    cause: error,
  });
}
