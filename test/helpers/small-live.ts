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

/** Test files share the process, but not their modules. */
const MADE = "PLATTER_TEST_SMALL_LIVE";

export function smallLive(): SmallLive {
  if (process.env[MADE] === undefined) {
    const script = resolve(PROJECT, "test/fixtures/small-live.sh");
    const done = Bun.spawnSync([script, PLACE], { stderr: "pipe" });
    if (done.exitCode !== 0) throw new Error(`small-live.sh: ${done.stderr.toString()}`);
    process.env[MADE] = "yes";
  }
  const kver = readFileSync(`${PLACE}/kver`, "utf8").trim();
  return { oci: `${PLACE}/oci`, rootfs: `${PLACE}/rootfs`, kver };
}
