import type { DataProblem } from "../base/data-problem.ts";
import { PlatterError } from "../base/error.ts";
import type { Compression } from "./compression.ts";

/** The limit of decompressing a stream: a number of bytes, or a multiple of its own length. The larger limit applies. */
export interface ExpansionLimit {
  bytes: number;
  ratio: number;
}

/** The error for damaged data. */
export function corrupt(name: string, cause: Error): PlatterError {
  if (/too much memory/.test(cause.message)) return tooWide(name, cause);
  return new PlatterError({
    code: "E_BLOB_CORRUPT",
    kind: "contract",
    message: `Cannot decompress ${name}: ${cause.message}`,
    hint: "Fetch or write the image again.",
    cause,
  });
}

/** zstd's decoder takes windows of up to 128 MiB (RFC 8878, section 3.1.1.1.2, recommends 8). */
function tooWide(name: string, cause: Error): PlatterError {
  return new PlatterError({
    code: "E_COMPRESSION_WINDOW",
    kind: "contract",
    message: `Cannot read ${name}: it was compressed with a window of more than 128 MiB, as by \`zstd --long=31\``,
    hint: "Compress it again without `--long`.",
    cause,
  });
}

/** The error for a stream that decompresses to more than the limit. */
export function expansion(name: string, { bytes, ratio }: ExpansionLimit): PlatterError {
  return new PlatterError({
    code: "E_BLOB_EXPANSION",
    kind: "contract",
    message: `Cannot use ${name}: it decompresses to more than ${bytes} bytes and more than ${ratio} times its length`,
    hint: "Store it uncompressed if its size is right: an uncompressed archive or layer has no limit.",
  });
}

/** The error for a form of a compression that platter does not decode. */
export function unsupported(
  name: string,
  { compression, problem }: { compression: Compression; problem: DataProblem },
): PlatterError {
  return new PlatterError({
    code: "E_COMPRESSION_UNKNOWN",
    kind: "contract",
    message: `Cannot decompress ${name} with ${compression}: it ${problem.message}`,
    hint: "Compress it with gzip or zstd, or not at all.",
    cause: problem,
  });
}
