import { expect } from "bun:test";

/** Bytes that a failure shows before and after the first difference. */
const CONTEXT = 16;

export interface ByteDifference {
  /** Offset of the first byte that differs; if one side is the start of the other, the length of the shorter one. */
  offset: number;
  /** Lengths in bytes. */
  lengths: { actual: number; expected: number };
  /** The bytes around the difference in hexadecimal, with a bar before the byte at the offset. */
  actual: string;
  expected: string;
}

/** The first difference of two byte sequences; undefined if they are the same. */
export function firstDifference(actual: Uint8Array, expected: Uint8Array): ByteDifference | undefined {
  if (Buffer.compare(actual, expected) === 0) return undefined;
  const shorter = Math.min(actual.length, expected.length);
  let offset = 0;
  while (offset < shorter && actual[offset] === expected[offset]) offset++;
  const around = (bytes: Uint8Array) => {
    const hex = (from: number, to: number) => Buffer.from(bytes.subarray(from, to)).toString("hex");
    return `${hex(Math.max(0, offset - CONTEXT), offset)}|${hex(offset, offset + CONTEXT)}`;
  };
  return {
    offset,
    lengths: { actual: actual.length, expected: expected.length },
    actual: around(actual),
    expected: around(expected),
  };
}

/** Expects the same bytes. A failure shows both lengths, the first offset that differs, and the bytes around it. */
export function expectSameBytes(actual: Uint8Array, expected: Uint8Array): void {
  expect(firstDifference(actual, expected)).toBeUndefined();
}
