import { PlatterError } from "../error.ts";
import { type Blob, checkedBytes, parseDigest } from "./blob.ts";
import { decompressed, type ExternalDecompressor } from "./decompress.ts";
import type { LayerUnpacker, PlainLayer } from "./layer-unpacker.ts";
import { storedLayer } from "./stored-layer.ts";

/** One layer of an image as a plain tar stream that can be read from the start again. */
export interface Layer {
  /** For messages. */
  readonly name: string;
  /** The tar stream; when it ends, its digest has been checked. */
  open(): AsyncIterable<Uint8Array>;
  /** The same unchecked: for those who stop at the last content that they want, before a digest could be compared. */
  reopen(): AsyncIterable<Uint8Array>;
  /** Reads all of it for its digest only, to find out whether a layer that makes no sense is damaged. */
  verify(): Promise<void>;
  /**
   * The plain tar in a file, for reading its contents in any order. Undefined where it cannot be had so; {@link open} then
   * tells what is wrong, if anything is.
   */
  unpack(unpacker: LayerUnpacker): PlainLayer | undefined;
}

export interface BlobLayerOptions {
  /** Digest of the plain tar, checked if the blob has none. */
  diffId?: string | undefined;
  external?: ExternalDecompressor | undefined;
}

/** A layer kept as a blob, compressed or not. */
export function blobLayer(blob: Blob, options: BlobLayerOptions): Layer {
  const { diffId, external } = options;
  const { name } = blob;
  const open = () => {
    const plain = decompressed(checkedBytes(blob), { name, external });
    if (diffId === undefined || blob.digest !== undefined) return plain;
    return checkedBytes({ name, digest: diffId, size: undefined, open: () => plain });
  };
  const digestOfPlain = diffId === undefined ? undefined : parseDigest(diffId);
  return {
    name,
    open,
    reopen: () => decompressed(blob.open(), { name, external }),
    async verify() {
      for await (const _ of blob.digest === undefined ? open() : checkedBytes(blob)) {
        // Only the check at the end matters.
      }
    },
    unpack(unpacker) {
      const stored = storedLayer(blob, digestOfPlain);
      return stored && unpacker.unpack(stored);
    },
  };
}

/** A layer that is made as it is read: there is no digest to compare it with. */
export function madeLayer(name: string, open: () => AsyncIterable<Uint8Array>): Layer {
  return {
    name,
    open,
    reopen: open,
    verify: async () => undefined,
    unpack: () => undefined,
  };
}

/**
 * An error met while a layer was read, or the better one that the layer is damaged: garbage in a damaged layer shows
 * as a tar or compression error long before its end is reached.
 */
export async function explained(error: unknown, layer: Layer): Promise<unknown> {
  if (!(error instanceof PlatterError) || error.kind !== "contract" || error.code === "E_BLOB_DIGEST")
    return error;
  try {
    await layer.verify();
  } catch (worse) {
    return worse;
  }
  return error;
}
