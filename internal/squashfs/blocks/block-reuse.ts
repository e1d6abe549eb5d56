import type { BlockRecords } from "./block-records.ts";
import type { BlockTable } from "./block-table.ts";

/** Blocks of earlier squashfs files, which were compressed as this build compresses. */
export interface KnownBlocks {
  /** How many there are. */
  readonly count: number;
  /** Adds the blocks. Their files stay open while the table is in use. */
  addTo(table: BlockTable): void;
  /** Called for each block that was taken from one of their files. */
  onFound(fd: number): void;
  /** Called for each block that did not have its checksum. */
  onDamaged(fd: number): void;
}

/** What a squashfs was made of. */
export interface BlockUse {
  blocks: BlockRecords;
  /** Bytes of the compressed blocks, and how many of them were taken from earlier squashfs files. */
  bytes: number;
  reusedBytes: number;
}

/** Makes a squashfs with blocks of earlier ones. The bytes do not depend on it. */
export interface BlockReuse {
  known: KnownBlocks | undefined;
  /** Called when the squashfs is complete. */
  onUse: (use: BlockUse) => void;
}
