import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Plan } from "../contract/plan/plan.ts";
import type { FoundTool } from "../process/find.ts";
import type { RootfsOptions } from "../rootfs/rootfs-options.ts";
import type { Reused } from "./stage/earlier-blocks.ts";
import type { Freshness, StageName, StageTimes } from "./stage/stage.ts";
import type { ArtifactCache } from "./work/artifact-cache.ts";

export interface BuildOptions {
  /** Host path of the ISO; undefined if the build ends before the ISO. */
  output: string | undefined;
  from: StageName;
  to: StageName;
  freshness: Freshness;
  squash: RootfsOptions;
  /** The cache of root file systems between builds. Undefined without one. */
  cache: ArtifactCache | undefined;
  /** Host path of an earlier ISO or squashfs from which compressed blocks are copied. */
  reuse: string | undefined;
  strictGpt: boolean;
}

export interface BuildResult {
  plan: Plan;
  boots: BootClaims;
  times: StageTimes;
  /** The tools that the build calls. They are also listed if all stages were skipped. */
  tools: readonly FoundTool[];
  /**
   * How much of the root file system was copied from earlier builds. Undefined if the build searched no earlier builds.
   */
  reused: Reused | undefined;
}
