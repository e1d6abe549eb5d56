import { noticesOf } from "../base/progress.ts";
import type { ToolName } from "../process/find.ts";
import { isOwnRootfs, rootfsWriter } from "../rootfs/rootfs.ts";
import type { BuildOptions } from "./build-options.ts";
import type { Session } from "./session.ts";
import { EarlierBlocks, hasOwnBlocks } from "./stage/earlier-blocks.ts";
import { runStage, type Stage, type StageName, type StageRuns, stagesBetween } from "./stage/stage.ts";
import type { ArtifactCache } from "./work/artifact-cache.ts";

/** The values that all phases of one build share. */
export interface BuildRun {
  session: Session;
  options: BuildOptions;
  /** Host path of the ISO; undefined if the build ends before the ISO. */
  output: string | undefined;
  wanted: ReadonlySet<StageName>;
  /** The tools that the build calls if no stage is skipped. */
  tools: readonly ToolName[];
  /** Filled as stages end. */
  runs: StageRuns;
  run: (stage: Stage) => Promise<void>;
  /** The cache. Undefined if nothing is taken from it or added to it. */
  cache: ArtifactCache | undefined;
  /** Blocks of earlier builds. Undefined if all blocks are compressed again. */
  earlier: EarlierBlocks | undefined;
}

/** The run of a build before the ISO's path is known. The caller disposes of `earlier`. @throws PlatterError `E_STAGE_ORDER` */
export function buildRun(session: Session, options: BuildOptions): Omit<BuildRun, "output"> {
  const { context } = session;
  const { from, to, freshness, squash, reuse } = options;
  const wanted = stagesBetween(from, to);
  const tools = wanted.has("squash") ? rootfsWriter(squash).tools : [];
  const runs: StageRuns = new Map();
  const run = (stage: Stage) => runStage(stage, { context, freshness, runs });
  const cache = freshness === "always" ? undefined : options.cache;
  const reporter = noticesOf(context.reporter, "squash");
  const earlier = EarlierBlocks.of({ ...context, reporter, squash, cache, reuse });
  return { session, options, wanted, tools, runs, run, cache, earlier };
}

/** Whether the root file system is written straight into the ISO, because nothing needs it as a separate file. */
export function writesIntoIso({ session, options, output, wanted, cache }: BuildRun): boolean {
  const isWhole = wanted.has("squash") && wanted.has("assemble") && output !== undefined;
  const isCachedFile = cache !== undefined && !hasOwnBlocks(options.squash);
  return isWhole && !session.work.kept && !isCachedFile && isOwnRootfs(options.squash);
}
