import { PlatterError } from "../base/error.ts";
import { type BootResult, failureLine } from "../boot/boot-result.ts";
import { counted } from "../text/counted.ts";

/** Lines of the console in the error: of a single failed boot, and of each of several. */
const [LINES_OF_ONE, LINES_OF_EACH] = [10, 3];

/** The error of an ISO that did not boot in each of the ways. */
export function notBooted(
  iso: string,
  options: {
    results: readonly BootResult[];
    keepIn: string;
    /** What was known about the failed ways before the boot. */
    doubts: readonly string[];
  },
): PlatterError {
  const { results, keepIn, doubts } = options;
  const failed = results.flatMap(({ failure, ...way }) => (failure === undefined ? [] : [{ way, failure }]));
  const lines = failed.length === 1 ? LINES_OF_ONE : LINES_OF_EACH;
  const hints = failed.flatMap(({ failure }) => failure.hint ?? []);
  const ways = results.length === 1 ? "" : ` in ${failed.length} of ${counted(results.length, "way")}`;
  return new PlatterError({
    code: "E_NOT_BOOTED",
    kind: "media",
    message: `\`${iso}\` did not boot${ways}`,
    detail: [
      ...failed.flatMap(({ way, failure }) => [
        failureLine(way, failure),
        ...failure.lastLines.slice(-lines).map((line) => `  ${line}`),
      ]),
      ...doubts,
    ],
    hint: [...new Set(hints), `Look at the serial logs and screenshots in \`${keepIn}\`.`].join(" "),
  });
}
