import { expect, test } from "bun:test";
import {
  decodeRecord,
  encodeRecord,
  RECORD_MAGIC,
  RECORD_SIZE,
} from "../../../internal/squashfs/blocks/codec-record.ts";

const record = { codec: new Uint8Array(32).fill(7), blocks: 0x0123_4567_89ab_cdefn };

test("decodeRecord: a record is what was encoded", () => {
  const bytes = encodeRecord(record);
  expect(bytes.length).toBe(RECORD_SIZE);
  const { codec, blocks } = decodeRecord(Buffer.concat([bytes, Buffer.alloc(100)])) as typeof record;
  expect({ codec: Uint8Array.from(codec), blocks }).toEqual(record);
});

test("decodeRecord: a change after the magic is damage, and another magic is not a record", () => {
  for (let at = 0; at < RECORD_SIZE; at++) {
    const bytes = encodeRecord(record);
    bytes[at]! ^= 0x10;
    expect(decodeRecord(bytes)).toBe(at < RECORD_MAGIC ? undefined : "damaged");
  }
});

test("decodeRecord: a record that is cut off is damage", () => {
  const bytes = encodeRecord(record);
  expect(decodeRecord(bytes.subarray(0, RECORD_SIZE - 1))).toBe("damaged");
  expect(decodeRecord(bytes.subarray(0, RECORD_MAGIC - 1))).toBeUndefined();
  expect(decodeRecord(Buffer.alloc(0))).toBeUndefined();
});
