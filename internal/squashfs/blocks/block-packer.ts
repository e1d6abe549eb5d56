import type { OpenedFile } from "../../bytes/byte-range.ts";
import { readAtSync } from "../../bytes/chunk.ts";
import type { Compressors, PackedBlock, PackOptions } from "./compressors.ts";
import { Packer } from "./pack-block.ts";

/** A content that begins at byte `at` of a file, which is open until the block is written. */
interface BlockSource {
  file: OpenedFile;
  at: number;
}

/** The first bytes of a {@link BlockPacker.buffer}, or a part of a file. */
export type BlockContent = { data: Uint8Array<ArrayBuffer> } | { source: BlockSource };

type PackWishes = Omit<PackOptions, "buffer" | "source">;

const UNCOMPRESSED = { compression: "none", level: null } as const;

/** Makes the stored bytes of blocks, on all processors if they are compressed, and owns the buffers for their contents. */
export class BlockPacker {
  readonly #compressors: Compressors | undefined;
  readonly #blockSize: number;
  readonly #packer = new Packer();
  readonly #free: Uint8Array<ArrayBuffer>[] = [];

  /** Without `compressors`, blocks are stored as they are. */
  constructor(compressors: Compressors | undefined, { blockSize }: { blockSize: number }) {
    this.#compressors = compressors;
    this.#blockSize = blockSize;
  }

  /** A buffer for one block. Pass it to {@link pack} or {@link giveBack} afterwards. */
  buffer(): Uint8Array<ArrayBuffer> {
    return this.#free.pop() ?? new Uint8Array(this.#blockSize);
  }

  giveBack(data: Uint8Array<ArrayBuffer>): void {
    this.#free.push(data);
  }

  /** @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK` */
  pack(content: BlockContent, wishes: PackWishes): PackedBlock | Promise<PackedBlock> {
    const source = "source" in content ? content.source : undefined;
    const request: PackOptions = {
      ...wishes,
      buffer: "data" in content ? content.data : this.buffer(),
      source: source && { fd: source.file.fd, at: source.at },
    };
    if (this.#compressors === undefined) return this.#packer.pack({ ...request, options: UNCOMPRESSED });
    return this.#compressors.pack(request).then((answer) => {
      return "unread" in answer ? this.#packRead(source!, { ...request, buffer: answer.unread }) : answer;
    });
  }

  /** Packs a content that a thread could not read. Reading it here has the error's message. */
  async #packRead({ file, at }: BlockSource, request: PackOptions): Promise<PackedBlock> {
    readAtSync(file, { target: request.buffer.subarray(0, request.length), at });
    const answer = await this.#compressors!.pack({ ...request, source: undefined });
    return answer as PackedBlock;
  }
}
