import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PlatterError } from "../base/error.ts";
import { nearest } from "../text/nearest.ts";

/** The most entries of a folder that are compared with a name. */
const MOST_ENTRIES = 10_000;

/** The error for a missing image, the same for every transport. */
export class ImageMissing extends PlatterError {
  /** The file or image that was not found. */
  readonly reason: string;

  constructor(
    reference: string,
    reason: string,
    more: { hint?: string | undefined; detail?: readonly string[]; cause?: unknown } = {},
  ) {
    super({
      code: "E_IMAGE_MISSING",
      kind: "contract",
      message: `Cannot find the image \`${reference}\`: ${reason}`,
      ...more,
    });
    this.reason = reason;
  }
}

/** The path of an entry in the same folder whose name is similar to that of `path`; undefined without such an entry. */
export function nearPath(path: string): string | undefined {
  const folder = dirname(path);
  let names: string[];
  try {
    names = readdirSync(folder);
  } catch {
    return undefined;
  }
  const near = nearest(basename(path), names.slice(0, MOST_ENTRIES));
  if (near === undefined) return undefined;
  return path.startsWith("./") ? `./${join(folder, near)}` : join(folder, near);
}
