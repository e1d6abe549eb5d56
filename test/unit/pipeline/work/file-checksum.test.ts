import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileChecksum } from "../../../../internal/pipeline/work/file-checksum.ts";
import { seededNoise } from "../../../helpers/noise.ts";

const MIB = 1024 * 1024;

test("fileChecksum: differs for other lengths, for any changed byte, and for pieces in another order", async () => {
  const folder = mkdtempSync(join(tmpdir(), "platter-checksum-"));
  const path = join(folder, "file");
  const checksumOf = (bytes: Uint8Array) => {
    writeFileSync(path, bytes);
    return fileChecksum(path);
  };
  const content = seededNoise(2 * MIB + 5, 1);
  try {
    const seen = [await checksumOf(content), await checksumOf(new Uint8Array(0))];
    for (const length of [1, MIB - 1, MIB, MIB + 1, 2 * MIB])
      seen.push(await checksumOf(content.slice(0, length)));
    for (const place of [0, MIB - 1, MIB, 2 * MIB, 2 * MIB + 4]) {
      const changed = content.slice();
      changed[place]! ^= 1;
      seen.push(await checksumOf(changed));
    }
    seen.push(await checksumOf(Buffer.concat([content.slice(MIB), content.slice(0, MIB)])));
    expect(new Set(seen).size).toBe(seen.length);
    expect(await checksumOf(content)).toBe(seen[0]!);
    for (const each of seen) expect(each).toMatch(/^[0-9a-f]{16}$/);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
