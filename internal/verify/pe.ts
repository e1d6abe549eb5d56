import { Findings, type Reading } from "../bytes/problem-log.ts";
import { isFault, type PeImage, parsePe } from "../pe/pe-image.ts";

/** Reads a program's headers; undefined if it is not a program. `base` is the offset of its bytes in the ISO. */
export function readPe(
  bytes: Uint8Array,
  { name, base }: { name: string; base?: number },
): Reading<PeImage | undefined> {
  const findings = new Findings(base ?? 0);
  const read = parsePe(bytes);
  if (!isFault(read)) return findings.reading<PeImage | undefined>(read);
  findings.note({ code: "pe", detail: `${name} ${read.fault}`, offset: read.offset });
  return findings.reading<PeImage | undefined>(undefined);
}
