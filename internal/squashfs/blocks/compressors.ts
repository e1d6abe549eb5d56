import { Threads } from "../../base/threads.ts";
import type { Candidate } from "./block-reuse.ts";
import type { CodecOptions } from "./codec.ts";
import { type FragmentParts, fragmentDigest } from "./fragment-digest.ts";

/** A request to compress a content. */
export interface PackRequest {
  /** A buffer of one block. It is transferred to the thread, and back with the stored bytes. */
  buffer: Uint8Array<ArrayBuffer>;
  /** The descriptor of a file and the byte offset of the content in it. Without it, the buffer begins with the content. */
  source: { fd: number; at: number } | undefined;
  /** Bytes of the content. */
  length: number;
  options: CodecOptions;
  /** The files of a fragment, or whether the SHA-256 of the content is wanted. */
  digest: FragmentParts | "wanted" | "unneeded";
  /** Whether a content of zeros becomes a hole. */
  zeros: "hole" | "stored";
  /** The memory of a `BlockTable`, in which blocks with a digest are looked up. */
  known: SharedArrayBuffer | undefined;
  /** A block that probably has the content. */
  candidate: Candidate | undefined;
}

export interface PackedBlock {
  /** The stored bytes, which are in `buffer`. A hole has none. */
  bytes: Uint8Array<ArrayBuffer>;
  /** False if the content is stored as it is, because compression does not make it shorter. */
  isCompressed: boolean;
  /** A buffer for another block, once `bytes` are written. */
  buffer?: Uint8Array<ArrayBuffer> | undefined;
  /** The digest of the block, or of the fragment, if it was wanted. */
  digest?: Uint8Array | undefined;
  /** The digests of the files in a fragment, one after the other. */
  parts?: Uint8Array<ArrayBuffer> | undefined;
  /** The descriptor of the file from which the block was taken instead of compressing it. */
  foundIn?: number | undefined;
  /** The descriptor of a file that does not have the block any more. */
  damagedIn?: number | undefined;
}

/** The block, or only the buffer of the request if the file cannot be read. */
export type PackAnswer = PackedBlock | { unread: Uint8Array<ArrayBuffer> };

/** The digest of a request with this content. */
export function digestOf(content: Uint8Array, wish: PackRequest["digest"]): Uint8Array | undefined {
  if (wish === "unneeded") return undefined;
  return wish === "wanted" ? Bun.CryptoHasher.hash("sha256", content) : fragmentDigest(content, wish);
}

export type PackOptions = Omit<PackRequest, "options">;

/**
 * Compresses blocks on its own threads. In Bun's thread pool, reading files and inflating would have to wait for the
 * blocks.
 */
export class Compressors implements Disposable {
  readonly #options: CodecOptions;
  readonly #threads = new Threads<PackRequest, PackAnswer>("squashfs/blocks/compress-thread", {
    ahead: Number.POSITIVE_INFINITY,
  });

  constructor(options: CodecOptions) {
    const { compression, level } = options;
    this.#options = { compression, level };
    // Start a thread now, so that it is ready when the first block was read.
    this.#threads.warmUp();
  }

  /** Compresses a content. Its buffer cannot be used until it comes back with the result. */
  pack(options: PackOptions): Promise<PackAnswer> {
    return this.#threads.ask({ ...options, options: this.#options }, [options.buffer.buffer]);
  }

  /** Call it only after all requests were answered. */
  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }
}
