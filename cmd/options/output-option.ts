import { Option } from "@commander-js/extra-typings";
import { PlatterError } from "../../internal/base/error.ts";
import { type OutputTarget, outputTarget } from "../../internal/pipeline/work/output.ts";
import { OPTION_GROUPS } from "../reference/groups.ts";
import type { World } from "../world.ts";

/** The option -o of a command that writes a file. Like podman, it accepts `-o=os.iso`. */
export function outputOption(description: string) {
  return new Option("-o, --output <file>", description).argParser(outputPath).helpGroup(OPTION_GROUPS.output);
}

/** The option -o of a command that writes an ISO. */
export function isoOutputOption() {
  return outputOption(
    "file to write the ISO to, a folder for LABEL-ARCHITECTURE.iso, or - for standard output",
  ).default(".");
}

/** The path after -o, without the equals sign of `-o=os.iso`. */
export function outputPath(value: string): string {
  const isJoined = value.startsWith("=") && process.argv.includes(`-o${value}`);
  return isJoined ? value.slice(1) : value;
}

/**
 * The target of the option -o. In a folder the result gets this `name`, or a name that follows from the plan.
 * @throws PlatterError `E_OUTPUT` if it is a terminal
 */
export function targetOfOption(given: string, world: World, name?: string): OutputTarget {
  const target = outputTarget(given, name);
  if (target.kind !== "stream" || !world.printsToTerminal) return target;
  throw new PlatterError({
    code: "E_OUTPUT",
    kind: "usage",
    message: "Cannot write to standard output: it is a terminal",
    hint: "Name a file with -o, or send the output to a program or a file.",
  });
}
