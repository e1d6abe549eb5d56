import type { FileHandle } from "node:fs/promises";
import { PlatterError } from "../base/error.ts";
import { runTogether } from "../base/run-together.ts";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import { claimBoots } from "../contract/plan/claim-boots.ts";
import { checkCompression } from "../contract/plan/kernel-mounts.ts";
import type { DraftPlan, Plan } from "../contract/plan/plan.ts";
import { systemError } from "../files/system-error.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { withIsoFile } from "../iso/assemble.ts";
import { ROOTFS_OFFSET } from "../iso/write/layout-iso.ts";
import type { FoundTool, ToolName } from "../process/find.ts";
import { isOwnRootfs, rootfsWriter } from "../rootfs/rootfs.ts";
import type { RootfsOptions } from "../rootfs/rootfs-options.ts";
import type { Session } from "./session.ts";
import { biosImageStage, efiImageStage, renderGrubStage } from "./stage/boot-stages.ts";
import { EarlierBlocks, type Reused } from "./stage/earlier-blocks.ts";
import { assembleStage, type BegunIso, implantStage } from "./stage/iso-stages.ts";
import { type SquashInBuild, squashInBuild, squashIntoIso } from "./stage/squash-in-build.ts";
import {
  type Freshness,
  runStage,
  STAGES,
  type Stage,
  type StageName,
  type StageTimes,
} from "./stage/stage.ts";
import type { ArtifactCache } from "./work/artifact-cache.ts";

export interface BuildOptions {
  /** Where the ISO appears; undefined where the chain stops before it. */
  output: string | undefined;
  from: StageName;
  to: StageName;
  freshness: Freshness;
  squash: RootfsOptions;
  /** Where root file systems are kept between builds. */
  cache: ArtifactCache | undefined;
  /** Host path of an earlier ISO or squashfs, from which compressed blocks are taken. */
  reuse: string | undefined;
  strictGpt: boolean;
}

export interface BuildResult {
  plan: Plan;
  boots: BootClaims;
  times: StageTimes;
  /** Those that were called, or would have been if anything had changed. */
  tools: readonly FoundTool[];
  /** How much of the root file system was taken from earlier builds; undefined if there was none to look in. */
  reused: Reused | undefined;
}

/** How the stages of one build are run. */
interface Run {
  session: Session;
  options: BuildOptions;
  wanted: ReadonlySet<StageName>;
  /** Seconds by stage, filled as stages end. */
  times: StageTimes;
  run: (stage: Stage) => Promise<void>;
  earlier: EarlierBlocks | undefined;
}

/**
 * Runs the stages from `from` to `to`. Two things go on at the same time once all is decided: the root file system is
 * written, and the plan and the boot images are made. An error in one of them stops the other.
 */
export async function build(session: Session, options: BuildOptions): Promise<BuildResult> {
  const { context } = session;
  const { freshness } = options;
  const wanted = stagesBetween(options.from, options.to);
  const times: StageTimes = new Map();
  const run = (stage: Stage) => runStage(stage, { context, freshness, times });
  using earlier = earlierBlocks(session, options);
  const about: Run = { session, options, wanted, times, run, earlier };
  const cancel = () => session.cancel();
  const start = context.clock();
  await session.requireStart(neededTools(about));
  const readEarlier = () => options.reuse !== undefined && earlier?.read(options.reuse);
  const [draft] = await runTogether([() => session.draft(), readEarlier], cancel);
  const others = () => planAndBootImages(about, start);
  if (!writesIntoIso(about)) {
    const [, made] = await runTogether([() => squash(draft, about), others], cancel);
    await makeIso(made.plan, about, undefined);
    return { ...made, times, reused: earlier?.reused };
  }
  const made = await withIsoFile(options.output!, async (file) => {
    const [rootfs, made] = await runTogether([() => squashInto(file, draft, about), others], cancel);
    await makeIso(made.plan, about, { file, rootfs });
    return made;
  });
  return { ...made, times, reused: earlier?.reused };
}

