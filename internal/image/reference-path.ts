import { statSync } from "node:fs";
import { parseReference, splitDigest } from "./reference.ts";

/**
 * The file or folder that holds an image, if the reference names one. Nothing is read of it.
 * @throws PlatterError `E_REFERENCE`
 */
export function pathOfReference(text: string): string | undefined {
  const reference = parseReference(text);
  if ("name" in reference) return undefined;
  const whole = "path" in reference ? reference.path : reference.text;
  // A path may be followed by a digest, an index or a tag.
  const parts = [
    splitDigest(whole)?.path,
    ...[/^(.+)@\d+$/, /^(.+):[^:]*$/].map((form) => form.exec(whole)?.[1]),
  ];
  return [whole, ...parts].find((path) => path !== undefined && exists(path));
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Opening the image reports what is wrong with the path.
    return false;
  }
}
