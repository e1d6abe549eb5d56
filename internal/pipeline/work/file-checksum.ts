import { open } from "node:fs/promises";

const CHUNK = 1024 * 1024;

/**
 * A checksum of a file in 16 hexadecimal digits: XXH3 of each MiB, with the previous hash as its seed. It detects
 * accidental damage, but not deliberate changes. It takes a twentieth of the time of SHA-256.
 * @throws the system's error
 */
export async function fileChecksum(path: string): Promise<string> {
  await using file = await open(path);
  const buffer = new Uint8Array(CHUNK);
  let checksum = 0n;
  for (;;) {
    const length = await fill(file, buffer);
    checksum = Bun.hash.xxHash3(buffer.subarray(0, length), checksum) as bigint;
    if (length < CHUNK) return checksum.toString(16).padStart(16, "0");
  }
}

/** Reads until the buffer is full or the file ends. Returns the number of bytes. */
async function fill(file: Awaited<ReturnType<typeof open>>, buffer: Uint8Array): Promise<number> {
  for (let done = 0; ; ) {
    const { bytesRead } = await file.read(buffer, done, buffer.length - done, null);
    done += bytesRead;
    if (bytesRead === 0 || done === buffer.length) return done;
  }
}
