import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Reporter } from "../../../../internal/base/progress.ts";
import {
  requireArtifact,
  runStage,
  type Stage,
  type StageRuns,
} from "../../../../internal/pipeline/stage/stage.ts";
import type { Context } from "../../../../internal/pipeline/work/context.ts";
import { WorkDir } from "../../../../internal/pipeline/work/work-dir.ts";
import type { FoundTool, ToolName } from "../../../../internal/process/find.ts";
import type { Toolbox } from "../../../../internal/process/toolbox.ts";
import { SILENT, SILENT_TASK } from "../../../helpers/reporter.ts";

let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "platter-stage-"));
});
afterEach(() => rmSync(scratch, { recursive: true }));

/** A context that records what is reported, and a clock that goes on by a second each time. */
function contextOf(work: WorkDir, version = "4.5.1"): { context: Context; told: string[] } {
  const told: string[] = [];
  const reporter: Reporter = {
    ...SILENT,
    task: (name) => ({
      ...SILENT_TASK,
      done: (detail) => void told.push(`done ${name} ${detail ?? ""}`.trim()),
      skipped: (reason) => void told.push(`skipped ${name}: ${reason}`),
    }),
  };
  let seconds = 0;
  const find = async (name: ToolName): Promise<FoundTool> => ({
    name,
    path: `/usr/bin/${name}`,
    version,
  });
  const context: Context = {
    work,
    signal: new AbortController().signal,
    reporter,
    toolbox: { find } as unknown as Toolbox,
    clock: () => 1000 * seconds++,
    version: "0.1.0",
  };
  return { context, told };
}

function stageOf(work: WorkDir, change: Partial<Stage> = {}): Stage {
  const output = work.file("squashfs.img");
  return {
    name: "squash",
    tools: ["mkfs.erofs"],
    inputs: { tree: "1" },
    outputs: [output],
    run: async () => {
      writeFileSync(output, "made");
      return { detail: "4 B" };
    },
    ...change,
  };
}

describe("runStage", () => {
  test("runs once, then only when something changed", async () => {
    using work = WorkDir.open(join(scratch, "work"));
    const { context, told } = contextOf(work);
    const run = async (stage: Stage, how: Partial<Parameters<typeof runStage>[1]> = {}) => {
      told.length = 0;
      await runStage(stage, { context, freshness: "when-changed", ...how });
      return told.join();
    };
    expect(await run(stageOf(work))).toBe("done squash 4 B");
    expect(await run(stageOf(work))).toBe("skipped squash: unchanged");
    expect(await run(stageOf(work), { freshness: "always" })).toBe("done squash 4 B");
    expect(await run(stageOf(work, { inputs: { tree: "2" } }))).toBe("done squash 4 B");
    expect(await run(stageOf(work))).toBe("done squash 4 B");
    const more = work.file("more");
    writeFileSync(more, "");
    expect(await run(stageOf(work, { outputs: [work.file("squashfs.img"), more] }))).toBe("done squash 4 B");
    writeFileSync(work.file("squashfs.img"), "spoilt");
    expect(await run(stageOf(work))).toBe("done squash 4 B");
    expect(await run(stageOf(work), { context: contextOf(work, "4.6.1").context })).toBe("");
    expect(await run(stageOf(work))).toBe("done squash 4 B");
  });

  test("a run says how the stage ended, and its time", async () => {
    using work = WorkDir.open(join(scratch, "work"));
    const { context } = contextOf(work);
    const runs: StageRuns = new Map();
    await runStage(stageOf(work), { context, freshness: "when-changed", runs });
    expect([...runs]).toEqual([["squash", { outcome: "made", seconds: 1 }]]);
    await runStage(stageOf(work), { context, freshness: "when-changed", runs });
    expect([...runs]).toEqual([["squash", { outcome: "unchanged", seconds: 0 }]]);
  });

  test("a temporary work directory gets no receipt, and skips nothing", async () => {
    using work = WorkDir.temporary(scratch);
    const { context, told } = contextOf(work);
    for (let i = 0; i < 2; i++) await runStage(stageOf(work), { context, freshness: "when-changed" });
    expect(told).toEqual(["done squash 4 B", "done squash 4 B"]);
    expect(readdirSync(work.file("stages"))).toEqual([]);
  });

  test("a failure leaves no receipt, and what an older one says counts no more than before", async () => {
    using work = WorkDir.open(join(scratch, "work"));
    const { context, told } = contextOf(work);
    const run = () => Promise.reject(new Error("no luck"));
    const failing = runStage(stageOf(work, { run }), { context, freshness: "when-changed" });
    await expect(failing).rejects.toThrow("no luck");
    expect(told).toEqual([]);
    expect(readdirSync(work.file("stages"))).toEqual([]);
  });

  test("an interruption comes before anything is done", async () => {
    using work = WorkDir.open(join(scratch, "work"));
    const { context, told } = contextOf(work);
    const controller = new AbortController();
    controller.abort();
    const interrupted = { ...context, signal: controller.signal };
    await expect(
      runStage(stageOf(work), { context: interrupted, freshness: "always" }),
    ).rejects.toMatchObject({
      code: "E_INTERRUPTED",
      exitCode: 130,
    });
    expect(told).toEqual([]);
  });
});

test("a missing artifact names the stage that makes it", async () => {
  using work = WorkDir.open(join(scratch, "work"));
  const { context } = contextOf(work);
  const need = () => requireArtifact("squashfs.img", { context, stage: "assemble", by: "squash" });
  await expect(need()).rejects.toMatchObject({
    code: "E_STAGE_MISSING",
    exitCode: 2,
    message: `Cannot run \`assemble\`: \`squashfs.img\` is not in \`${work.path}\``,
    hint: `Run \`platter squash --work ${work.path}\` first.`,
  });
  writeFileSync(work.file("squashfs.img"), "");
  expect(await need()).toEqual({ path: work.file("squashfs.img") });
});
