import type { BootClaims } from "../contract/findings/boot-claims.ts";
import type { Finding } from "../contract/findings/finding.ts";
import type { Plan } from "../contract/plan/plan.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { LayerCount } from "../image/layer-store.ts";
import type { FoundTool } from "../process/find.ts";
import type { RootfsOptions } from "../rootfs/rootfs-options.ts";
import type { Reused } from "./stage/earlier-blocks.ts";
import type { Freshness, StageName, StageRuns } from "./stage/stage.ts";
import type { ArtifactCache } from "./work/artifact-cache.ts";

export interface BuildOptions {
  /** Returns the host path of the ISO of this plan. It is called once. Undefined if the build ends before the ISO. */
  output: ((plan: Pick<Plan, "label" | "architecture">) => string) | undefined;
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
  /** The image. Undefined if the build began with the plan of an earlier run. The session owns it. */
  image: ImageTree | undefined;
  /** Host path of the ISO; undefined if the build ended before the ISO. */
  output: string | undefined;
  boots: BootClaims;
  /** The findings that the user does not ignore. */
  findings: readonly Finding[];
  runs: StageRuns;
  /** The tools that the build calls. They are also listed if all stages were skipped. */
  tools: readonly FoundTool[];
  /**
   * How much of the root file system was copied from earlier builds. Undefined if the build searched no earlier builds.
   */
  reused: Reused | undefined;
  /** The number of layers, and of those that were read. Undefined if the image has no layers, or the build no cache. */
  layers: LayerCount | undefined;
}
