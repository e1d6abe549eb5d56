import { allDone } from "../all-done.ts";
import type { DraftPlan, Plan } from "../contract/plan.ts";
import { PlatterError } from "../error.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { rootfsWriter } from "../squash/rootfs.ts";
import type { RootfsOptions } from "../squash/rootfs-options.ts";
import type { FoundTool, ToolName } from "../tool/find.ts";
import type { ArtifactCache } from "./artifact-cache.ts";
import type { Session } from "./session.ts";
import { squashInBuild } from "./squash-in-build.ts";
import { type Freshness, runStage, STAGES, type Stage, type StageName, type StageTimes } from "./stage.ts";
import { assembleStage, biosImageStage, efiImageStage, implantStage, renderGrubStage } from "./stages.ts";
import { findingsAboutTools } from "./tool-findings.ts";

export interface BuildOptions {
  /** Where the ISO appears; undefined where the chain stops before it. */
  output: string | undefined;
  from: StageName;
  to: StageName;
  freshness: Freshness;
  squash: RootfsOptions;
  /** Where root file systems are kept between builds. */
  cache: ArtifactCache | undefined;
  strictGpt: boolean;
}

function stageTools(squash: RootfsOptions): readonly (readonly [StageName, ToolName])[] {
  const squashing = rootfsWriter(squash).tools.map((tool) => ["squash", tool] as const);
  return [["bios-image", "grub-mkimage"], ...squashing, ["assemble", "xorriso"]];
}

export interface BuildResult {
  plan: Plan;
  times: StageTimes;
  /** Those that were called, or would have been if anything had changed. */
  tools: readonly FoundTool[];
}

/**
 * Runs the stages from `from` to `to`; those that do not need each other run at the same time. The squash begins as soon
 * as the tree is known: what is found wrong with the plan or the tools meanwhile stops it.
 */
export async function build(session: Session, options: BuildOptions): Promise<BuildResult> {
  const { context } = session;
  const { freshness, output } = options;
  const wanted = stagesBetween(options.from, options.to);
  const times: StageTimes = new Map();
  const run = (stage: Stage) => runStage(stage, { context, freshness, times });
  const start = context.clock();
  const planning = session.plan();
  // Whoever waits for the plan learns of its failure.
  planning.catch(() => undefined);
  // Asking a tool for its version is nothing to wait for later.
  const [draft] = await allDone([
    session.draft(),
    findHostTools(session, { wanted, squash: options.squash }),
  ]);
  const check = (from: "host" | "image", about: DraftPlan) =>
    checkTools(session, about, { from, wanted, squash: options.squash });
  if (draft !== undefined) await besides(session, planning, check("host", draft));
  const squashing = wanted.has("squash") && draft ? squash(draft, { session, options, run }) : undefined;
  const plan = await besides(session, squashing, planning);
  times.set("inspect", (context.clock() - start) / 1000);
  await besides(session, squashing, check("image", plan));
  const needed = neededTools(plan, { wanted, squash: options.squash });
  const tools = await allDone(needed.map((name) => context.toolbox.find(name)));
  if (wanted.has("render-grub")) await besides(session, squashing, run(renderGrubStage(plan, context)));
  const bootImages = async () => {
    if (wanted.has("bios-image") && plan.bios !== null) await run(biosImageStage(plan, context));
    if (wanted.has("efi-image")) await run(efiImageStage(plan, context));
  };
  await together(session, [bootImages(), squashing]);
  if (output === undefined) return { plan, times, tools };
  // What the image takes up in the work directory makes room for the ISO.
  await session.releaseImage();
  const { strictGpt } = options;
  const checksum = wanted.has("implant") ? "implant" : "leave";
  if (wanted.has("assemble")) await run(await assembleStage(plan, context, { output, strictGpt, checksum }));
  else if (wanted.has("implant")) await run(implantStage(context, { output, force: freshness === "always" }));
  return { plan, times, tools };
}

async function squash(
  draft: DraftPlan,
  about: { session: Session; options: BuildOptions; run: (stage: Stage) => Promise<void> },
): Promise<void> {
  const { session, options, run } = about;
  const image = () => session.plannedImage();
  const withPayloads = (tree: ImageTree) => session.withPayloads(tree);
  return run(squashInBuild(draft, session.context, { image, withPayloads, options }));
}

/** Looks early for tools of the host's that every image needs; whoever needs one learns what is wrong with it. */
async function findHostTools(
  { context: { toolbox } }: Session,
  about: { wanted: ReadonlySet<StageName>; squash: RootfsOptions },
): Promise<void> {
  const certain = neededTools({ bios: null }, about);
  const ofHost = certain.filter((name) => !toolbox.mayBeOfImage(name));
  await Promise.allSettled(ofHost.map((name) => toolbox.find(name)));
}

/** The tools that will be called, or would be if anything had changed. */
function neededTools(
  { bios }: Pick<DraftPlan, "bios">,
  { wanted, squash }: { wanted: ReadonlySet<StageName>; squash: RootfsOptions },
): ToolName[] {
  return stageTools(squash).flatMap(([name, tool]) =>
    wanted.has(name) && (name !== "bios-image" || bios !== null) ? [tool] : [],
  );
}

/**
 * Tells what is wrong with tools: with those that are the host's in any case, or with those that may be the image's, for
 * which the plan must be there.
 * @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_VERSION`
 */
async function checkTools(
  session: Session,
  plan: DraftPlan,
  about: { wanted: ReadonlySet<StageName>; squash: RootfsOptions; from: "host" | "image" },
): Promise<void> {
  const { toolbox } = session.context;
  const isOfImage = about.from === "image";
  const tools = neededTools(plan, about).filter((name) => toolbox.mayBeOfImage(name) === isOfImage);
  const { compression } = about.squash;
  const needs = { tools, compression, moduleVersion: plan.bios?.version ?? null } as const;
  const findings = await findingsAboutTools(toolbox, { ...needs, unusable: "fails" });
  session.report(findings, plan.image.reference);
}

/** @throws PlatterError `E_STAGE_ORDER` */
function stagesBetween(from: StageName, to: StageName): Set<StageName> {
  const first = STAGES.indexOf(from);
  const last = STAGES.indexOf(to);
  if (first <= last) return new Set(STAGES.slice(first, last + 1));
  throw new PlatterError({
    code: "E_STAGE_ORDER",
    kind: "usage",
    message: `There is nothing from \`${from}\` to \`${to}\``,
    hint: `The stages run in this order: ${STAGES.join(", ")}.`,
  });
}

/** Waits for `work` while another goes on, whose own failure must wait; that of `work` stops the other, and is thrown. */
async function besides<T>(
  session: Session,
  other: Promise<unknown> | undefined,
  work: Promise<T>,
): Promise<T> {
  other?.catch(() => undefined);
  try {
    return await work;
  } catch (error) {
    session.cancel();
    await other?.catch(() => undefined);
    throw error;
  }
}

/** All of them. One's failure stops the others, and is thrown once each has ended. */
async function together(session: Session, works: readonly (Promise<void> | undefined)[]): Promise<void> {
  const failures: unknown[] = [];
  const guarded = works.map((work) =>
    work?.catch((error) => {
      failures.push(error);
      session.cancel();
    }),
  );
  await Promise.all(guarded);
  if (failures.length > 0) throw failures[0];
}
