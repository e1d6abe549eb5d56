import { PlatterError } from "../../base/error.ts";
import { type FileRange, type HeldRange, lent } from "../../bytes/byte-range.ts";
import { RangeStream } from "../../bytes/range-stream.ts";

/** Bytes of an image that can be read from the start any number of times: a layer, a configuration or a manifest. */
export interface Blob {
  /** Name for messages: digest and location. */
  readonly name: string;
  /** Expected digest of the bytes, `sha256:…` or `sha512:…`. Undefined if unknown. */
  readonly digest: string | undefined;
  /** Expected length in bytes. Undefined if unknown. */
  readonly size: number | undefined;
  /** Aborts reading. */
  readonly signal?: AbortSignal;
  open(): AsyncIterable<Uint8Array>;
  /** The bytes as a range of a file. Undefined if they are not in a file. @throws as {@link open} */
  hold?(): HeldRange;
}

/** A blob in a file. The file must stay open until the blob is not needed any more. */
export function storedBlob(
  range: FileRange,
  options: Pick<Blob, "name"> & Partial<Pick<Blob, "digest" | "size">> & { signal: AbortSignal },
): Blob {
  const { name, digest, size, signal } = options;
  return {
    name,
    digest,
    size,
    signal,
    open: () => new RangeStream(range, signal),
    hold: () => lent(range),
  };
}

const ALGORITHMS = { sha256: 64, sha512: 128 } as const;

export type DigestAlgorithm = keyof typeof ALGORITHMS;

export interface Digest {
  algorithm: DigestAlgorithm;
  hex: string;
}

/** Parses a digest as manifests write it. @throws PlatterError `E_BLOB_DIGEST` */
export function parseDigest(digest: string): Digest {
  const match = /^(sha256|sha512):([0-9a-f]+)$/.exec(digest);
  const algorithm = match?.[1] as DigestAlgorithm | undefined;
  if (algorithm === undefined || match?.[2]?.length !== ALGORITHMS[algorithm]) {
    throw new PlatterError({
      code: "E_BLOB_DIGEST",
      kind: "contract",
      message: `Cannot check \`${digest}\`: it is not a digest that platter knows`,
      hint: "Copy the image with skopeo: it writes sha256 digests.",
    });
  }
  return { algorithm, hex: match[2] };
}

/** Yields the blob's bytes. Length and digest are checked at the end. @throws PlatterError `E_BLOB_DIGEST` */
export async function* checkedBytes(blob: Blob): AsyncGenerator<Uint8Array> {
  if (blob.digest === undefined) return yield* blob.open();
  const { algorithm, hex } = parseDigest(blob.digest);
  const hasher = new Bun.CryptoHasher(algorithm);
  let length = 0;
  for await (const chunk of blob.open()) {
    hasher.update(chunk);
    length += chunk.length;
    yield chunk;
  }
  if (blob.size !== undefined && length !== blob.size) {
    throw damaged(blob, `it is ${length} bytes long, but the manifest says ${blob.size}`);
  }
  const actual = hasher.digest("hex");
  if (actual !== hex) throw damaged(blob, `its content has the digest ${algorithm}:${actual}`);
}

/**
 * The content of a small blob. Length and digest are checked.
 * @throws PlatterError `E_BLOB_DIGEST`, `E_BLOB_TOO_LARGE`
 */
export async function readBlob(blob: Blob, limit: number): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of checkedBytes(blob)) {
    length += chunk.length;
    if (length > limit) {
      throw new PlatterError({
        code: "E_BLOB_TOO_LARGE",
        kind: "contract",
        message: `Cannot read ${blob.name}: it has more than ${limit} bytes, the limit for an index, manifest or configuration`,
      });
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function damaged(blob: Blob, problem: string): PlatterError {
  return new PlatterError({
    code: "E_BLOB_DIGEST",
    kind: "contract",
    message: `Cannot use ${blob.name}: ${problem}`,
    hint: "Fetch or write the image again.",
  });
}

/** A document in memory that the caller has checked. `name` names it in errors. */
export function memoryBlob(bytes: Uint8Array, name: string): Blob {
  const open = async function* () {
    yield bytes;
  };
  return { name, digest: undefined, size: undefined, open };
}
