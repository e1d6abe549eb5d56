import { PlatterError } from "../../base/error.ts";
import { decompressed } from "../../compression/decompress.ts";
import { type Blob, checkedBytes, type Digest, parseDigest } from "./blob.ts";
import type { LayerDecompressor, PlainLayer } from "./layer-decompressor.ts";
import { storedLayer } from "./stored-layer.ts";

/** One layer of an image as a plain tar stream that can be read from the start again. */
export interface Layer {
  /** Name for messages. */
  readonly name: string;
  /**
   * The digests that are compared when the layer is read, of the stored bytes and of the plain tar. Two layers with the same
   * text have the same content. Undefined if the digest of the plain tar is not known.
   */
  readonly identity?: string | undefined;
  /** The tar stream. At its end, it checks its digest. */
  open(): AsyncIterable<Uint8Array>;
  /** Like `open` without the digest check, for callers that stop before the end. */
  reopen(): AsyncIterable<Uint8Array>;
  /** Reads the whole layer to check its digest. An unreadable layer may be damaged. */
  verify(): Promise<void>;
  /**
   * The plain tar in a file, for reading its contents in any order. Undefined if that is not possible. Then {@link open}
   * reports any error of the layer.
   */
  decompress(decompressor: LayerDecompressor): Promise<PlainLayer | undefined>;
}

interface BlobLayerOptions {
  /** Digest of the plain tar, from the image's configuration. */
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
    identity: diffId && JSON.stringify([blob.digest ?? null, options.diffId]),
    open,
    reopen: () => decompressed(blob.open(), { name, signal }),
    async verify() {
      // Check the blob first, so that its damage is not reported as an error of decompression.
      if (blob.digest !== undefined) for await (const _ of checkedBytes(blob));
      if (diffId !== undefined) for await (const _ of open());
    },
    async decompress(decompressor) {
      const stored = storedLayer(blob, diffId);
      return stored && decompressor.decompress(stored);
    },
  };
}

/** The plain tar, whose digest is compared at its end. @throws PlatterError `E_BLOB_DIGEST` */
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

/** Errors that are certain without reading the layer again. */
const CERTAIN = ["E_BLOB_DIGEST", "E_BLOB_EXPANSION"];

/**
 * Returns the error that the layer is damaged, if it is, and otherwise the error of reading it. Damage often shows as a
 * tar or compression error before the digest can be compared.
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
