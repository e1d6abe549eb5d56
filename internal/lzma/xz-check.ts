import { crc32 } from "node:zlib";
import { DataProblem } from "../base/data-problem.ts";
import { Crc64Xz } from "./crc64-xz.ts";

/** The check of a stream over the content of its blocks (xz-file-format 1.2.0, section 2.1.1.2). */
interface XzCheck {
  update: (bytes: Uint8Array) => void;
  /** The value that is stored after a block. */
  digest: () => Uint8Array;
}

/** Numbers in a stream's flags. */
const [NONE, CRC32, CRC64, SHA256] = [0x00, 0x01, 0x04, 0x0a];

/** Bytes of each check by its number. */
export function checkSize(kind: number): number {
  return kind === 0 ? 0 : [4, 8, 16, 32, 64][Math.floor((kind - 1) / 3)]!;
}

/** @throws DataProblem for a reserved number */
export function makeCheck(kind: number): XzCheck {
  if (kind === NONE) return { update: () => {}, digest: () => new Uint8Array(0) };
  if (kind === CRC32) return crc32Check();
  if (kind === CRC64) {
    const crc = new Crc64Xz();
    return { update: (bytes) => crc.update(bytes), digest: () => crc.digest() };
  }
  if (kind === SHA256) {
    const hasher = new Bun.CryptoHasher("sha256");
    return { update: (bytes) => void hasher.update(bytes), digest: () => hasher.digest() };
  }
  throw new DataProblem(`has a check of the unknown kind ${kind}`, "unsupported");
}

function crc32Check(): XzCheck {
  let sum = 0;
  return {
    update: (bytes) => {
      sum = crc32(bytes, sum);
    },
    digest: () => {
      const digest = Buffer.alloc(4);
      digest.writeUInt32LE(sum);
      return digest;
    },
  };
}
