import { PlatterError } from "../base/error.ts";
import { printable } from "../text/printable.ts";

/** A line of a policy's text file, for messages. */
export interface PolicyLine {
  /** Path inside the image, with a leading slash. */
  file: string;
  /** Line number, counted from 1. */
  line: number;
}

/** The error for a policy that platter cannot read exactly. `reason` is the end of a sentence. */
export function policyError({ file, line }: PolicyLine, reason: string, source?: string): PlatterError {
  return new PlatterError({
    code: "E_SELINUX_POLICY",
    kind: "contract",
    message: `Cannot read the SELinux policy: line ${line} of \`${printable(file)}\` ${reason}`,
    detail: source === undefined ? [] : [shortened(printable(source))],
    hint: "Correct the line in the image, or build without labels by `--selinux off`.",
  });
}

/** The error for a policy that is too large, or whose patterns need too much work. */
export function policyLimitError(file: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_SELINUX_POLICY",
    kind: "contract",
    message: `Cannot read the SELinux policy: \`${printable(file)}\` ${reason}`,
    hint: "Correct the file in the image, or build without labels by `--selinux off`.",
  });
}

const SHOWN = 200;

function shortened(text: string): string {
  return text.length <= SHOWN ? text : `${text.slice(0, SHOWN)} …`;
}
