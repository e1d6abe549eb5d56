import { PlatterError } from "../base/error.ts";
import { lastLines } from "./output-sink.ts";
import type { ProgramNeed } from "./program.ts";
import type { RunTool } from "./run.ts";

/** The tools that platter calls to make something. */
export type ToolName = "mkfs.erofs";

interface ToolDescription {
  need: ProgramNeed;
  versionArguments: readonly string[];
  versionPattern: RegExp;
  /** The oldest version with the needed feature, and that feature. */
  minimum: readonly number[];
  reason: string;
  packages: string;
}

export const TOOLS: Record<ToolName, ToolDescription> = {
  "mkfs.erofs": {
    need: {
      programs: ["mkfs.erofs"],
      by: "`--rootfs erofs`",
      hint: "Install `erofs-utils`, or make a squashfs, which platter writes itself.",
    },
    versionArguments: ["-V"],
    versionPattern: /(?:mkfs\.erofs|erofs-utils\)) v?(\d+(?:\.\d+)*)/,
    minimum: [1, 8],
    reason: "reads a tar stream (`--tar=f`) and keeps its times (`--mkfs-time`)",
    packages: "`erofs-utils`",
  },
};

/** The most bytes that a tool may print for its version. */
const MAX_VERSION = 1024 * 1024;

/** A tool as found, with its version. */
export interface FoundTool {
  name: ToolName;
  path: string;
  /** As the tool prints it, such as `1.8.6`. */
  version: string;
}

/**
 * Asks a program for its version and refuses one that is too old.
 * @throws PlatterError `E_TOOL_VERSION`
 */
export async function checkVersion(
  name: ToolName,
  program: { path: string; run: RunTool; signal: AbortSignal },
): Promise<string> {
  const tool = TOOLS[name];
  const { path, run, signal } = program;
  const argv = [path, ...tool.versionArguments];
  const result = await run({ argv, name, signal, accept: [0, 1], maxOutput: MAX_VERSION });
  const printed = `${result.stdout}\n${result.stderr}`;
  const version = tool.versionPattern.exec(printed)?.[1];
  const wanted = tool.minimum.join(".");
  if (version !== undefined && compareDotted(version, wanted) >= 0) return version;
  throw new PlatterError({
    code: "E_TOOL_VERSION",
    kind: "tool",
    message:
      version === undefined
        ? `Cannot read the version of \`${path}\`: its output does not have one`
        : `Cannot use \`${name}\` ${version}: ${wanted} or later is needed, since it ${tool.reason}`,
    // If it did not even start, the reason is here.
    detail: version === undefined ? lastLines(printed) : [],
    hint: `Install a newer ${tool.packages}.`,
  });
}

/** Compares versions made of numbers and dots: negative, zero or positive. */
export function compareDotted(a: string, b: string): number {
  const left = a.split(".").map(Number);
  const right = b.split(".").map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
