import { chmodSync, lstatSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../error.ts";
import { checkVersion, type FoundTool, findOnHost, type ToolName, toolMissing } from "./find.ts";
import type { RunTool, ToolCall, ToolResult } from "./run.ts";
import { enclosed, sandboxScript } from "./sandbox.ts";

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
  /** Called where the host's tool takes the place of the image's, with the reason. */
  onSubstitute: (name: ToolName, reason: PlatterError) => void;
  /** What the image brings along. */
  kept: (name: ToolName) => Promise<KeptTool | undefined>;
}

/** Arguments that depend on how the tool sees the work directory. */
export type ToolArguments = (path: (hostPath: string) => string) => string[];

export interface UseOptions extends Omit<ToolCall, "argv" | "name" | "signal"> {
  /** Host path of the file that the tool makes. A tool of the image can write nothing else. */
  output?: string;
  /** For a tool that has temporary files as large as an image, which /tmp has no room for. Default: it has none. */
  temporaryFiles?: "beside-output";
}

interface FoundPlace {
  tool: FoundTool;
  /** Where the image's own is kept; undefined for the host's. */
  kept: KeptTool | undefined;
}

/** What a tool of the image writes, in the one folder where it can. */
const RESULT = "/out/result";

/** Tools that are found once, checked once, and then called by name. */
export class Toolbox {
  readonly #options: ToolboxOptions;
  readonly #found = new Map<ToolName, Promise<FoundPlace>>();

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
    const { output, temporaryFiles, ...given } = options;
    const inside = (path: string) => (path === output ? RESULT : this.#inside(path));
    const path = kept === undefined ? (hostPath: string) => hostPath : inside;
    const call = { ...given, name, signal };
    if (temporaryFiles !== undefined && output !== undefined)
      call.env = { TMPDIR: dirname(path(output)), ...given.env };
    const result =
      kept === undefined
        ? await run({ ...call, argv: [tool.path, ...args(path)] })
        : await this.#enclosed(kept, { ...call, argv: args(path) }, output);
    if (output !== undefined && !isFile(output)) throw madeNothing(name, call.log);
    return result;
  }

  #get(name: ToolName) {
    const known = this.#found.get(name);
    if (known !== undefined) return known;
    const found = this.#search(name);
    this.#found.set(name, found);
    return found;
  }

  /** Whether the image's own will be taken if it has one: what it has is known with the plan. */
  mayBeOfImage(name: ToolName): boolean {
    const { choice } = this.#options;
    if (choice !== "auto") return choice === "image";
    // grub-mkimage must match the image's own GRUB modules; the others are better known and faster from the host.
    return name === "grub-mkimage" || findOnHost(name) === undefined;
  }

  async #search(name: ToolName): Promise<FoundPlace> {
    const { choice, kept: keptTool } = this.#options;
    const host = choice === "image" ? undefined : findOnHost(name);
    const kept = this.mayBeOfImage(name) ? await keptTool(name) : undefined;
    const found =
      kept === undefined ? await this.#checked(name, { host }) : await this.#orHost(name, { kept, host });
    this.#options.onFound(found.tool);
    return found;
  }

  /** The image's tool; the host's where the image's cannot be run, as in a container without user namespaces. */
  async #orHost(name: ToolName, place: { kept: KeptTool; host: string | undefined }): Promise<FoundPlace> {
    try {
      return await this.#checked(name, { kept: place.kept });
    } catch (error) {
      if (place.host === undefined || !(error instanceof PlatterError) || error.kind !== "tool") throw error;
      this.#options.onSubstitute(name, error);
      return this.#checked(name, { host: place.host });
    }
  }

  /** @throws PlatterError `E_TOOL_MISSING`, `E_TOOL_VERSION`, `E_SANDBOX_MISSING` */
  async #checked(name: ToolName, place: { kept?: KeptTool; host?: string | undefined }): Promise<FoundPlace> {
    const { choice, run, signal } = this.#options;
    const { kept, host } = place;
    if (kept !== undefined) {
      const inside: RunTool = (call) => this.#enclosed(kept, call);
      const version = await checkVersion(name, { argv: [], signal, run: inside });
      return { tool: { name, from: "image", path: kept.source, version }, kept };
    }
    if (host === undefined) throw toolMissing(name, placeOf(choice));
    const version = await checkVersion(name, { argv: [host], signal, run });
    return { tool: { name, from: "host", path: host, version }, kept: undefined };
  }

  /** Runs a tool of the image shut in, and takes what it made out of there if it is a plain file. */
  async #enclosed(kept: KeptTool, call: ToolCall, output?: string): Promise<ToolResult> {
    const { work, run } = this.#options;
    const place = mkdtempSync(`${work}/.enclosed-`);
    const [mountPoint, out, script] = [`${place}/root`, `${place}/out`, `${place}/enclose.sh`];
    try {
      for (const folder of [mountPoint, out]) mkdirSync(folder);
      writeFileSync(script, sandboxScript);
      const loader = kept.loader === undefined ? [] : [`/tool/${kept.loader}`, "--library-path", "/tool"];
      const argv = [...loader, `/tool/${kept.program}`, ...call.argv];
      const result = await run({
        ...call,
        argv: enclosed(argv, { tool: kept.folder, work, out, mountPoint, script }),
      });
      const made = `${out}${RESULT.slice("/out".length)}`;
      if (output !== undefined && isFile(made)) {
        chmodSync(made, 0o644);
        renameSync(made, output);
      }
      return result;
    } finally {
      rmSync(place, { recursive: true, force: true });
    }
  }

  #inside(hostPath: string): string {
    const { work } = this.#options;
    if (hostPath === work || hostPath.startsWith(`${work}/`)) return `/work${hostPath.slice(work.length)}`;
    throw new Error(`${hostPath} is not in the work directory ${work}`);
  }
}

/** Whether a regular file is there: not a symlink, which could lead anywhere. */
function isFile(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFile() === true;
}

function madeNothing(name: ToolName, log: string | undefined): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`${name}\` ended without an error, but made no file`,
    hint: log === undefined ? undefined : `Its full output is in \`${log}\`.`,
    log,
  });
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
