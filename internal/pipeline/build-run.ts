import type { ToolName } from "../process/find.ts";
import { isOwnRootfs, rootfsWriter } from "../rootfs/rootfs.ts";
import type { BuildOptions } from "./build-options.ts";
import type { Session } from "./session.ts";
import { EarlierBlocks } from "./stage/earlier-blocks.ts";
import { runStage, type Stage, type StageName, type StageTimes, stagesBetween } from "./stage/stage.ts";

/** The values that all phases of one build share. */
export interface BuildRun {
  session: Session;
  options: BuildOptions;
  wanted: ReadonlySet<StageName>;
  /** The tools that the build calls if no stage is skipped. */
  tools: readonly ToolName[];
  /** Seconds by stage, filled as stages end. */
  times: StageTimes;
  run: (stage: Stage) => Promise<void>;
  /** Blocks of earlier builds. Undefined if all blocks are compressed again. */
  earlier: EarlierBlocks | undefined;
}

/** The run of a build. The caller disposes of `earlier`. @throws PlatterError `E_STAGE_ORDER` */
export function buildRun(session: Session, options: BuildOptions): BuildRun {
  const { context } = session;
  const { from, to, freshness, squash } = options;
  const wanted = stagesBetween(from, to);
  const tools = wanted.has("squash") ? rootfsWriter(squash).tools : [];
  const times: StageTimes = new Map();
  const run = (stage: Stage) => runStage(stage, { context, freshness, times });
  return { session, options, wanted, tools, times, run, earlier: earlierBlocks(session, options) };
}

/** The blocks of earlier builds; undefined if there is neither a cache to read nor an earlier ISO. */
function earlierBlocks({ context }: Session, options: BuildOptions): EarlierBlocks | undefined {
  const cache = options.freshness === "always" ? undefined : options.cache;
  if (cache === undefined && options.reuse === undefined) return undefined;
  return EarlierBlocks.of({ ...context, squash: options.squash, cache });
}

/** Whether the root file system is written straight into the ISO, because nothing needs it as a separate file. */
export function writesIntoIso({ session, options, wanted }: BuildRun): boolean {
  const isWhole = wanted.has("squash") && wanted.has("assemble") && options.output !== undefined;
  return isWhole && !session.work.kept && options.cache === undefined && isOwnRootfs(options.squash);
}
