import type { ContentDigests } from "../../image/content-digests.ts";
import type { BlockRecords } from "./block-records.ts";
import type { BlockTable } from "./block-table.ts";
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

/** The blocks of a finished squashfs. */
export interface BlockUse {
  blocks: BlockRecords;
  /** The small files in the fragments. */
  parts: PartRecords;
  /** Bytes of the compressed blocks, and how many of them were taken from earlier squashfs files. */
  bytes: number;
  reusedBytes: number;
}

/** The earlier blocks for a squashfs. The bytes of the squashfs do not depend on them. */
export interface BlockReuse {
  known: KnownBlocks | undefined;
  /** Digests of contents, with which blocks are found without reading the image. */
  contents?: ContentDigests | undefined;
  /** Called when the squashfs is complete. */
  onUse: (use: BlockUse) => void;
}
