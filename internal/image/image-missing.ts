import { readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { PlatterError } from "../base/error.ts";
import { nearest } from "../text/nearest.ts";

/** Entries of a folder that are compared with a name. */
const MOST_ENTRIES = 10_000;

/** An image that does not exist, whatever its transport: one wording and one exit code. */
export class ImageMissing extends PlatterError {
  /** What was looked for and not found. */
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

/** The path of an entry in the same folder whose name is nearly the one of `path`; undefined without such an entry. */
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
