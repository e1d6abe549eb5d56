/** The mkfs.erofs of test/fixtures/erofs-utils.sh, made once and kept. */
import { resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../..");
const PLACE = resolve(PROJECT, ".cache/test/erofs-utils");

/** The folder with the program. */
export function erofsUtils(): string {
  const done = Bun.spawnSync([resolve(PROJECT, "test/fixtures/erofs-utils.sh"), PLACE], { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`erofs-utils.sh: ${done.stderr.toString()}`);
  return `${PLACE}/bin`;
}
