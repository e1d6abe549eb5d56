import { type BigIntStats, fstatSync } from "node:fs";
import type { OpenedFile } from "./byte-range.ts";

/**
 * Stands for the content of files that have no digest: their devices, inode numbers and change times, to the
 * nanosecond. Nobody but the clock sets a change time, so where the stamp is the same, nothing was written.
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

  /** The stamp of all that was added; nothing can be added after that. */
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
