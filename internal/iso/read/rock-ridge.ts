/** The system use area (SUSP 1.12) and its Rock Ridge entries (RRIP 1.12). */

import type { ProblemLog } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { SECTOR } from "../../iso-format/units.ts";
import type { RockRidge } from "./rock-ridge-fields.ts";
import { type SystemUseArea, SystemUseReader } from "./system-use.ts";

const MAX_CONTINUATIONS = 64;

/**
 * Reads a record's system use area and its continuations. `name` is the entry's path for messages. `budget` is the
 * number of bytes of continuations that may still be read.
 */
export async function readRockRidge(
  source: ByteSource,
  area: SystemUseArea,
  { name, log, budget }: { name: string; log: ProblemLog; budget: { bytes: number } },
): Promise<RockRidge> {
  const found: RockRidge = {
    name: undefined,
    nameSpans: [],
    mode: undefined,
    target: undefined,
    childLink: undefined,
    relocated: false,
    skip: undefined,
  };
  const reader = new SystemUseReader(found, { name, log });
  let next: SystemUseArea | undefined = area;
  for (let hop = 0; next !== undefined; hop++) {
    if (hop > MAX_CONTINUATIONS || budget.bytes < 0) {
      log.note({ code: "susp-loop", detail: `${name} has too many continuations`, offset: next.offset });
      break;
    }
    const continuation = reader.read(next);
    if (continuation === undefined) break;
    budget.bytes -= continuation.length;
    const offset = continuation.lba * SECTOR + continuation.at;
    const bytes = await source.read(offset, continuation.length);
    if (continuation.at + continuation.length > SECTOR || bytes.length < continuation.length) {
      log.note({
        code: "susp-continuation",
        detail: `${name} continues at a place without data`,
        offset: next.offset,
      });
      break;
    }
    next = { bytes, offset };
  }
  reader.finish(area.offset);
  return found;
}

/** The type bits of a mode (POSIX stat.h). */
export function fileTypeOf(mode: number): "file" | "directory" | "symlink" | "special" {
  switch (mode & 0o170000) {
    case 0o100000:
      return "file";
    case 0o040000:
      return "directory";
    case 0o120000:
      return "symlink";
    default:
      return "special";
  }
}
