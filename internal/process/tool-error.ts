import { PlatterError } from "../base/error.ts";

/** Messages of tools that ran out of disk space. */
const NO_SPACE = /no space left on device|disk quota exceeded/i;

/** The error for a tool that cannot be started. */
export function notStarted(name: string, reason: string, cause?: unknown): PlatterError {
  return new PlatterError({
    code: "E_TOOL_MISSING",
    kind: "tool",
    message: `Cannot run \`${name}\`: ${reason}`,
    hint: `Install \`${name}\`.`,
    cause,
  });
}

/** The error for a tool that printed more than `limit` bytes. */
export function tooMuch(name: string, limit: number): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `Cannot use the output of \`${name}\`: it printed more than ${limit} bytes`,
    hint: `Check that \`${name}\` in PATH is the right program.`,
  });
}

/** The error for a tool that ended with a signal or with an exit code that the caller does not accept. */
export function toolFailed(
  name: string,
  ended: {
    exitCode: number | null;
    signalCode: string | number | null;
    /** The last lines that the tool printed. */
    lines: string[];
    /** File with its full output. */
    log: string | undefined;
  },
): PlatterError {
  const { exitCode, signalCode, lines, log } = ended;
  const how = signalCode === null ? `exit code ${exitCode}` : `signal ${signalCode}`;
  if (lines.some((line) => NO_SPACE.test(line))) {
    return new PlatterError({
      code: "E_NO_SPACE",
      kind: "machine",
      message: `Cannot finish \`${name}\`: the disk is full (${how})`,
      hint: "Free some space, or put the output and --work on a larger file system.",
      detail: lines,
    });
  }
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`${name}\` failed with ${how}`,
    hint: log === undefined ? undefined : `Read its full output in \`${log}\`.`,
    detail: lines,
    log,
  });
}
