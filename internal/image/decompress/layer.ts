import { PlatterError } from "../../base/error.ts";
import { decompressed } from "../../compression/decompress.ts";
import { type Blob, checkedBytes, type Digest, parseDigest } from "./blob.ts";
import type { LayerDecompressor, PlainLayer } from "./layer-decompressor.ts";
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
   * The plain tar in a file, for reading its contents in any order. Undefined if that is not possible; {@link open} then
   * reports an error, if the layer has one.
   */
  decompress(decompressor: LayerDecompressor): Promise<PlainLayer | undefined>;
}

interface BlobLayerOptions {
  /** Digest of the plain tar, as the image's configuration gives it. */
  diffId?: string | undefined;
}

/** A layer kept as a blob, compressed or not. @throws PlatterError `E_BLOB_DIGEST` if a digest cannot be checked */
export function blobLayer(blob: Blob, options: BlobLayerOptions = {}): Layer {
  const { name, signal } = blob;
  const diffId = options.diffId === undefined ? undefined : parseDigest(options.diffId);
  const open = () => {
    const plain = decompressed(checkedBytes(blob), { name, signal });
    return diffId === undefined ? plain : checkedPlain(plain, { name, diffId });
  };
  return {
    name,
    open,
    reopen: () => decompressed(blob.open(), { name, signal }),
    async verify() {
      // A damaged blob is reported as such, and not by what decompressing it gives.
      if (blob.digest !== undefined) for await (const _ of checkedBytes(blob));
      if (diffId !== undefined) for await (const _ of open());
    },
    async decompress(decompressor) {
      const stored = storedLayer(blob, diffId);
      return stored && decompressor.decompress(stored);
    },
  };
}

/** The plain tar; at its end its digest has been compared. @throws PlatterError `E_BLOB_DIGEST` */
async function* checkedPlain(
  plain: AsyncIterable<Uint8Array>,
  { name, diffId }: { name: string; diffId: Digest },
): AsyncGenerator<Uint8Array> {
  const hasher = new Bun.CryptoHasher(diffId.algorithm);
  for await (const chunk of plain) {
    hasher.update(chunk);
    yield chunk;
  }
  const actual = hasher.digest("hex");
  if (actual === diffId.hex) return;
  throw new PlatterError({
    code: "E_BLOB_DIGEST",
    kind: "contract",
    message: `Cannot use ${name}: the image's configuration gives its uncompressed content another digest`,
    detail: [
      `configuration  ${diffId.algorithm}:${diffId.hex}`,
      `content        ${diffId.algorithm}:${actual}`,
    ],
    hint: "Build the image again, or copy it again from where it was built.",
  });
}

/** A layer that is made while it is read, so it cannot be compared with a digest. */
export function madeLayer(name: string, open: () => AsyncIterable<Uint8Array>): Layer {
  return {
    name,
    open,
    reopen: open,
    verify: async () => undefined,
    decompress: async () => undefined,
  };
}

/** Errors that say all there is to say, without another reading. */
const CERTAIN = ["E_BLOB_DIGEST", "E_BLOB_EXPANSION"];

/**
 * An error met while a layer was read, or the better one that the layer is damaged: garbage in a damaged layer shows
 * as a tar or compression error long before its end is reached.
 */
export async function explained(error: unknown, layer: Layer): Promise<unknown> {
  if (!(error instanceof PlatterError) || error.kind !== "contract" || CERTAIN.includes(error.code))
    return error;
  try {
    await layer.verify();
  } catch (worse) {
    return worse;
  }
  return error;
}
