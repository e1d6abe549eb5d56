/** Path tables (ECMA-119, 6.9 and 9.4). */

interface PathTableFields {
  identifier: Uint8Array;
  /** Sector of the directory. */
  lba: number;
  /** Number of the parent's entry, from 1; the root is its own parent. */
  parent: number;
}

/** The greatest number of a parent's entry, which has 16 bits. */
export const MAX_PARENT = 0xffff;

/** Length in bytes of a table with these identifiers. */
export function pathTableLength(identifiers: readonly Uint8Array[]): number {
  return identifiers.reduce((sum, { length }) => sum + 8 + length + (length % 2), 0);
}

/** One table. Numbers in a table of type L are little-endian, in a table of type M big-endian. */
export function encodePathTable(
  entries: readonly PathTableFields[],
  order: "little" | "big",
): Uint8Array<ArrayBuffer> {
  const isLittle = order === "little";
  const bytes = new Uint8Array(pathTableLength(entries.map(({ identifier }) => identifier)));
  const view = new DataView(bytes.buffer);
  let at = 0;
  for (const { identifier, lba, parent } of entries) {
    bytes[at] = identifier.length;
    view.setUint32(at + 2, lba, isLittle);
    view.setUint16(at + 6, parent, isLittle);
    bytes.set(identifier, at + 8);
    at += 8 + identifier.length + (identifier.length % 2);
  }
  return bytes;
}
