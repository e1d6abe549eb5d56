import { storedBlob } from "./blob.ts";
import { OpenFile } from "./file-range.ts";
import type { ImageTree } from "./image-tree.ts";
import { blobLayer } from "./layer.ts";
import { openLayeredTree } from "./layered-tree.ts";
import type { OpenOptions } from "./open-options.ts";

/**
 * A root file system in one tar archive, as `podman export`, `docker export` and mmdebstrap write it, compressed or not.
 * @throws PlatterError `E_FILE_…`, `E_TAR_…`, `E_BLOB_CORRUPT`
 */
export async function openTar(reference: { path: string }, options: OpenOptions): Promise<ImageTree> {
  const { path } = reference;
  const file = OpenFile.open(path);
  const blob = storedBlob(file.whole(), { name: `\`${path}\``, signal: options.signal });
  const layers = [blobLayer(blob)];
  const source = {
    reference: `tar:${path}`,
    transport: "tar",
    digest: undefined,
    stamp: file.stamp(),
    created: undefined,
    architecture: undefined,
  };
  return openLayeredTree({ ...options, source, layers, dialect: "archive", resources: file });
}
