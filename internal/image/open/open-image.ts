import type { ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { type ImageReference, parseReference } from "../reference.ts";
import { openContainersStorage } from "../source/containers-storage.ts";
import { openDirectory } from "../source/directory.ts";
import { openDocker } from "../source/docker.ts";
import { openDockerArchive } from "../source/docker-archive.ts";
import { openDockerDaemon } from "../source/docker-daemon.ts";
import { openFetched, withProgress } from "../source/fetched-image.ts";
import { openOciLayout } from "../source/oci-layout.ts";
import { spoolStandardInput, withoutPath } from "../source/standard-input.ts";
import { openTar } from "../source/tar.ts";
import { locate } from "./pull.ts";

/**
 * Opens an image from any source. The caller must dispose of the tree, which releases mounts and open files.
 * @throws PlatterError `E_REFERENCE…`, `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`, `E_TOOL_…`
 */
export async function openImage(
  reference: string | ImageReference,
  options: OpenOptions,
): Promise<ImageTree> {
  const parsed = typeof reference === "string" ? parseReference(reference) : reference;
  const found = await locate(parsed, options);
  switch (found.transport) {
    case "dir":
      return openDirectory(found.path, options);
    case "oci":
    case "oci-archive":
      return openOciLayout(found, options);
    case "docker-archive":
      return openDockerArchive(found, options);
    case "tar":
      return openTar(found, options);
    case "containers-storage":
      return openContainersStorage(found, options);
    case "docker":
      return openDocker(found, options);
    case "docker-daemon":
      return openDockerDaemon(found, options);
    case "-":
      return openStandardInput(options);
    default:
      return found satisfies never;
  }
}

/** The image in an archive on standard input. @throws PlatterError `E_SPOOL_WRITE`, and the errors of the archive */
function openStandardInput(options: OpenOptions): Promise<ImageTree> {
  const fetch = async (folder: string) => {
    const spool = () => spoolStandardInput(folder, options.signal);
    const text = await withProgress(spool, { folder, reporter: options.reporter });
    try {
      return await openImage({ transport: undefined, text }, options);
    } catch (error) {
      throw withoutPath(error, { path: text, name: "standard input" });
    }
  };
  return openFetched(fetch, { work: options.work, source: { reference: "-", transport: "-" } });
}
