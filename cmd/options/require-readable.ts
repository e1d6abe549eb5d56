import { accessSync, constants } from "node:fs";
import { machineError } from "../../internal/base/machine-error.ts";
import type { AddRequest } from "../../internal/iso/add-request.ts";
import type { ParsedCommand } from "./refuse-unused.ts";

/** Options that name a file or folder which platter reads. */
const READ_OPTIONS = ["--add", "--against", "--config", "--efi-dir", "--os-release", "--overlay", "--reuse"];

/** The part of a commander `Command` that has the options and their values. */
interface OptionValues extends Pick<ParsedCommand, "options"> {
  getOptionValue(key: string): unknown;
}

/**
 * Refuses a file or folder that an option names and that cannot be read, before anything slow starts. An option that a
 * plan in a work folder replaces is reported by its own rule.
 * @throws PlatterError `E_INPUT`
 */
export function requireReadable(command: OptionValues): void {
  for (const option of command.options) {
    if (!READ_OPTIONS.includes(option.long ?? "")) continue;
    for (const path of pathsIn(command.getOptionValue(option.attributeName()))) {
      try {
        accessSync(path, constants.R_OK);
      } catch (error) {
        throw machineError(error, {
          code: "E_INPUT",
          message: `Cannot read \`${path}\` of \`${option.long}\``,
          hint: `Check the path of ${option.long}, which begins at the current folder unless it begins with \`/\`.`,
        });
      }
    }
  }
}

function pathsIn(value: unknown): string[] {
  const values: unknown[] = Array.isArray(value) ? value : [value];
  return values.flatMap((each) => {
    if (typeof each === "string") return [each];
    return isAddRequest(each) ? [each.source] : [];
  });
}

function isAddRequest(value: unknown): value is AddRequest {
  return typeof value === "object" && value !== null && "source" in value;
}
