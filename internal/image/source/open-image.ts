import type { ImageTree } from "../image-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { type ImageReference, parseReference } from "../reference.ts";
import { openContainersStorage } from "./containers-storage.ts";
import { openDirectory } from "./directory.ts";
import { openDocker } from "./docker.ts";
import { openDockerArchive } from "./docker-archive.ts";
import { openOciLayout } from "./oci-layout.ts";
import { recognise } from "./recognise.ts";
import { openTar } from "./tar.ts";

/**
 * Opens an image from any source. The caller must dispose of the tree, which releases mounts and open files.
 * @throws PlatterError `E_REFERENCE…`, `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_FILE_…`, `E_TOOL_…`
 */
export async function openImage(
  reference: string | ImageReference,
  options: OpenOptions,
): Promise<ImageTree> {
  const parsed = typeof reference === "string" ? parseReference(reference) : reference;
  const found = await recognise(parsed, options);
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
    default:
      return found satisfies never;
  }
}
