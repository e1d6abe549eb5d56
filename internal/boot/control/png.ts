import { crc32, deflateSync } from "node:zlib";

/** A picture, eight bits each of red, green and blue. */
export interface Picture {
  width: number;
  height: number;
  rgb: Uint8Array;
}

/**
 * Reads the binary form of a portable pixmap, which every version of QEMU writes. PNG needs 7.1.
 * @throws RangeError if it is not a portable pixmap or is too short
 */
export function parsePpm(bytes: Uint8Array): Picture {
  const header = /^P6\s+(\d+)\s+(\d+)\s+255\s/.exec(new TextDecoder("latin1").decode(bytes.subarray(0, 64)));
  if (header === null) throw new RangeError("not a binary portable pixmap with eight bits a colour");
  const [width, height] = [Number(header[1]), Number(header[2])];
  const rgb = bytes.subarray(header[0].length, header[0].length + width * height * 3);
  if (rgb.length !== width * height * 3) throw new RangeError("the portable pixmap is too short");
  return { width, height, rgb };
}

/** The picture as PNG (ISO/IEC 15948): IHDR, one IDAT whose lines have no filter, IEND. */
export function encodePng({ width, height, rgb }: Picture): Uint8Array {
  const header = new Uint8Array(13);
  const view = new DataView(header.buffer);
  view.setUint32(0, width);
  view.setUint32(4, height);
  // Eight bits a sample, colour type 2 (red, green, blue); the only compression, filter method and no interlace.
  header.set([8, 2, 0, 0, 0], 8);
  const stride = width * 3;
  const lines = new Uint8Array((stride + 1) * height);
  for (let y = 0; y < height; y++) {
    lines.set(rgb.subarray(y * stride, (y + 1) * stride), y * (stride + 1) + 1);
  }
  const signature = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a);
  return Buffer.concat([
    signature,
    chunk("IHDR", header),
    chunk("IDAT", deflateSync(lines)),
    chunk("IEND", new Uint8Array()),
  ]);
}

function chunk(type: string, data: Uint8Array): Uint8Array {
  const bytes = Buffer.alloc(data.length + 12);
  bytes.writeUInt32BE(data.length, 0);
  bytes.write(type, 4, "latin1");
  bytes.set(data, 8);
  bytes.writeUInt32BE(crc32(bytes.subarray(4, data.length + 8)), data.length + 8);
  return bytes;
}
