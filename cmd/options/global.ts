import { type Command, InvalidArgumentError, Option } from "@commander-js/extra-typings";
import { COLOUR_CHOICES, type ColourChoice } from "../../internal/ui/terminal.ts";
import { withVariable } from "../reference/environment.ts";

/** The values of the options that all commands have. */
export interface GlobalFlags {
  verbose?: true | undefined;
  quiet?: true | undefined;
  color: ColourChoice;
  progress: ProgressChoice;
}

const PROGRESS_CHOICES = ["auto", "plain", "json", "none"] as const;
type ProgressChoice = (typeof PROGRESS_CHOICES)[number];

export function globalFlags(program: Command): GlobalFlags {
  return program.opts() as unknown as GlobalFlags;
}

export const GLOBAL_OPTIONS = [
  new Option("-v, --verbose", "show every tool call, and long lists"),
  new Option("-q, --quiet", "show only errors, and results such as the path of the ISO").conflicts([
    "verbose",
    "progress",
  ]),
  new Option("--color <when>", "whether to use colours").choices(COLOUR_CHOICES).default("auto" as const),
  withVariable(
    new Option(
      "--progress <how>",
      "how to show progress: as it fits the output, as plain lines, as JSON lines on standard error, or not at all",
    ),
  )
    .choices(PROGRESS_CHOICES)
    .argParser(progressChoice)
    .default("auto" as const),
];

/** Values of image-builder and docker, with platter's own. */
const OTHER_PROGRESS: Readonly<Record<string, string>> = {
  verbose: "write `-v` for every tool call",
  debug: "write `-v` for every tool call",
  term: "write `auto`",
  tty: "write `auto`",
  rawjson: "write `json`",
  quiet: "write `none`, or `-q` for errors alone",
};

function progressChoice(text: string): ProgressChoice {
  const choice = PROGRESS_CHOICES.find((name) => name === text);
  if (choice !== undefined) return choice;
  const own = OTHER_PROGRESS[text];
  const hint = own === undefined ? "" : ` Instead of \`${text}\`, ${own}.`;
  throw new InvalidArgumentError(`Allowed choices are ${PROGRESS_CHOICES.join(", ")}.${hint}`);
}

export type Verbosity = "quiet" | "normal" | "verbose";

export function verbosityOf({ verbose, quiet }: GlobalFlags): Verbosity {
  return verbose === true ? "verbose" : quiet === true ? "quiet" : "normal";
}

/** How the reporter shows progress on an output. */
export function progressOf(
  { progress }: GlobalFlags,
  output: { isTerminal: boolean },
): "redraw" | "append" | "none" {
  if (progress === "none") return "none";
  return output.isTerminal && progress === "auto" ? "redraw" : "append";
}
