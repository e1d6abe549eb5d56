import type { BytePath } from "../../bytes/byte-path.ts";
import type { ContentDigests } from "../../image/content-digests.ts";
import type { BlockRecords } from "./block-records.ts";
import type { BlockTable, StoredBlock } from "./block-table.ts";
import type { PartRecords } from "./part-records.ts";

/** Blocks of earlier squashfs files with the compression of this build. */
export interface KnownBlocks {
  /** The number of blocks. */
  readonly count: number;
  /** Adds the blocks. Their files stay open while the table is in use. */
  addTo(table: BlockTable): void;
  /** Called for each block that was taken from one of their files. */
  onFound(fd: number): void;
  /** Called for each block that did not have its checksum. */
  onDamaged(fd: number): void;
}

/** The source of a block that no earlier squashfs has. */
export const NO_SOURCE = -1;

/** The blocks of a finished squashfs. */
export interface BlockUse {
  blocks: BlockRecords;
  /** For each block the descriptor of the file from which it was taken, or {@link NO_SOURCE}. */
  sources: Int32Array;
  /** The small files in the fragments. */
  parts: PartRecords;
  /** Bytes of the compressed blocks, and how many of them were taken from earlier squashfs files. */
  bytes: number;
  reusedBytes: number;
}

/** A block of an earlier squashfs: the descriptor and byte offset, and the length in the form of an inode. */
export type Candidate = Omit<StoredBlock, "checksum">;

/** The blocks that a file has in an earlier squashfs. */
export interface EarlierContent {
  /** The file's block with a number, counted from 0. Numbers must increase. Undefined for a hole. */
  block(number: number): Candidate | undefined;
  /** The fragment that begins with the file's content. */
  fragment: Candidate | undefined;
}

/** An earlier squashfs with the codec of this build. Nothing in it was compared with the contents of the image. */
export interface EarlierFiles {
  /** The blocks of a file by its path. Undefined if the squashfs does not have the file. */
  content(path: BytePath): EarlierContent | undefined;
}

/** The earlier blocks for a squashfs. The bytes of the squashfs do not depend on them. */
export interface BlockReuse {
  known: KnownBlocks | undefined;
  /** Where blocks are looked up by paths if `known` lacks them. */
  earlier?: EarlierFiles | undefined;
  /** Whether each block needs a digest, or only blocks that may be duplicates. */
  digests: "all" | "duplicates";
  /** Digests of contents, with which blocks are found without reading the image. */
  contents?: ContentDigests | undefined;
  /** Called when the squashfs is complete. */
  onUse: (use: BlockUse) => void;
}
