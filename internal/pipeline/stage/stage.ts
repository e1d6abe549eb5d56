import { PlatterError } from "../../base/error.ts";
import { throwIfAborted } from "../../base/interrupt.ts";
import type { Task } from "../../base/progress.ts";
import { runTogether } from "../../base/run-together.ts";
import type { Outcome } from "../../documents/stage-document.ts";
import type { IsoContent } from "../../iso/layout.ts";
import type { FoundTool, ToolName } from "../../process/find.ts";
import type { Context } from "../work/context.ts";
import { isUnchanged, parseReceipt, type Receipt, recordFile, sameInputs } from "../work/receipt.ts";

export const STAGES = [
  "inspect",
  "render-grub",
  "squash",
  "bios-image",
  "efi-image",
  "assemble",
  "implant",
] as const;
export type StageName = (typeof STAGES)[number];

/** The stages from one to another, both included. @throws PlatterError `E_STAGE_ORDER` */
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

/** One step from the image to the ISO. */
export interface Stage {
  name: StageName;
  tools: readonly ToolName[];
  /** Everything that the outputs depend on, by name. */
  inputs: Readonly<Record<string, string>>;
  /** Host paths of the outputs. */
  outputs: readonly string[];
  /** Makes the outputs. */
  run: (task: Task) => Promise<Made>;
}

/** How a stage made its outputs. */
export interface Made {
  /** A detail for the user, such as the size. */
  detail?: string;
  /** Undefined if the outputs were made now. */
  origin?: "cache" | undefined;
}

export type Freshness = "when-changed" | "always";

/** How the stages of a run ended, and the seconds that they took. */
export type StageRuns = Map<StageName, { outcome: Outcome; seconds: number }>;

/**
 * Runs a stage, unless its inputs and outputs are unchanged since an earlier run. The receipt is written only if the
 * stage succeeds.
 */
export async function runStage(
  stage: Stage,
  options: { context: Context; freshness: Freshness; runs?: StageRuns | undefined },
): Promise<void> {
  const { context, freshness, runs } = options;
  const { work, reporter, toolbox, clock } = context;
  throwIfAborted(context.signal, `\`${stage.name}\``);
  const task = reporter.task(stage.name);
  const tools: FoundTool[] = [];
  for (const name of stage.tools) tools.push(await toolbox.find(name));
  const inputs: Record<string, string> = { ...stage.inputs };
  for (const tool of tools) inputs[`tool ${tool.name}`] = tool.version;
  const receiptName = receiptOf(stage.name);
  if (
    work.kept &&
    freshness === "when-changed" &&
    (await isFresh(parseReceipt(await work.read(receiptName)), {
      ...stage,
      inputs,
      version: context.version,
    }))
  ) {
    task.skipped("unchanged");
    runs?.set(stage.name, { outcome: "unchanged", seconds: 0 });
    return;
  }
  const start = clock();
  const { detail, origin } = await stage.run(task);
  const seconds = (clock() - start) / 1000;
  if (work.kept) {
    const outputs = await runTogether(stage.outputs.map((output) => () => recordFile(output)));
    const receipt: Receipt = {
      version: 2,
      stage: stage.name,
      platter: context.version,
      inputs,
      outputs,
      tools,
      seconds,
    };
    await work.write(receiptName, `${JSON.stringify(receipt, null, 2)}\n`);
  }
  runs?.set(stage.name, { outcome: origin === "cache" ? "cached" : "made", seconds });
  if (origin === "cache") task.cached(detail);
  else task.done(detail);
}

async function isFresh(
  receipt: Receipt | undefined,
  stage: Pick<Stage, "inputs" | "outputs"> & { version: string },
): Promise<boolean> {
  if (receipt === undefined || !sameInputs(receipt.inputs, stage.inputs)) return false;
  // Another version of platter may make other bytes from the same inputs.
  if (receipt.platter !== stage.version) return false;
  const recorded = receipt.outputs.map(({ path }) => path).sort();
  if (recorded.join("\n") !== [...stage.outputs].sort().join("\n")) return false;
  const unchanged = await runTogether(receipt.outputs.map((output) => () => isUnchanged(output)));
  return unchanged.every(Boolean);
}

/**
 * The content of a file that an earlier stage makes.
 * @throws PlatterError `E_STAGE_MISSING`, `E_STAGE_CHANGED`
 */
export async function requireArtifact(
  file: string,
  options: { context: Context; stage: StageName; by: StageName },
): Promise<IsoContent> {
  const { context, stage, by } = options;
  const { work } = context;
  if (await work.has(file)) {
    await requireUnchanged(file, options);
    return work.content(file);
  }
  throw new PlatterError({
    code: "E_STAGE_MISSING",
    kind: "usage",
    message: `Cannot run \`${stage}\`: \`${file}\` is not in \`${work.path}\``,
    hint: `Run \`platter ${by}${by === "inspect" ? " IMAGE" : ""} --work ${work.path}\` first.`,
  });
}

/** Refuses a file that changed after its stage wrote the receipt. @throws PlatterError `E_STAGE_CHANGED` */
async function requireUnchanged(
  file: string,
  { context, by }: { context: Context; by: StageName },
): Promise<void> {
  const { work } = context;
  if (!work.kept) return;
  const receipt = parseReceipt(await work.read(receiptOf(by)));
  const record = receipt?.outputs.find(({ path }) => path === work.file(file));
  if (record === undefined || (await isUnchanged(record))) return;
  throw new PlatterError({
    code: "E_STAGE_CHANGED",
    kind: "usage",
    message: `Cannot use \`${work.file(file)}\`: it is not the file that \`${by}\` made`,
    hint: `Run \`platter ${by} --work ${work.path}\` again.`,
  });
}

function receiptOf(stage: StageName): string {
  return `stages/${stage}.json`;
}
