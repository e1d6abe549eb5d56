import { existsSync } from "node:fs";
import { basename, resolve } from "node:path";
import { readInputText } from "./open-input.ts";

/** Most bytes of a checksum file. */
const MOST = 1024 * 1024;
/** The formats of `build --checksum` and of sha256sum(1). */
const FORMS = [
  /^\\?SHA256 \((?<name>.*)\) = (?<digest>[0-9a-f]{64})$/,
  /^(?<digest>[0-9a-f]{64}) [ *](?<name>.*)$/,
];

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

/**
 * The SHA-256 of a file in the checksum file next to it: `FILE-CHECKSUM` or `FILE.sha256`.
 * @throws PlatterError `E_INPUT` if the checksum file cannot be read
 */
export function recordedChecksum(path: string): string | undefined {
  const name = basename(path);
  const file = [checksumPath(path), `${path}.sha256`].find((each) => existsSync(each));
  if (file === undefined) return undefined;
  for (const line of readInputText(file, { code: "E_INPUT", limit: MOST }).split("\n")) {
    for (const form of FORMS) {
      const groups = form.exec(line)?.groups;
      if (groups !== undefined && basename(groups.name!) === name) return groups.digest;
    }
  }
  return undefined;
}
