import { mkdirSync, rmSync } from "node:fs";
import { checkVersion, type FoundTool, findOnHost, type ToolName, toolMissing } from "./find.ts";
import type { RunTool, ToolCall, ToolResult } from "./run.ts";
import { enclosed } from "./sandbox.ts";

/** Where tools may come from. */
export type ToolChoice = "auto" | "image" | "host";

/** A tool of the image as it is kept in the work directory. */
export interface KeptTool {
  /** Path of the program in the image. */
  source: string;
  /** Folder with the program and its libraries. */
  folder: string;
  program: string;
  /** File name of the loader in the same folder; undefined for a static program. */
  loader: string | undefined;
}

export interface ToolboxOptions {
  choice: ToolChoice;
  work: string;
  signal: AbortSignal;
  run: RunTool;
  /** Called once for each tool, when it is first used. */
  onFound: (tool: FoundTool) => void;
  /** What the image brings along. */
  kept: (name: ToolName) => KeptTool | undefined;
}

/** Arguments that depend on how the tool sees the work directory. */
export type ToolArguments = (path: (hostPath: string) => string) => string[];

export type UseOptions = Omit<ToolCall, "argv" | "name" | "signal">;

/** Tools that are found once, checked once, and then called by name. */
export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #found = new Map<ToolName, Promise<{ tool: FoundTool; kept: KeptTool | undefined }>>();

  constructor(options: ToolboxOptions) {
    this.#options = options;
  }

  /** Finds a tool and checks its version. @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_VERSION` */
  async find(name: ToolName): Promise<FoundTool> {
    return (await this.#get(name)).tool;
  }

  /** Runs a tool with the given arguments. */
  async use(name: ToolName, args: ToolArguments, options: UseOptions = {}): Promise<ToolResult> {
    const { tool, kept } = await this.#get(name);
    const { run, signal } = this.#options;
    if (kept === undefined) return run({ ...options, argv: [tool.path, ...args((p) => p)], name, signal });
    return this.#enclosed(kept, { ...options, argv: args((path) => this.#inside(path)), name, signal });
  }

  #get(name: ToolName) {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#search(name);
    this.#found.set(name, found);
    return found;
  }

  async #search(name: ToolName): Promise<{ tool: FoundTool; kept: KeptTool | undefined }> {
    const { choice, kept: keptTool, run, signal } = this.#options;
    const kept = choice === "host" ? undefined : keptTool(name);
    const host = choice === "image" ? undefined : findOnHost(name);
    // grub-mkimage must match the image's own GRUB modules; the others are better known and faster from the host.
    const useKept = kept !== undefined && (host === undefined || name === "grub-mkimage");
    if (!useKept && host === undefined) throw toolMissing(name, placeOf(choice));
    const version = await checkVersion(name, {
      argv: useKept ? [] : [host!],
      signal,
      run: useKept ? (call) => this.#enclosed(kept, call) : run,
    });
    const tool: FoundTool = {
      name,
      from: useKept ? "image" : "host",
      path: useKept ? kept.source : host!,
      version,
    };
    this.#options.onFound(tool);
    return { tool, kept: useKept ? kept : undefined };
  }

  async #enclosed(kept: KeptTool, call: ToolCall): Promise<ToolResult> {
    const { work, run } = this.#options;
    const mountPoint = `${work}/.root-${kept.program}`;
    mkdirSync(mountPoint, { recursive: true });
    try {
      const loader = kept.loader === undefined ? [] : [`/tool/${kept.loader}`, "--library-path", "/tool"];
      const argv = [...loader, `/tool/${kept.program}`, ...call.argv];
      return await run({ ...call, argv: enclosed(argv, { tool: kept.folder, work, mountPoint }) });
    } finally {
      rmSync(mountPoint, { recursive: true, force: true });
    }
  }

  #inside(hostPath: string): string {
    const { work } = this.#options;
    if (hostPath === work || hostPath.startsWith(`${work}/`)) return `/work${hostPath.slice(work.length)}`;
    throw new Error(`${hostPath} is not in the work directory ${work}`);
  }
}

function placeOf(choice: ToolChoice): string {
  switch (choice) {
    case "auto":
      return "on the host or in the image";
    case "host":
      return "on the host";
    case "image":
      return "in the image";
    default: {
      const never: never = choice;
      return never;
    }
  }
}
