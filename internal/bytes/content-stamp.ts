import { type BigIntStats, fstatSync } from "node:fs";
import type { OpenedFile } from "./byte-range.ts";

/**
 * Identifies the content of files without a digest by their devices, inode numbers and change times in nanoseconds.
 * Programs cannot set a change time, so files with the same stamp were not written to.
 */
export class ContentStamp {
  readonly #hasher = new Bun.CryptoHasher("sha256");
  readonly #fields = new BigUint64Array(3);

  add({ dev, ino, ctimeNs }: Pick<BigIntStats, "dev" | "ino" | "ctimeNs">): void {
    this.#fields[0] = dev;
    this.#fields[1] = ino;
    this.#fields[2] = ctimeNs;
    this.#hasher.update(this.#fields);
  }

  /** The stamp of all added files. No file can be added afterwards. */
  finish(): string {
    return this.#hasher.digest("hex");
  }
}

/** The stamp of one open file. */
export function stampOf({ fd }: OpenedFile): string {
  const stamp = new ContentStamp();
  stamp.add(fstatSync(fd, { bigint: true }));
  return stamp.finish();
}
