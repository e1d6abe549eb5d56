import { closeSync } from "node:fs";
import { machineError } from "../../base/machine-error.ts";
import { writeAtSync } from "../../bytes/chunk.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { openUnnamed } from "../../os/unnamed-file.ts";

/**
 * Decompressed bytes as a file without a name in the folder `work`. `name` is shown in /proc, and `path` in messages.
 * @throws PlatterError `E_SPOOL_WRITE`, errors of reading the bytes
 */
export async function copyToUnnamed(
  bytes: AsyncIterable<Uint8Array>,
  { work, name, path }: { work: string; name: string; path: string },
): Promise<OpenFile> {
  let fd: number | undefined;
  try {
    fd = openUnnamed(work, name);
    for await (const chunk of bytes) writeAtSync(fd, chunk);
    return OpenFile.of(fd, path);
  } catch (error) {
    if (fd !== undefined) closeSync(fd);
    throw machineError(error, {
      code: "E_SPOOL_WRITE",
      message: `Cannot decompress \`${path}\` into \`${work}\``,
      hint: "Use --work with a folder that has more space.",
    });
  }
}
