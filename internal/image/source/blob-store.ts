import { join } from "node:path";
import { PlatterError } from "../../base/error.ts";
import { errnoOf } from "../../base/machine-error.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import { type Blob, parseDigest } from "../decompress/blob.ts";
import { otherArchive } from "./archive-kind.ts";
import type { TarArchive } from "./tar-archive.ts";

/** Expectations of a blob, from an OCI descriptor. */
interface BlobKey {
  digest: string;
  size: number;
}

/** The files of an OCI image layout (image-spec, image-layout.md), in a folder or in an archive. */
export interface BlobStore extends Disposable {
  /** The layout's location, for messages. */
  readonly location: string;
  /** A file next to the blobs: `index.json`, `oci-layout`. @throws PlatterError `E_IMAGE_LAYOUT`, `E_REFERENCE_KIND` */
  file(name: string): Blob;
  /** @throws PlatterError `E_BLOB_MISSING`, also when it is opened */
  blob(key: BlobKey): Blob;
}

export function directoryStore(directory: string, options: { signal: AbortSignal }): BlobStore {
  function opened(path: string, missing: PlatterError): OpenFile {
    try {
      return OpenFile.open(path);
    } catch (error) {
      throw error instanceof PlatterError && errnoOf(error.cause) === "ENOENT" ? missing : error;
    }
  }
  async function* bytes(path: string, missing: PlatterError): AsyncGenerator<Uint8Array> {
    using file = opened(path, missing);
    yield* new RangeStream(file.whole(), options.signal);
  }
  return {
    location: directory,
    file(name) {
      const open = () => bytes(join(directory, name), noLayout(directory, name));
      return { name: `\`${join(directory, name)}\``, digest: undefined, size: undefined, open };
    },
    blob({ digest, size }) {
      const path = join(directory, blobPath(digest));
      const missing = missingBlob(digest, directory);
      const open = () => bytes(path, missing);
      const hold = () => {
        const file = opened(path, missing);
        return { ...file.whole(), [Symbol.dispose]: () => file[Symbol.dispose]() };
      };
      return { name: blobName(digest, directory), digest, size, open, hold };
    },
    [Symbol.dispose]() {
      // Every reader closes its own file.
    },
  };
}

export function archiveStore(archive: TarArchive): BlobStore {
  return {
    location: archive.path,
    file(name) {
      const blob = archive.blob(name, { name: `\`${name}\` in \`${archive.path}\`` });
      if (blob === undefined)
        throw otherArchive(archive.path, archive.kind, "oci-archive") ?? noLayout(archive.path, name);
      return blob;
    },
    blob({ digest, size }) {
      const blob = archive.blob(blobPath(digest), { name: blobName(digest, archive.path), digest, size });
      if (blob === undefined) throw missingBlob(digest, archive.path);
      return blob;
    },
    [Symbol.dispose]() {
      archive[Symbol.dispose]();
    },
  };
}

function blobPath(digest: string): string {
  const { algorithm, hex } = parseDigest(digest);
  return `blobs/${algorithm}/${hex}`;
}

function blobName(digest: string, location: string): string {
  return `blob ${digest} in \`${location}\``;
}

function missingBlob(digest: string, location: string): PlatterError {
  return new PlatterError({
    code: "E_BLOB_MISSING",
    kind: "contract",
    message: `Cannot read the blob ${digest}: it is not in \`${location}\``,
    hint: "Copy the image again, with all its blobs.",
  });
}

function noLayout(location: string, name: string): PlatterError {
  return new PlatterError({
    code: "E_IMAGE_LAYOUT",
    kind: "contract",
    message: `Cannot read \`${location}\` as an OCI image layout: it does not have \`${name}\``,
    hint: "Make one with `skopeo copy containers-storage:REF oci:DIR` or `podman save --format oci-archive`.",
  });
}
