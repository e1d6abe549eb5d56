import { basename, resolve } from "node:path";
import type { FileRecord } from "./receipt.ts";

/** The path of an ISO's checksum file, next to the ISO. */
export function checksumPath(iso: string): string {
  return `${resolve(iso)}-CHECKSUM`;
}

/** The text of a checksum file as Fedora's releases have them; `sha256sum --check` reads it. */
export function renderChecksum({ path, size, sha256 }: FileRecord): string {
  const name = basename(path);
  const escaped = name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  // As coreutils writes a name that it had to escape.
  const mark = escaped === name ? "" : "\\";
  return `# ${escaped}: ${size} bytes\n${mark}SHA256 (${escaped}) = ${sha256}\n`;
}
