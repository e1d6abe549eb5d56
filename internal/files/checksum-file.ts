import { basename, resolve } from "node:path";

/** The path of an ISO's checksum file, next to the ISO. */
export function checksumPath(iso: string): string {
  return `${resolve(iso)}-CHECKSUM`;
}

/** The text of a checksum file in the format of Fedora's releases, which `sha256sum --check` reads. */
export function renderChecksum({
  path,
  size,
  sha256,
}: {
  path: string;
  size: number;
  sha256: string;
}): string {
  const name = basename(path);
  const escaped = name.replaceAll("\\", "\\\\").replaceAll("\n", "\\n");
  // coreutils puts a backslash before a line whose name is escaped.
  const mark = escaped === name ? "" : "\\";
  return `# ${escaped}: ${size} bytes\n${mark}SHA256 (${escaped}) = ${sha256}\n`;
}
