import { ansiPaint, PLAIN, type Style } from "../base/style.ts";

export const COLOUR_CHOICES = ["auto", "always", "never"] as const;
export type ColourChoice = (typeof COLOUR_CHOICES)[number];

/** Columns of a terminal that reports none, or 0 as a serial line does. */
export const UNKNOWN_WIDTH = 80;

interface Output {
  stream: Pick<NodeJS.WriteStream, "isTTY" | "columns">;
  environment: Readonly<Record<string, string | undefined>>;
}

/** Whether the output is a terminal that obeys control sequences. ncurses, too, treats a missing TERM as `dumb`. */
export function isTerminal({ stream, environment: { TERM = "dumb" } }: Output): boolean {
  return stream.isTTY === true && TERM !== "dumb" && TERM !== "";
}

/** The style of an output. The width of a terminal is read for each line, because the user may change it. */
export function styleOf(output: Output, choice: ColourChoice): Style {
  const { stream } = output;
  return {
    get columns() {
      return stream.isTTY === true ? stream.columns || UNKNOWN_WIDTH : undefined;
    },
    paint: hasColours(output, choice) ? ansiPaint : PLAIN.paint,
  };
}

/**
 * --color decides, then NO_COLOR (no-color.org), then FORCE_COLOR (force-color.org) and CLICOLOR_FORCE
 * (bixense.com/clicolors), then the terminal.
 */
function hasColours(output: Output, choice: ColourChoice): boolean {
  if (choice !== "auto") return choice === "always";
  const { NO_COLOR = "", FORCE_COLOR = "", CLICOLOR_FORCE = "" } = output.environment;
  if (NO_COLOR !== "") return false;
  if ([FORCE_COLOR, CLICOLOR_FORCE].some((value) => value !== "" && value !== "0")) return true;
  return isTerminal(output);
}
