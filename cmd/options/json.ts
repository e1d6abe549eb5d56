import { Option } from "@commander-js/extra-typings";
import { OPTION_GROUPS } from "../reference/groups.ts";
import type { World } from "../world.ts";
import type { Unused } from "./refuse-unused.ts";

/** The option that prints the result of a command as JSON. `document` is the name of its schema. */
export function jsonOption(document: string) {
  return new Option(
    "--json",
    `print the result, or the error, as one JSON document; \`platter schema ${document}\` describes it`,
  )
    .default(false)
    .helpGroup(OPTION_GROUPS.output);
}

/**
 * The options for programs on a command line. They are read before the command line is parsed, so that an error of
 * parsing is printed as JSON, too. `progress` says whether --progress is `json`, and is undefined without that option.
 */
export function machineOptions(args: readonly string[]): { json: boolean; progress: boolean | undefined } {
  const end = args.indexOf("--");
  const options = args.slice(0, end === -1 ? args.length : end);
  const at = options.findLastIndex((option) => /^--progress(=|$)/.test(option));
  const progress = options[at] === "--progress" ? options[at + 1] : options[at]?.replace("--progress=", "");
  return { json: options.includes("--json"), progress: at === -1 ? undefined : progress === "json" };
}

/** Rule that refuses --json if the command itself writes to standard output. */
export function unusedJson(flags: { output?: string | undefined; report?: string | undefined }): Unused {
  return {
    when: flags.output === "-" || flags.report === "-",
    options: ["--json"],
    reason: "`-` writes another output to standard output",
    hint: "Name a file instead of `-`, or leave --json out.",
  };
}

/** Prints the result of a command: with --json the document at the end of the run, otherwise the text now. */
export async function showResult(
  world: Pick<World, "setResult">,
  { json }: { json: boolean },
  result: { document: () => object; print: () => Promise<void> },
): Promise<void> {
  if (json) world.setResult(result.document());
  else await result.print();
}
