import { createConsola } from "consola";
import type { Notice } from "../base/notice.ts";
import type { ProcessReporter, Task } from "../base/progress.ts";
import type { Style, Tone } from "../base/style.ts";
import { noticeLines } from "../text/notice-text.ts";
import { printable } from "../text/printable.ts";
import { shortened } from "../text/wrap.ts";
import { formatSeconds } from "./format.ts";
import { LiveRows } from "./live-rows.ts";
import { progressLine } from "./progress-line.ts";
import { StepQueue } from "./step-queue.ts";

interface ConsoleOptions {
  verbosity: "quiet" | "normal" | "verbose";
  /** Writes to the output. */
  write: (text: string) => void;
  style: Style;
  /**
   * `redraw`: one line of a terminal is written again and again. `append`: a line is added at intervals. `none`: neither
   * progress nor ends of steps are shown.
   */
  progress: "redraw" | "append" | "none";
  /** Milliseconds of a monotonic clock. */
  clock: () => number;
}

/** Milliseconds between two updates. */
const INTERVALS = { redraw: 200, append: 5000, none: Number.POSITIVE_INFINITY };

/** consola's levels: errors, which others print; all results; and what tools do. */
const LEVELS = { quiet: 0, normal: 3, verbose: 4 };

/** Most characters of a line of --verbose. The log of a tool has the whole line. */
const VERBOSE_LENGTH = 1000;

interface RunningTask {
  name: string;
  /** Index of the announced step. Undefined for a task that is not announced. */
  step: number | undefined;
  start: number;
  done: number | undefined;
  total: number | undefined;
}

/** Writes reports for a terminal, or in plain lines for a log. It escapes every text, so callers do not have to. */
export function consoleReporter(options: ConsoleOptions): ProcessReporter {
  const { verbosity, style, clock } = options;
  const interval = INTERVALS[options.progress];
  const running = new Set<RunningTask>();
  let queue = new StepQueue([], print);
  const live = new LiveRows(options);
  let isClosed = false;
  // A terminal shows the first task immediately.
  let updated = options.progress === "redraw" ? Number.NEGATIVE_INFINITY : clock();
  // A task that reports nothing for a while still shows its time.
  const timer = options.progress === "none" ? undefined : setInterval(update, interval);
  timer?.unref();

  const consola = createConsola({
    level: LEVELS[verbosity],
    // Equal lines are not joined.
    throttle: 0,
    reporters: [
      {
        log({ args }) {
          live.clear();
          options.write(`${args.join(" ")}\n`);
        },
      },
    ],
  });

  function print(lines: readonly string[]): void {
    if (lines.length > 0) consola.log(lines.join("\n"));
  }

  function update(): void {
    const now = clock();
    if (isClosed || verbosity === "quiet" || now - updated < interval) return;
    const task = shown([...running]);
    if (task === undefined) return;
    updated = now;
    const { name, step, start, done, total } = task;
    // A later step may already run for a fetch that has not started.
    const isEarly = step !== undefined && queue.isBeforeFirst;
    const title = step === undefined ? name : queue.title(isEarly ? 0 : step);
    const line = { title, done: isEarly ? undefined : done, total, seconds: (now - start) / 1000 };
    if (options.progress === "append") {
      options.write(`${progressLine(line, Number.POSITIVE_INFINITY)}\n`);
      return;
    }
    live.draw([progressLine(line, live.width)]);
  }

  function startTask(name: string): Task {
    const step = queue.start(name);
    const task: RunningTask = { name, step, start: clock(), done: undefined, total: undefined };
    running.add(task);
    update();
    const end = (tone: Tone, word: string, details: readonly (string | undefined)[]) => {
      running.delete(task);
      live.clear();
      if (step === undefined) return;
      const detail = details.filter((each) => each !== undefined).join(", ");
      const text = detail === "" ? "" : `: ${printable(detail)}`;
      const line = `${printable(queue.title(step))}  ${style.paint(tone, word)}${text}`;
      queue.end(step, options.progress === "none" ? [] : [line]);
    };
    const took = () => formatSeconds((clock() - task.start) / 1000);
    return {
      progress(done, total) {
        Object.assign(task, { done, total });
        update();
      },
      tick: update,
      done: (detail) => end("good", "done", [detail, took()]),
      cached: (detail) => end("good", "cached", [detail, took()]),
      skipped: (reason) => end("dim", "skipped", [reason]),
    };
  }

  const notice = (given: Notice, step?: string) => queue.add(noticeLines(given, style), step);
  return {
    get width() {
      return options.progress === "redraw" ? live.width : undefined;
    },
    rows(lines) {
      if (options.progress !== "redraw" || verbosity === "quiet") return;
      if (lines.length === 0) live.clear();
      else live.draw(lines);
    },
    style,
    steps(names) {
      queue = new StepQueue(names, print);
    },
    task: startTask,
    notice,
    print,
    info: (text) => print(text.split("\n").map(printable)),
    warn: (message) => notice({ severity: "warning", message }),
    verbose(text) {
      const lines = text.split("\n").map((line) => shortened(printable(line), VERBOSE_LENGTH));
      consola.debug(lines.map((line) => style.paint("dim", `· ${line}`)).join("\n"));
    },
    close() {
      isClosed = true;
      clearInterval(timer);
      live.clear();
      queue.flush();
    },
  };
}

/** The task whose progress is shown: the last one that is not announced, as a part of what runs, else the first step. */
function shown(running: readonly RunningTask[]): RunningTask | undefined {
  const part = running.findLast(({ step }) => step === undefined);
  return part ?? running.toSorted((a, b) => a.step! - b.step!)[0];
}
