import { basename, dirname, join } from "node:path";

/** Where platter writes an output before it is whole. */
export function unfinishedOutput(output: string): string {
  const digest = new Bun.CryptoHasher("sha256").update(basename(output)).digest("hex").slice(0, 16);
  return join(dirname(output), `.platter-${digest}`, "unfinished");
}
