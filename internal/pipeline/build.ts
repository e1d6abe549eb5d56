import type { Plan } from "../contract/plan.ts";
import { PlatterError } from "../error.ts";
import { ROOTFS_WRITERS } from "../squash/rootfs.ts";
import type { RootfsOptions } from "../squash/rootfs-options.ts";
import type { ToolName } from "../tool/find.ts";
import type { Session } from "./session.ts";
import { type Freshness, runStage, STAGES, type Stage, type StageName, type StageTimes } from "./stage.ts";
import {
  assembleStage,
  biosImageStage,
  efiImageStage,
  implantStage,
  renderGrubStage,
  squashStage,
} from "./stages.ts";

export interface BuildOptions {
  /** Where the ISO appears; undefined where the chain stops before it. */
  output: string | undefined;
  from: StageName;
  to: StageName;
  freshness: Freshness;
  squash: RootfsOptions;
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
  // A tool that is missing is told before anything slow starts.
  for (const [name, tool] of stageTools(options.squash)) {
    if (wanted.has(name) && (name !== "bios-image" || plan.bios !== null)) await context.toolbox.find(tool);
  }
  const run = (stage: Stage) => runStage(stage, { context, freshness, times });
  const image = () => session.plannedImage();
  if (wanted.has("render-grub")) await run(renderGrubStage(plan, context));
  await together(session, [
    async () => {
      if (wanted.has("bios-image") && plan.bios !== null) await run(biosImageStage(plan, context));
      if (wanted.has("efi-image")) await run(efiImageStage(plan, context));
    },
    async () => {
      if (wanted.has("squash")) await run(squashStage(plan, context, { image, options: options.squash }));
    },
  ]);
  if (output === undefined) return { plan, times };
  const { strictGpt } = options;
  const checksum = wanted.has("implant") ? "implant" : "leave";
  if (wanted.has("assemble")) await run(await assembleStage(plan, context, { output, strictGpt, checksum }));
  else if (wanted.has("implant")) await run(implantStage(context, { output, force: freshness === "always" }));
  return { plan, times };
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
