import { PlatterError } from "../../internal/base/error.ts";

/** `reason` completes "it". */
export function notIso(path: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_NOT_AN_ISO",
    kind: "media",
    message: `Cannot read \`${path}\` as an ISO: it ${reason}`,
    hint: "Name the file of an ISO.",
  });
}
