import { stat } from "node:fs/promises";
import { writtenLine } from "../internal/ui/summary.ts";
import type { World } from "./world.ts";

/** Reports a file that a command wrote. Returns its path and its bytes. */
export async function reportWritten(
  { reporter }: Pick<World, "reporter">,
  path: string,
): Promise<{ path: string; size: number }> {
  const { size } = await stat(path);
  reporter.print([writtenLine({ path, size }, { style: reporter.style, folder: process.cwd() })]);
  return { path, size };
}
