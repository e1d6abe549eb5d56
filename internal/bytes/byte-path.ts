import { printable } from "../text/printable.ts";

declare const brand: unique symbol;

/**
 * A path or name inside an image. Linux paths are bytes, not text: each character holds one byte (0x01 to 0xff), so
 * that names that are not UTF-8 are preserved. No leading, trailing or doubled slash, no `.` or `..`; the root is `""`.
 */
export type BytePath = string & { readonly [brand]: "BytePath" };

/** Bytes as a string with one character for each byte. */
export function bytesToLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The reverse of {@link bytesToLatin1}. */
export function latin1ToBytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/**
 * A path written in the source code or typed by a user, as a {@link BytePath}; without leading and trailing slashes.
 */
export function toBytePath(text: string): BytePath {
  return Buffer.from(text.replace(/^\/+|\/+$/g, ""), "utf8").toString("latin1") as BytePath;
}

/**
 * The path for messages, with a leading slash. Bytes that are not UTF-8 become `\xNN`. The text is safe on a terminal.
 */
export function displayPath(path: string): string {
  const bytes = Buffer.from(path, "latin1");
  const text = bytes.toString("utf8");
  if (Buffer.from(text, "utf8").equals(bytes)) return `/${printable(text)}`;
  return `/${printable(path).replace(/[\xa0-\xff]/g, (byte) => `\\x${byte.charCodeAt(0).toString(16)}`)}`;
}
