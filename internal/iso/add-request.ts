import { PlatterError } from "../base/error.ts";
import { PRINTABLE } from "../grub/quote.ts";
import { printable } from "../text/printable.ts";

/** A file or folder of the host that the user wants on the ISO. */
export interface AddRequest {
  /** Path on the host. */
  source: string;
  /** Absolute path on the ISO, without `.`, `..` and empty parts; "" for its root. */
  isoPath: string;
  /** Whether a file keeps its name in the folder `isoPath`. */
  isFolder: boolean;
}

/** Most bytes of a name: one Rock Ridge record holds no more. */
const MAX_NAME = 255;

/** The request in a value of --add: `FILE=/PATH`. @throws PlatterError `E_ADD` */
export function parseAddRequest(text: string): AddRequest {
  const at = text.lastIndexOf("=/");
  if (at <= 0) throw addError(text, "it is not FILE=/PATH");
  const target = text.slice(at + 1);
  const names = target.split("/").filter((name) => name !== "" && name !== ".");
  if (names.includes("..")) throw addError(text, "the path on the ISO has `..`");
  const isoPath = names.map((name) => `/${name}`).join("");
  requireNames(isoPath);
  return { source: text.slice(0, at), isoPath, isFolder: target.endsWith("/") };
}

/** Refuses a path on the ISO with a name that cannot be written. @throws PlatterError `E_ADD` */
export function requireNames(isoPath: string): void {
  // A name of the host that is not UTF-8 was decoded with U+FFFD.
  if (!PRINTABLE.test(isoPath) || isoPath.includes("\ufffd"))
    throw addError(isoPath, "its name is not printable UTF-8");
  if (isoPath.split("/").some((name) => Buffer.byteLength(name) > MAX_NAME))
    throw addError(isoPath, `a name has more than ${MAX_NAME} bytes`);
}

export function addError(what: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_ADD",
    kind: "usage",
    message: `Cannot add \`${printable(what)}\` to the ISO: ${reason}`,
    hint: "Write `--add FILE=/PATH` with a file or folder, and a free path on the ISO.",
  });
}
