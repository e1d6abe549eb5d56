import { isFault, type PeImage, parsePe } from "../../pe/pe-image.ts";
import { Findings, type Reading } from "./findings.ts";

/** Looks at a program's headers; undefined when it is none. `base` is where its bytes lie in the whole ISO. */
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
