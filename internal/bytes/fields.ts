import type { ProblemCode } from "./problem-codes.ts";
/** Reads and checks numbers and texts of ISO 9660. */
import type { ProblemLog } from "./problem-log.ts";

/** A record or descriptor, with its offset for the log. */
export interface Block {
  bytes: Uint8Array;
  /** Offset of `bytes` in the source. */
  offset: number;
  /** Its name in messages: `primary volume descriptor`, `directory record of /EFI`. */
  name: string;
}

export function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** A number recorded in both byte orders (ECMA-119, 7.3.3). */
export function both32(block: Block, field: { at: number; name: string; log: ProblemLog }): number {
  const view = viewOf(block.bytes);
  const little = view.getUint32(field.at, true);
  const big = view.getUint32(field.at + 4, false);
  return agreed(block, { ...field, little, big, length: 8 });
}

/** A number recorded in both byte orders (ECMA-119, 7.2.3). */
export function both16(block: Block, field: { at: number; name: string; log: ProblemLog }): number {
  const view = viewOf(block.bytes);
  const little = view.getUint16(field.at, true);
  const big = view.getUint16(field.at + 2, false);
  return agreed(block, { ...field, little, big, length: 4 });
}

function agreed(
  block: Block,
  field: { at: number; name: string; log: ProblemLog; little: number; big: number; length: number },
): number {
  const offset = block.offset + field.at;
  field.log.covers({ name: `${block.name}: ${field.name}`, start: offset, length: field.length });
  if (field.little !== field.big) {
    const detail = `the ${block.name} gives its ${field.name} as ${field.little} and as ${field.big}`;
    field.log.note({ code: "both-endian", detail, offset });
  }
  return field.little;
}

/** Reports bytes that differ from their only valid value. */
export function expectBytes(
  block: Block,
  field: { at: number; name: string; code: ProblemCode; bytes: readonly number[]; log: ProblemLog },
): boolean {
  const offset = block.offset + field.at;
  field.log.covers({ name: `${block.name}: ${field.name}`, start: offset, length: field.bytes.length });
  if (field.bytes.every((byte, index) => block.bytes[field.at + index] === byte)) return true;
  field.log.note({ code: field.code, detail: `the ${block.name} has a wrong ${field.name}`, offset });
  return false;
}

/** Reports bytes that are not zero. */
export function expectZero(
  block: Block,
  field: { at: number; length: number; name: string; log: ProblemLog },
): void {
  const offset = block.offset + field.at;
  field.log.covers({ name: `${block.name}: ${field.name}`, start: offset, length: field.length });
  if (isZero(block.bytes.subarray(field.at, field.at + field.length))) return;
  const detail = `the ${block.name} has something in its ${field.name}, which must be zero`;
  field.log.note({ code: "not-zero", detail, offset });
}

export function isZero(bytes: Uint8Array): boolean {
  return bytes.every((byte) => byte === 0);
}

export function latin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The bytes as UTF-8, or with one character for each byte if they are not UTF-8. */
export function textOf(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return latin1(bytes);
  }
}

/** Decodes UCS-2, big-endian, as in Joliet. */
export function ucs2(bytes: Uint8Array): string {
  let text = "";
  for (let at = 0; at + 1 < bytes.length; at += 2)
    text += String.fromCharCode((bytes[at]! << 8) | bytes[at + 1]!);
  return text;
}
