import { printable } from "../text/printable.ts";
import { shortened } from "../text/wrap.ts";
import { formatBytes, formatSeconds } from "./format.ts";

/** The state of a running task. */
export interface Running {
  /** `[5/6] squash`, or the name alone. */
  title: string;
  /** Bytes so far. Undefined if the task has not reported any. */
  done: number | undefined;
  /** Bytes at the end. Undefined if unknown. */
  total: number | undefined;
  /** Seconds since the task began. */
  seconds: number;
}

/** Columns of the bar. */
const BAR = 10;

/** The parts of a progress line, from the least to the most important. The less important ones are left out first. */
const DROPPED_FIRST = ["bar", "rate", "bytes", "time", "share"] as const;
type PartName = (typeof DROPPED_FIRST)[number];

/**
 * The progress of a task in one line of at most `columns`:
 * `[5/6] squash  ████░░░░░░  42 %  1.2 of 2.9 GiB  210 MiB/s  8.3 s left`.
 */
export function progressLine(running: Running, columns: number): string {
  const title = printable(running.title);
  const parts = partsOf(running);
  for (const dropped of DROPPED_FIRST) {
    const line = [title, ...parts.values()].join("  ");
    if (Bun.stringWidth(line) <= columns) return line;
    parts.delete(dropped);
  }
  return shortened(title, columns);
}

/** The parts in the order in which they are shown. */
function partsOf({ done, total, seconds }: Running): Map<PartName, string> {
  const parts = new Map<PartName, string>();
  const rate = done !== undefined && seconds > 0 ? done / seconds : 0;
  const isMeasured = done !== undefined && total !== undefined && total > 0 && done < total;
  if (isMeasured) {
    const filled = Math.floor((BAR * done) / total);
    parts.set("bar", `${"█".repeat(filled)}${"░".repeat(BAR - filled)}`);
    parts.set("share", `${Math.floor((100 * done) / total)} %`);
    parts.set("bytes", ofText(done, total));
  } else if (done !== undefined && total === undefined) parts.set("bytes", formatBytes(done));
  if (rate > 0 && (isMeasured || total === undefined)) parts.set("rate", `${formatBytes(rate)}/s`);
  if (!isMeasured) parts.set("time", formatSeconds(seconds));
  else if (rate > 0) parts.set("time", `${formatSeconds((total - done) / rate)} left`);
  return parts;
}

/** `1.2 of 2.9 GiB`, or `850 MiB of 2.9 GiB` if the units differ. */
function ofText(done: number, total: number): string {
  const [amount = "", unit] = formatBytes(done).split(" ");
  const whole = formatBytes(total);
  return whole.endsWith(` ${unit}`) ? `${amount} of ${whole}` : `${amount} ${unit} of ${whole}`;
}
