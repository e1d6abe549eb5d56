import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";

/** Bytes of all files in a folder and its folders. Another program may be adding and removing files. */
export function folderSize(path: string): number {
  const names = attempt(() => readdirSync(path, { recursive: true, encoding: "utf8" })) ?? [];
  let size = 0;
  for (const name of names) {
    const info = attempt(() => statSync(join(path, name)));
    if (info?.isFile() === true) size += info.size;
  }
  return size;
}

/** The result. Undefined if the file does not exist any more. */
function attempt<T>(act: () => T): T | undefined {
  try {
    return act();
  } catch {
    return undefined;
  }
}
