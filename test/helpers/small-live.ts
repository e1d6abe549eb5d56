/** The small live image of test/fixtures/small-live.sh, made once and kept. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../..");
const PLACE = resolve(PROJECT, ".cache/test/small-live");

export interface SmallLive {
  /** An OCI layout. */
  oci: string;
  /** The same image as a folder. */
  rootfs: string;
  kver: string;
}

let made: SmallLive | undefined;

export function smallLive(): SmallLive {
  if (made !== undefined) return made;
  const done = Bun.spawnSync([resolve(PROJECT, "test/fixtures/small-live.sh"), PLACE], { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`small-live.sh: ${done.stderr.toString()}`);
  const kver = readFileSync(`${PLACE}/kver`, "utf8").trim();
  made = { oci: `${PLACE}/oci`, rootfs: `${PLACE}/rootfs`, kver };
  return made;
}
