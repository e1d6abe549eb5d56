import { parseReference } from "../image/reference.ts";
import { parsePayloadRequest } from "../payload/payload-reference.ts";
import type { ProgramNeed } from "../process/program.ts";

const HINT = "Install what is missing, or save the image elsewhere and use `oci-archive:FILE`.";

/** Programs without which an image cannot be read. @throws PlatterError `E_REFERENCE` */
export function imageNeeds(reference: string): ProgramNeed[] {
  return needsOf(reference, ["skopeo", "podman"]);
}

/** The same for a payload. @throws PlatterError `E_REFERENCE`, `E_PAYLOAD_NAME` */
export function payloadNeeds(text: string): ProgramNeed[] {
  return needsOf(parsePayloadRequest(text).reference, ["skopeo"]);
}

/** `fetchers` are the programs that can fetch from a registry. */
function needsOf(reference: string, fetchers: readonly string[]): ProgramNeed[] {
  // A name without a transport may be a path, which needs no program.
  const { transport } = parseReference(reference);
  const by = `\`${reference}\``;
  if (transport === "docker") return [{ programs: fetchers, by, hint: HINT }];
  if (transport === "containers-storage") return [{ programs: ["podman"], by, hint: HINT }];
  return [];
}
