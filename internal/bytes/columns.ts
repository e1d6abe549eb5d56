/** Columns of numbers that grow: a table of a million rows as a few typed arrays instead of a million objects. */

type Column =
  | Uint8Array<ArrayBuffer>
  | Uint16Array<ArrayBuffer>
  | Int32Array<ArrayBuffer>
  | Uint32Array<ArrayBuffer>
  | Float64Array<ArrayBuffer>;

/** Returns the column if it has room for `length` numbers, otherwise a larger copy. */
export function withRoom<T extends Column>(column: T, length: number): T {
  if (length <= column.length) return column;
  const larger = new (column.constructor as new (length: number) => T)(Math.max(length, column.length * 2));
  larger.set(column);
  return larger;
}
