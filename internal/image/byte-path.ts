declare const brand: unique symbol;

/**
 * A path or name inside an image. Linux paths are bytes, not text: each character holds one byte (0x01 to 0xff),
 * so that names that are not UTF-8 survive. No leading, trailing or doubled slash, no `.` or `..`; the root is `""`.
 */
export type BytePath = string & { readonly [brand]: "BytePath" };

/** Bytes as a string with one character a byte. */
export function bytesToLatin1(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
}

/** The reverse of {@link bytesToLatin1}. */
export function latin1ToBytes(text: string): Uint8Array {
  return Buffer.from(text, "latin1");
}

/** A path written in the source code or typed by a user, as a {@link BytePath}; leading and trailing slashes go. */
export function toBytePath(text: string): BytePath {
  return Buffer.from(text.replace(/^\/+|\/+$/g, ""), "utf8").toString("latin1") as BytePath;
}

/** The path for people: UTF-8 where it is UTF-8, control characters and stray bytes as `\xNN`, with a leading slash. */
export function displayPath(path: string): string {
  const bytes = Buffer.from(path, "latin1");
  const text = bytes.toString("utf8");
  const shown = Buffer.from(text, "utf8").equals(bytes) ? text : path;
  const escaped = shown.replace(/[\x00-\x1f\x7f-\x9f]|[\x80-\xff]/g, (c) =>
    shown === path || c < "\xa0" ? `\\x${c.charCodeAt(0).toString(16).padStart(2, "0")}` : c,
  );
  return `/${escaped}`;
}
