import { PlatterError } from "../../internal/base/error.ts";
import { missingText } from "../../internal/ui/verification.ts";
import type { Incomplete } from "../../internal/verify/verdict.ts";

/** The error for a file that is not an ISO. `reason` continues a sentence that begins with "it". */
export function notIso(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_NOT_AN_ISO",
    kind: "media",
    message: `Cannot read \`${path}\` as an ISO: it ${reason}`,
    hint: "Name the file of an ISO.",
  });
}

/** The error for a file that is shorter than its volume. */
export function isoIncomplete(path: string, incomplete: Incomplete): PlatterError {
  return new PlatterError({
    code: "E_ISO_INCOMPLETE",
    kind: "media",
    message: `\`${path}\` is incomplete: ${missingText(incomplete)}`,
    hint: "Continue the download, or start it again.",
  });
}
