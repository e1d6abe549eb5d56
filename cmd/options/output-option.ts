import { Option } from "@commander-js/extra-typings";
import { OPTION_GROUPS } from "../reference/groups.ts";

/** The option -o of a command that writes a file. Like podman, it accepts `-o=os.iso`. */
export function outputOption(description: string) {
  return new Option("-o, --output <file>", description).argParser(outputPath).helpGroup(OPTION_GROUPS.output);
}

/** The path after -o, without the equals sign of `-o=os.iso`. */
export function outputPath(value: string): string {
  const isJoined = value.startsWith("=") && process.argv.includes(`-o${value}`);
  return isJoined ? value.slice(1) : value;
}
