import { describe, expect, test } from "bun:test";
import { withRoom } from "../../../internal/bytes/columns.ts";

describe("withRoom", () => {
  test.each([Uint8Array, Uint16Array, Uint32Array, Float64Array])("a %p keeps its numbers", (Column) => {
    const column = new Column([1, 2, 3]);
    const larger = withRoom(column, 4);
    expect(larger).toEqual(new Column([1, 2, 3, 0, 0, 0]));
    expect(larger).toBeInstanceOf(Column);
  });

  test("a column with room stays", () => {
    const column = new Uint32Array([1, 2, 3]);
    expect(withRoom(column, 3)).toBe(column);
  });

  test("a column without numbers gets the room that is needed", () => {
    expect(withRoom(new Float64Array(), 5)).toHaveLength(5);
  });

  test("the memory of a smaller column is free immediately, however often the column grows", () => {
    const columns = [new Uint8Array(1024)];
    for (let rows = 1025; rows < 2 ** 20; rows *= 2) columns.push(withRoom(columns.at(-1)!, rows));
    const largest = columns.pop()!;
    expect(columns.length).toBeGreaterThan(5);
    expect(columns.map(({ buffer }) => buffer.byteLength)).toEqual(columns.map(() => 0));
    expect(largest.buffer.byteLength).toBe(largest.length);
  });
});
