import { ProblemLog, type Reading } from "../bytes/problem-log.ts";
import { isFault, type PeImage, parsePe } from "../pe/pe-image.ts";

/** Reads a program's headers; undefined if it is not a program. `base` is the offset of its bytes in the ISO. */
export function readPe(
  bytes: Uint8Array,
  { name, base }: { name: string; base?: number },
): Reading<PeImage | undefined> {
  const log = new ProblemLog(base ?? 0);
  const read = parsePe(bytes);
  if (!isFault(read)) return log.reading<PeImage | undefined>(read);
  log.note({ code: "pe", detail: `${name} ${read.fault}`, offset: read.offset });
  return log.reading<PeImage | undefined>(undefined);
}
