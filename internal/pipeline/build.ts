import type { Plan } from "../contract/plan.ts";
import { PlatterError } from "../error.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { ROOTFS_WRITERS } from "../squash/rootfs.ts";
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

const stageTools = (squash: RootfsOptions): readonly (readonly [StageName, ToolName])[] => [
  ["bios-image", "grub-mkimage"],
  ["squash", ROOTFS_WRITERS[squash.type].tool],
  ["assemble", "xorriso"],
];

export interface BuildResult {
  plan: Plan;
  times: StageTimes;
  /** Those that were called, or would have been if anything had changed. */
  tools: readonly FoundTool[];
}

/** Runs the stages from `from` to `to`; those that do not need each other run at the same time. */
export async function build(session: Session, options: BuildOptions): Promise<BuildResult> {
  const { context } = session;
  const { freshness, output } = options;
  const wanted = stagesBetween(options.from, options.to);
  const times: StageTimes = new Map();
  const start = context.clock();
  const plan = await session.plan();
  times.set("inspect", (context.clock() - start) / 1000);
  // A tool that is missing, or not what is needed, is told before anything slow starts.
  const needed = stageTools(options.squash).flatMap(([name, tool]) =>
    wanted.has(name) && (name !== "bios-image" || plan.bios !== null) ? [tool] : [],
  );
  const { compression } = options.squash;
  const needs = { tools: needed, compression, moduleVersion: plan.bios?.version ?? null } as const;
  const about = await findingsAboutTools(context.toolbox, { ...needs, unusable: "fails" });
  session.report(about, plan.image.reference);
  const tools: FoundTool[] = [];
  for (const name of needed) tools.push(await context.toolbox.find(name));
  const run = (stage: Stage) => runStage(stage, { context, freshness, times });
  const image = () => session.plannedImage();
  const withPayloads = (tree: ImageTree) => session.withPayloads(tree);
  if (wanted.has("render-grub")) await run(renderGrubStage(plan, context));
  await together(session, [
    async () => {
      if (wanted.has("bios-image") && plan.bios !== null) await run(biosImageStage(plan, context));
      if (wanted.has("efi-image")) await run(efiImageStage(plan, context));
    },
    async () => {
      if (wanted.has("squash")) await run(squashInBuild(plan, context, { image, withPayloads, options }));
    },
  ]);
  if (output === undefined) return { plan, times, tools };
  // What the image takes up in the work directory makes room for the ISO.
  await session.releaseImage();
  const { strictGpt } = options;
  const checksum = wanted.has("implant") ? "implant" : "leave";
  if (wanted.has("assemble")) await run(await assembleStage(plan, context, { output, strictGpt, checksum }));
  else if (wanted.has("implant")) await run(implantStage(context, { output, force: freshness === "always" }));
  return { plan, times, tools };
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

/** All of them. One's failure stops the others, and is thrown once each has ended. */
async function together(session: Session, works: readonly (() => Promise<void>)[]): Promise<void> {
  const failures: unknown[] = [];
  const guarded = works.map((work) =>
    work().catch((error) => {
      failures.push(error);
      session.cancel();
    }),
  );
  await Promise.all(guarded);
  if (failures.length > 0) throw failures[0];
}
