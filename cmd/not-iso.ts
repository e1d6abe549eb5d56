import { PlatterError } from "../internal/error.ts";

/** `reason` completes "it". */
export function notIso(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_NOT_AN_ISO",
    kind: "media",
    message: `\`${path}\` is not an ISO: it ${reason}`,
  });
}
