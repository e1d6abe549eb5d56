import { createConsola, type LogType } from "consola";
import type { Reporter, Task } from "../base/progress.ts";
import { printable, printableLines } from "../text/printable.ts";
import { formatBytes, formatSeconds } from "./format.ts";

interface ConsoleOptions {
  verbosity: "quiet" | "normal" | "verbose";
  /** The stream for all output. */
  stream: NodeJS.WriteStream;
  /** Milliseconds of a monotonic clock. */
  clock: () => number;
}

/** Milliseconds between two updates: on a terminal one line is redrawn, elsewhere a line is added. */
const TERMINAL_INTERVAL = 200;
const PLAIN_INTERVAL = 5000;

/** Columns of a terminal that reports none, or 0 as a serial line does. */
const UNKNOWN_WIDTH = 80;

/** Writes reports for a terminal, or in plain lines for a log. It escapes every text, so callers do not have to. */
export function consoleReporter(options: ConsoleOptions): Reporter {
  const { stream, verbosity, clock } = options;
  const terminal = stream.isTTY === true && process.env.TERM !== "dumb";
  const level = { quiet: 0, normal: 3, verbose: 4 }[verbosity];
  const color = terminal && (process.env.NO_COLOR ?? "") === "";
  const consola = createConsola({
    level,
    reporters: [
      {
        log: ({ type, args }) =>
          void stream.write(`${prefix(type, color)}${printableLines(args.join(" "))}\n`),
      },
    ],
  });
  let drawn = false;
  const clear = () => {
    if (drawn) stream.write("\r\x1b[K");
    drawn = false;
  };
  const speak = (say: () => void) => {
    clear();
    say();
  };

  function startTask(name: string): Task {
    const start = clock();
    let last = start;
    const took = () => formatSeconds((clock() - start) / 1000);
    return {
      progress(done, total) {
        const now = clock();
        if (verbosity === "quiet" || now - last < (terminal ? TERMINAL_INTERVAL : PLAIN_INTERVAL)) return;
        last = now;
        const line = `${name}: ${progressText(done, total, (now - start) / 1000)}`;
        if (terminal) {
          stream.write(`\r${printable(line).slice(0, (stream.columns || UNKNOWN_WIDTH) - 1)}\x1b[K`);
          drawn = true;
        } else consola.info(line);
      },
      done: (detail) =>
        speak(() => consola.success(`${name}${detail === undefined ? "" : `: ${detail}`} (${took()})`)),
      skipped: (reason) => speak(() => consola.info(`${name}: ${reason}`)),
      failed: clear,
    };
  }

  return {
    task: startTask,
    info: (text) => speak(() => consola.info(text)),
    warn: (text) => speak(() => consola.warn(text)),
    verbose: (text) => speak(() => consola.debug(text)),
  };
}

/** `42 %, 1.2 GiB of 2.9 GiB, 210 MiB/s, 8.3 s left` */
export function progressText(done: number, total: number, seconds: number): string {
  const rate = seconds > 0 ? done / seconds : 0;
  const share = total > 0 ? Math.min(100, Math.floor((100 * done) / total)) : 0;
  const parts = [`${share} %`, `${formatBytes(done)} of ${formatBytes(total)}`, `${formatBytes(rate)}/s`];
  if (rate > 0 && total > done) parts.push(`${formatSeconds((total - done) / rate)} left`);
  return parts.join(", ");
}

/** Each colour has one meaning, and the text is clear without it. */
function prefix(type: LogType, color: boolean): string {
  const paint = (code: number, text: string) => (color ? `\x1b[${code}m${text}\x1b[0m` : text);
  switch (type) {
    case "warn":
      return `${paint(33, "warning")}: `;
    case "error":
    case "fatal":
      return `${paint(31, "error")}: `;
    case "success":
      return `${paint(32, "done")} `;
    case "debug":
      return paint(90, "· ");
    default:
      return "";
  }
}
