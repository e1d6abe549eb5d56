import { createReadStream } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Plan } from "../internal/contract/plan/plan.ts";
import type { Claim } from "../internal/pipeline/work/claim.ts";
import {
  checkOutput,
  checkOutputFolder,
  folderOf,
  isoName,
  type OutputTarget,
} from "../internal/pipeline/work/output.ts";
import { ARTIFACTS, type WorkDir } from "../internal/pipeline/work/work-dir.ts";
import { outputFiles } from "./claim.ts";
import type { World } from "./world.ts";

/** Bytes that are read for each write to standard output. */
const CHUNK = 1024 * 1024;

/**
 * A function that returns the absolute path of the ISO of a plan. If the user did not name the file, it claims the file
 * of the plan's name.
 */
export function isoPlacer(
  target: OutputTarget,
  options: { claimed: Claim; work: WorkDir; flags: { checksum?: boolean } },
): (plan: Pick<Plan, "label" | "architecture">) => string {
  const { claimed, work, flags } = options;
  return (plan) => {
    if (target.kind === "stream") return work.file(ARTIFACTS.iso);
    if (target.kind === "file") return checkOutput(target.path);
    const path = join(target.path, isoName(plan));
    claimed.add(outputFiles(path, flags));
    return checkOutput(path);
  };
}

/** The folder in which a temporary work directory is made: that of the output, so that no other disk must hold it. */
export function besideOutput(target: OutputTarget | undefined): string {
  if (target === undefined || target.kind === "stream") return tmpdir();
  return target.kind === "folder" ? checkOutputFolder(target.path) : folderOf(checkOutput(target.path));
}

/** Copies a file to standard output. @throws PlatterError `E_STDOUT` */
export function streamFile(path: string, { stream }: Pick<World, "stream">): Promise<void> {
  return stream(createReadStream(path, { highWaterMark: CHUNK }));
}
