import { existsSync } from "node:fs";
import { basename } from "node:path";
import { readInputText } from "../files/open-input.ts";

/** Most bytes of a checksum file. */
const MOST = 1024 * 1024;
/** The formats of `build --checksum` and of sha256sum(1). */
const FORMS = [
  /^\\?SHA256 \((?<name>.*)\) = (?<digest>[0-9a-f]{64})$/,
  /^(?<digest>[0-9a-f]{64}) [ *](?<name>.*)$/,
];

/**
 * The SHA-256 of a file in the checksum file next to it: `FILE-CHECKSUM` or `FILE.sha256`.
 * @throws PlatterError `E_INPUT` if the checksum file cannot be read
 */
export function recordedChecksum(path: string): string | undefined {
  const name = basename(path);
  const file = [`${path}-CHECKSUM`, `${path}.sha256`].find((each) => existsSync(each));
  if (file === undefined) return undefined;
  for (const line of readInputText(file, { code: "E_INPUT", limit: MOST }).split("\n")) {
    for (const form of FORMS) {
      const groups = form.exec(line)?.groups;
      if (groups !== undefined && basename(groups.name!) === name) return groups.digest;
    }
  }
  return undefined;
}
