import { PlatterError } from "../base/error.ts";

type TarErrorCode =
  | "E_TAR_TRUNCATED"
  | "E_TAR_CHECKSUM"
  | "E_TAR_NUMBER"
  | "E_TAR_PAX"
  | "E_TAR_SPARSE"
  | "E_TAR_TYPE"
  | "E_TAR_PATH"
  | "E_TAR_LINK"
  | "E_TAR_XATTR"
  | "E_TAR_SIZE";

/** The most characters of a path that a message shows. */
const SHOWN = 200;

/** A member's path for a message: whole if it is not too long to be read. */
export function shownPath(path: string): string {
  return path.length <= SHOWN ? `\`${path}\`` : `\`${path.slice(0, SHOWN)}…\``;
}

/** The error for an invalid archive. `archive` is its whole name with quotes. */
export function tarError(code: TarErrorCode, archive: string, problem: string): PlatterError {
  return new PlatterError({
    code,
    kind: "contract",
    message: `Cannot read ${archive}: ${problem}`,
    hint:
      code === "E_TAR_TRUNCATED" || code === "E_TAR_CHECKSUM"
        ? "Fetch or write the image again: the archive is damaged."
        : "Build the image again with podman, buildah or docker, or copy it with skopeo.",
  });
}
