import { Threads } from "../../base/threads.ts";
import type { CodecOptions } from "./codec.ts";
import { type FragmentParts, fragmentDigest } from "./fragment-digest.ts";

/** A request to compress the first bytes of a buffer. The buffer is transferred to the thread, and back with the result. */
export interface PackRequest {
  data: Uint8Array<ArrayBuffer>;
  length: number;
  options: CodecOptions;
  /** The files of a fragment, or whether the SHA-256 of the content is wanted. */
  digest: FragmentParts | "wanted" | "unneeded";
  /** The memory of a `BlockTable`, in which blocks with a digest are looked up. */
  known: SharedArrayBuffer | undefined;
}

export interface PackedBlock {
  data: Uint8Array<ArrayBuffer>;
  /** Undefined if compression does not make the block shorter. */
  packed: Uint8Array<ArrayBuffer> | undefined;
  /** The digest of the block, or of the fragment, if it was wanted. */
  digest?: Uint8Array | undefined;
  /** The digests of the files in a fragment, one after the other. */
  parts?: Uint8Array<ArrayBuffer> | undefined;
  /** The descriptor of the file from which the block was taken instead of compressing it. */
  foundIn?: number | undefined;
  /** The descriptor of a file that does not have the block any more. */
  damagedIn?: number | undefined;
}

/** The digest of a request with this content. */
export function digestOf(content: Uint8Array, wish: PackRequest["digest"]): Uint8Array | undefined {
  if (wish === "unneeded") return undefined;
  return wish === "wanted" ? Bun.CryptoHasher.hash("sha256", content) : fragmentDigest(content, wish);
}

export type PackOptions = Omit<PackRequest, "data" | "options">;

/**
 * Compresses blocks on its own threads. In Bun's thread pool, reading files and inflating would have to wait for the
 * blocks.
 */
export class Compressors implements Disposable {
  readonly #options: CodecOptions;
  readonly #threads = new Threads<PackRequest, PackedBlock>("squashfs/blocks/compress-thread", {
    ahead: Number.POSITIVE_INFINITY,
  });

  constructor(options: CodecOptions) {
    const { compression, level } = options;
    this.#options = { compression, level };
    // Start a thread now, so that it is ready when the first block was read.
    this.#threads.warmUp();
  }

  /** Compresses the buffer's first `length` bytes. The buffer cannot be used until it comes back with the result. */
  pack(data: Uint8Array<ArrayBuffer>, options: PackOptions): Promise<PackedBlock> {
    return this.#threads.ask({ data, options: this.#options, ...options }, [data.buffer]);
  }

  /** Call it only after all requests were answered. */
  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }
}
