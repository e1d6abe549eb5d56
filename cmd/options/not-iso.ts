import { PlatterError } from "../../internal/base/error.ts";
import { missingText } from "../../internal/ui/verification.ts";
import type { Incomplete } from "../../internal/verify/verdict.ts";

/** `reason` completes "it". */
export function notIso(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_NOT_AN_ISO",
    kind: "media",
    message: `Cannot read \`${path}\` as an ISO: it ${reason}`,
    hint: "Name the file of an ISO.",
  });
}

/** The file ends before the volume does. */
export function isoIncomplete(path: string, incomplete: Incomplete): PlatterError {
  return new PlatterError({
    code: "E_ISO_INCOMPLETE",
    kind: "media",
    message: `\`${path}\` is incomplete: ${missingText(incomplete)}`,
    hint: "Continue the download, or start it again.",
  });
}
