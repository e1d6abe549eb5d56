/** Values in ASN.1's distinguished encoding (ITU-T X.690), as far as certificates and signatures use it. */

export interface DerValue {
  /** The identifier octet: class, constructed bit and number. */
  tag: number;
  content: Uint8Array;
  /** Identifier, length and content. */
  whole: Uint8Array;
}

export const TAG = {
  integer: 0x02,
  octetString: 0x04,
  null: 0x05,
  objectIdentifier: 0x06,
  sequence: 0x30,
  set: 0x31,
  /** `[0]` with more values in it. */
  context0: 0xa0,
} as const;

/** More values than any certificate or signature has in one sequence. */
const MAX_VALUES = 256;

/** The values of a sequence of bytes; undefined if their encoding is invalid. */
export function derValues(bytes: Uint8Array): DerValue[] | undefined {
  const values: DerValue[] = [];
  for (let at = 0; at < bytes.length; ) {
    const value = derValue(bytes.subarray(at));
    if (value === undefined || values.length === MAX_VALUES) return undefined;
    values.push(value);
    at += value.whole.length;
  }
  return values;
}

/** The first value; undefined without a valid value. */
export function derValue(bytes: Uint8Array): DerValue | undefined {
  const tag = bytes[0];
  const first = bytes[1];
  // Tags of more than one byte do not occur.
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) return undefined;
  let start = 2;
  let length = first;
  if (first >= 0x80) {
    const count = first & 0x7f;
    if (count === 0 || count > 4 || bytes.length < 2 + count) return undefined;
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[2 + i]!;
    start += count;
  }
  const end = start + length;
  if (end > bytes.length) return undefined;
  return { tag, content: bytes.subarray(start, end), whole: bytes.subarray(0, end) };
}

/** The values inside a value with this tag; undefined if it has another tag or an invalid encoding. */
export function derChildren(value: DerValue | undefined, tag: number): DerValue[] | undefined {
  return value?.tag === tag ? derValues(value.content) : undefined;
}

/** An object identifier with dots; undefined if the value has another type. */
export function objectIdentifier(value: DerValue | undefined): string | undefined {
  if (value?.tag !== TAG.objectIdentifier || value.content.length > 32) return undefined;
  const numbers: number[] = [];
  let number = 0;
  for (const byte of value.content) {
    number = number * 128 + (byte & 0x7f);
    if (byte >= 0x80) continue;
    numbers.push(number);
    number = 0;
  }
  const [first, ...rest] = numbers;
  if (first === undefined) return undefined;
  const root = Math.min(2, Math.floor(first / 40));
  return [root, first - root * 40, ...rest].join(".");
}

export function sameBytes(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return a !== undefined && b !== undefined && Buffer.compare(a, b) === 0;
}
