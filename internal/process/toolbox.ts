import { lstatSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../base/error.ts";
import { checkVersion, type FoundTool, TOOLS, type ToolName } from "./find.ts";
import { findProgram, programMissing } from "./program.ts";
import type { RunTool, ToolCall, ToolResult } from "./run.ts";

interface ToolboxOptions {
  signal: AbortSignal;
  run: RunTool;
  /** Called once for each tool, when it is first used. */
  onFound: (tool: FoundTool) => void;
}

interface UseOptions extends Omit<ToolCall, "argv" | "name" | "signal"> {
  /** Path of the file that the tool makes. Its temporary files go next to it. */
  output: string;
}

/** Tools that are found once, checked once, and then called by name. */
export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #found = new Map<ToolName, Promise<FoundTool>>();

  constructor(options: ToolboxOptions) {
    this.#options = options;
  }

  /** Finds a tool and checks its version. @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_VERSION` */
  find(name: ToolName): Promise<FoundTool> {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#search(name);
    this.#found.set(name, found);
    return found;
  }

  /** Runs a tool that makes a file. @throws PlatterError `E_TOOL_…`, `E_NO_SPACE`, `E_INTERRUPTED` */
  async use(name: ToolName, args: readonly string[], options: UseOptions): Promise<ToolResult> {
    const { path } = await this.find(name);
    const { run, signal } = this.#options;
    const { output, ...given } = options;
    const env = { TMPDIR: dirname(output), ...given.env };
    const result = await run({ ...given, env, name, signal, argv: [path, ...args] });
    if (lstatSync(output, { throwIfNoEntry: false })?.isFile() !== true) throw madeNothing(name, given.log);
    return result;
  }

  async #search(name: ToolName): Promise<FoundTool> {
    const { run, signal, onFound } = this.#options;
    const path = findProgram(name);
    if (path === undefined) throw programMissing([TOOLS[name].need]);
    const tool = { name, path, version: await checkVersion(name, { path, signal, run }) };
    onFound(tool);
    return tool;
  }
}

function madeNothing(name: ToolName, log: string | undefined): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`${name}\` ended without an error, but did not make its file`,
    hint: log === undefined ? undefined : `Read its full output in \`${log}\`.`,
    log,
  });
}
