import { z } from "zod";
import { PlatterError } from "../base/error.ts";
import { COMPRESSIONS, type Compression, SQUASHFS_COMPRESSIONS } from "../squashfs/blocks/compression.ts";
import { PRESETS } from "./compression-presets.ts";
import { ROOTFS_TYPES, type RootfsType } from "./rootfs-type.ts";

export const rootfsOptionsSchema = z.strictObject({
  type: z.enum(ROOTFS_TYPES).describe("File system."),
  compression: z.enum(COMPRESSIONS).describe("Compressor."),
  level: z
    .int()
    .nullable()
    .describe("Level of the compressor. Null for the default, or for a compressor without levels."),
  blockSize: z
    .int()
    .describe("Bytes that are compressed together, or compressed bytes in an erofs: 4 KiB to 1 MiB."),
});

export type RootfsOptions = z.infer<typeof rootfsOptionsSchema>;

const LEVELS: Partial<Record<Compression, readonly [number, number]>> = { zstd: [1, 22], gzip: [1, 9] };

/** The form of `--compression`: a preset's name, or `NAME[:LEVEL][,BLOCK]`. */
const FORM = /^([^:,]*)(?::([^:,]*))?(?:,([^:,]*))?$/;

const EXAMPLES = "such as `zstd:19`, `zstd:9,512K` or `gzip,1M`";

/**
 * File system and compression as a user writes them: a preset, or a compressor with its level and its block size.
 * Missing parts are those of the preset `balanced`.
 * @throws PlatterError `E_COMPRESSION`
 */
export function parseRootfsOptions(options: {
  compression?: string | undefined;
  rootfs: RootfsType;
}): RootfsOptions {
  const type = options.rootfs;
  const text = options.compression ?? "balanced";
  const preset = Object.hasOwn(PRESETS, text) ? PRESETS[text as keyof typeof PRESETS] : undefined;
  if (preset !== undefined) return { type, ...preset[type] };
  const [, name = text, level, blockSize] = FORM.exec(text) ?? [];
  if (Object.hasOwn(PRESETS, name)) {
    throw wrong(
      `Cannot give the preset \`${name}\` a level or a block size: only compressors take them`,
      `Name a compressor, ${EXAMPLES}.`,
    );
  }
  const compression = name as Compression;
  if (!COMPRESSIONS.includes(compression)) {
    const known = type === "erofs" ? COMPRESSIONS : SQUASHFS_COMPRESSIONS;
    const names = [...Object.keys(PRESETS), ...known].join(", ");
    throw wrong(
      `Cannot compress with \`${name}\`: it is not a compression that platter knows`,
      `Choose one of ${names}; level and block size may follow, ${EXAMPLES}.`,
    );
  }
  if (type === "squashfs" && !SQUASHFS_COMPRESSIONS.includes(compression)) {
    throw wrong(
      `Cannot make a squashfs with \`${compression}\`: platter compresses it with zstd or gzip`,
      "Choose `small` for the smallest ISO, or `fast` for the fastest build.",
    );
  }
  const usual = PRESETS.balanced[type];
  return {
    type,
    compression,
    level:
      level === undefined
        ? compression === usual.compression
          ? usual.level
          : null
        : parseLevel(compression, level),
    blockSize: blockSize === undefined ? usual.blockSize : parseBlockSize(blockSize),
  };
}

function parseLevel(compression: Compression, text: string): number {
  const range = LEVELS[compression];
  if (range === undefined) {
    throw wrong(
      `Cannot use a level with \`${compression}\`: it does not have levels`,
      "Leave the level out, or choose zstd or gzip.",
    );
  }
  const level = Number(text);
  if (/^\d+$/.test(text) && level >= range[0] && level <= range[1]) return level;
  throw wrong(
    `Cannot compress with level \`${text}\`: it is not a level of ${compression}`,
    `Choose a level from ${range[0]} to ${range[1]}.`,
  );
}

function parseBlockSize(text: string): number {
  const match = /^(\d+)([km]?)(?:i?b)?$/i.exec(text);
  const factor = { "": 1, k: 1024, m: 1024 * 1024 }[(match?.[2] ?? "").toLowerCase()] ?? 1;
  const size = Number(match?.[1]) * factor;
  if (size >= 4096 && size <= 1024 * 1024 && Number.isInteger(Math.log2(size))) return size;
  throw wrong(
    `Cannot use a block size of \`${text}\`: platter does not support it`,
    "Give a power of two from 4K to 1M, such as 256K.",
  );
}

function wrong(message: string, hint: string): PlatterError {
  return new PlatterError({ code: "E_COMPRESSION", kind: "usage", message, hint });
}
