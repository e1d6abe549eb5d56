import { statSync } from "node:fs";
import { parseReference } from "./reference.ts";

/** A digest, an index or a tag may follow a path. */
const ENDINGS = [/^(.+?):?@sha\d+:[0-9a-f]+$/, /^(.+)@\d+$/, /^(.+):[^:]*$/];

/**
 * The file or folder of an image, if the reference names one. It is not read.
 * @throws PlatterError `E_REFERENCE`
 */
export function pathOfReference(text: string): string | undefined {
  const reference = parseReference(text);
  if (reference.transport === "-" || "name" in reference) return undefined;
  const whole = "path" in reference ? reference.path : reference.text;
  const parts = ENDINGS.map((ending) => ending.exec(whole)?.[1]);
  return [whole, ...parts].find((path) => path !== undefined && exists(path));
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Opening the image reports problems of the path.
    return false;
  }
}
