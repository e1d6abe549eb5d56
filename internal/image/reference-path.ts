import { statSync } from "node:fs";
import { parseReference } from "./reference.ts";

/**
 * The file or folder that holds an image, if the reference names one. Nothing is read of it.
 * @throws PlatterError `E_REFERENCE`
 */
export function pathOfReference(text: string): string | undefined {
  const reference = parseReference(text);
  if ("path" in reference) return reference.path;
  if (reference.transport !== undefined) return undefined;
  // A path may be followed by a tag.
  const colon = text.lastIndexOf(":");
  return [text, ...(colon > 0 ? [text.slice(0, colon)] : [])].find(exists);
}

function exists(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false }) !== undefined;
  } catch {
    // Opening the image reports what is wrong with the path.
    return false;
  }
}
