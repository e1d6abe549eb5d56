/** Columns of numbers that grow: a table of a million rows as a few typed arrays instead of a million objects. */

type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/**
 * Returns the column if it has room for `length` numbers, otherwise a larger one. The numbers are moved, so that no collector
 * has to find the old memory: neither the old column nor a part of it can be used any more. The column must not share memory.
 */
export function withRoom<T extends Column>(column: T, length: number): T {
  if (length <= column.length) return column;
  const room = Math.max(length, column.length * 2);
  const larger = column.buffer.transfer(room * column.BYTES_PER_ELEMENT);
  return new (column.constructor as new (buffer: ArrayBuffer) => T)(larger);
}
