import type { ByteRange } from "../../bytes/byte-range.ts";

/** The Rock Ridge fields (RRIP 1.12) of a directory record. */
export interface RockRidge {
  /** From `NM`; undefined without such an entry. */
  name: Uint8Array | undefined;
  /** Byte ranges of the name in the source. */
  nameSpans: ByteRange[];
  /** From `PX`: file type and permissions as in stat(2). */
  mode: number | undefined;
  /** From `SL`. */
  target: string | undefined;
  /** From `CL`: the sector of the directory that has this name. */
  childLink: number | undefined;
  /** From `RE`: this directory belongs to another place in the tree. */
  relocated: boolean;
  /** Bytes to skip at the start of every other system use area, from `SP`. */
  skip: number | undefined;
}
