import { inflateSync } from "node:zlib";
import type { Picture } from "../../../internal/boot/control/png.ts";

/** A PNG as platter writes it: eight bits of red, green and blue, one IDAT, lines without a filter (ISO/IEC 15948). */
export function readPng(bytes: Buffer): Picture {
  const [width, height] = [bytes.readUInt32BE(16), bytes.readUInt32BE(20)];
  const at = bytes.indexOf("IDAT");
  const lines = inflateSync(bytes.subarray(at + 4, at + 4 + bytes.readUInt32BE(at - 4)));
  const rgb = Buffer.alloc(width * height * 3);
  for (let y = 0; y < height; y++)
    lines.copy(rgb, y * width * 3, y * (width * 3 + 1) + 1, (y + 1) * (width * 3 + 1));
  return { width, height, rgb };
}
