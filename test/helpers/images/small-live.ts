/** The small live image of test/fixtures/small-live.sh, made once and kept. */
import { readFileSync } from "node:fs";
import { resolve } from "node:path";

const PROJECT = resolve(import.meta.dir, "../../..");
const PLACE = resolve(PROJECT, ".cache/test/small-live");

export interface SmallLive {
  /** An OCI layout. */
  oci: string;
  /** The same image as a folder. */
  rootfs: string;
  kver: string;
}

/** The script's `--arch`. */
export type SmallLiveArchitecture = "amd64" | "arm64";

/** Test files share the process, but not their modules. */
const MADE = "PLATTER_TEST_SMALL_LIVE";

export function smallLive(architecture: SmallLiveArchitecture = "amd64"): SmallLive {
  const place = architecture === "amd64" ? PLACE : `${PLACE}-${architecture}`;
  const made = `${MADE}_${architecture}`;
  if (process.env[made] === undefined) {
    const script = resolve(PROJECT, "test/fixtures/small-live.sh");
    const options = architecture === "amd64" ? [] : ["--arch", architecture];
    const done = Bun.spawnSync([script, place, ...options], { stderr: "pipe" });
    if (done.exitCode !== 0) throw new Error(`small-live.sh: ${done.stderr.toString()}`);
    process.env[made] = "yes";
  }
  const kver = readFileSync(`${place}/kver`, "utf8").trim();
  return { oci: `${place}/oci`, rootfs: `${place}/rootfs`, kver };
}
