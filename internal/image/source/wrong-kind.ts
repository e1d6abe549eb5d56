import { PlatterError } from "../../base/error.ts";

/** The error for a file or folder that is not an image; `what` follows "it is". */
export function wrongKind(path: string, what: string, hint?: string): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE_KIND",
    kind: "usage",
    message: `Cannot use \`${path}\` as an image: it is ${what}`,
    hint:
      hint ??
      "Write a transport before the path: `dir:`, `oci:`, `oci-archive:`, `docker-archive:` or `tar:`.",
  });
}