/** Where blocks of earlier builds are looked for; undefined if nowhere. */
function earlierBlocks({ context }: Session, options: BuildOptions): EarlierBlocks | undefined {
  const cache = options.freshness === "always" ? undefined : options.cache;
  if (cache === undefined && options.reuse === undefined) return undefined;
  return EarlierBlocks.of({ ...context, squash: options.squash, cache });
}

/** Whether the root file system is written straight into the ISO, since nobody needs it as a file of its own. */
function writesIntoIso({ session, options, wanted }: Run): boolean {
  const isWhole = wanted.has("squash") && wanted.has("assemble") && options.output !== undefined;
  return isWhole && !session.work.kept && options.cache === undefined && isOwnRootfs(options.squash);
}

/** Makes the plan, the menus and the boot images. `start` is the clock's time when reading the image began. */
async function planAndBootImages(about: Run, start: number): Promise<Omit<BuildResult, "times" | "reused">> {
  const { session, options, wanted, times, run } = about;
  const { context } = session;
  const plan = await session.plan().catch((error) => {
    // It is not an error of the ISO's file.
    throw systemError(error);
  });
  times.set("inspect", (context.clock() - start) / 1000);
  const mounting = checkCompression(plan, options.squash);
  session.report(mounting, plan.image.reference);
  const boots = claimBoots(plan, [...plan.findings, ...mounting]);
  const tools = await runTogether(neededTools(about).map((name) => () => context.toolbox.find(name)));
  if (wanted.has("render-grub")) await run(renderGrubStage(plan, context));
  if (wanted.has("bios-image") && plan.bios !== null) await run(biosImageStage(plan, context));
  if (wanted.has("efi-image")) await run(efiImageStage(plan, context));
  return { plan, boots, tools };
}

/** Makes the ISO, or finishes one that was begun. */
async function makeIso(
  plan: Plan,
  { session, options, wanted, run }: Run,
  begun: BegunIso | undefined,
): Promise<void> {
  const { context } = session;
  const { output, strictGpt, freshness } = options;
  if (output === undefined) return;
  // The space that the image takes makes room for the ISO. A temporary work directory still refers to the image.
  if (session.work.kept) await session.releaseImage();
  const checksum = wanted.has("implant") ? "implant" : "leave";
  const about = { output, strictGpt, checksum, begun } as const;
  if (wanted.has("assemble")) await run(await assembleStage(plan, context, about));
  else if (wanted.has("implant")) await run(implantStage(context, { output, force: freshness === "always" }));
}

async function squash(draft: DraftPlan, about: Run): Promise<void> {
  if (about.wanted.has("squash")) await about.run(squashInBuild(draft, squashOf(about)));
}

/** Writes the root file system into the ISO's file. Returns its length in bytes. */
async function squashInto({ fd }: FileHandle, draft: DraftPlan, about: Run): Promise<number> {
  let length = 0;
  const onWritten = (bytes: number) => {
    length = bytes;
  };
  const target = { fd, offset: ROOTFS_OFFSET };
  await about.run(squashIntoIso(target, draft, { ...squashOf(about), onWritten }));
  return length;
}

function squashOf({ session, options, earlier }: Run): SquashInBuild {
  const image = () => session.plannedImage();
  const withPayloads = (tree: ImageTree) => session.withPayloads(tree);
  return { image, withPayloads, earlier, options, context: session.context };
}

/** The tools that will be called, or would be if anything had changed. */
function neededTools({ wanted, options }: Pick<Run, "wanted" | "options">): readonly ToolName[] {
  return wanted.has("squash") ? rootfsWriter(options.squash).tools : [];
}

/** @throws PlatterError `E_STAGE_ORDER` */
export function stagesBetween(from: StageName, to: StageName): Set<StageName> {
  const first = STAGES.indexOf(from);
  const last = STAGES.indexOf(to);
  if (first <= last) return new Set(STAGES.slice(first, last + 1));
  throw new PlatterError({
    code: "E_STAGE_ORDER",
    kind: "usage",
    message: `Cannot run the stages from \`${from}\` to \`${to}\`: \`${from}\` comes after \`${to}\``,
    hint: `Choose stages in this order: ${STAGES.join(", ")}.`,
  });
}
