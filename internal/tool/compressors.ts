import { closeSync, openSync, readSync } from "node:fs";
import { PlatterError } from "../error.ts";
import type { Toolbox } from "./toolbox.ts";

/** A compressor that no mksquashfs has: asked for it, it lists those that it has, and ends. */
const NONE_SUCH = "platter-asks";

/** The compressors that mksquashfs was built with; undefined where it does not tell them. */
export async function listCompressors(toolbox: Toolbox): Promise<string[] | undefined> {
  const { from, path } = await toolbox.find("mksquashfs");
  // A script around it may do anything with a call that is not meant for work.
  if (from === "host" && !isElf(path)) return undefined;
  try {
    const args = ["-", "/nowhere/platter", "-tar", "-comp", NONE_SUCH];
    const { stdout, stderr } = await toolbox.use("mksquashfs", () => args, { accept: [0, 1] });
    return parseCompressors(`${stdout}\n${stderr}`);
  } catch (error) {
    if (error instanceof PlatterError && error.kind === "tool") return undefined;
    throw error;
  }
}

/** The names after `Compressors available:`, one a line, set in. */
export function parseCompressors(told: string): string[] | undefined {
  const [, list] = /Compressors available:[^\n]*\n((?:[ \t]+[^\n]*\n?)*)/.exec(told) ?? [];
  const names = (list ?? "").split("\n").flatMap((line) => /^\s+([a-z0-9]+)/.exec(line)?.[1] ?? []);
  return names.length === 0 ? undefined : names;
}

function isElf(path: string): boolean {
  const begin = Buffer.alloc(4);
  const file = openSync(path, "r");
  try {
    readSync(file, begin, 0, 4, 0);
  } finally {
    closeSync(file);
  }
  return begin.toString("latin1") === "\x7fELF";
}
