import { Threads } from "../../base/threads.ts";
import type { CodecOptions } from "./codec.ts";
import { type FragmentPart, fragmentDigest } from "./fragment-digest.ts";

/** Sent to a thread: the first bytes of a buffer are to be compressed. The buffer goes along, and comes back. */
export interface PackRequest {
  data: Uint8Array<ArrayBuffer>;
  length: number;
  options: CodecOptions;
  /** The files of a fragment, or whether the SHA-256 of the content is wanted. */
  digest: readonly FragmentPart[] | "wanted" | "unneeded";
  /** The memory of a `BlockTable`, in which blocks with a digest are looked up. */
  known: SharedArrayBuffer | undefined;
}

export interface PackedBlock {
  data: Uint8Array<ArrayBuffer>;
  /** Undefined where it would not be shorter. */
  packed: Uint8Array<ArrayBuffer> | undefined;
  /** The digest of the block, or of the fragment, if it was wanted. */
  digest?: Uint8Array | undefined;
  /** The descriptor of the file from which the block was taken instead of compressing it. */
  foundIn?: number | undefined;
  /** The descriptor of a file that has the block no longer. */
  damagedIn?: number | undefined;
}

/** The digest of a request with this content. */
export function digestOf(content: Uint8Array, wish: PackRequest["digest"]): Uint8Array | undefined {
  if (wish === "unneeded") return undefined;
  return wish === "wanted" ? Bun.CryptoHasher.hash("sha256", content) : fragmentDigest(content, wish);
}

export type PackOptions = Omit<PackRequest, "data" | "options">;

/**
 * Compresses blocks on threads of its own. The pool that Bun reads files and inflates with would let everything else wait
 * behind the blocks.
 */
export class Compressors implements Disposable {
  readonly #options: CodecOptions;
  readonly #threads = new Threads<PackRequest, PackedBlock>("squashfs/blocks/compress-thread", {
    ahead: Number.POSITIVE_INFINITY,
  });

  constructor(options: CodecOptions) {
    const { compression, level } = options;
    this.#options = { compression, level };
    // It starts up while the first block is read.
    this.#threads.warmUp();
  }

  /** Takes the buffer's first `length` bytes; the buffer is gone until it comes back with the result. */
  pack(data: Uint8Array<ArrayBuffer>, options: PackOptions): Promise<PackedBlock> {
    return this.#threads.ask({ data, options: this.#options, ...options }, [data.buffer]);
  }

  /** Only once nothing is being compressed. */
  [Symbol.dispose](): void {
    this.#threads[Symbol.dispose]();
  }
}
