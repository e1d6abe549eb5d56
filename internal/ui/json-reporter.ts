import type { Notice } from "../base/notice.ts";
import type { ProcessReporter, Task } from "../base/progress.ts";
import { PLAIN } from "../base/style.ts";
import { eventLine, type ProgressEvent } from "../documents/progress-document.ts";

interface JsonOptions {
  verbosity: "normal" | "verbose";
  /** Writes to the output. */
  write: (text: string) => void;
  /** Milliseconds of a monotonic clock. */
  clock: () => number;
  /** The current date and time. */
  now: () => Date;
}

/** Milliseconds between two reports of the progress of a task. */
const INTERVAL = 200;

/** Writes each report as one line of JSON, for programs. */
export function jsonReporter(options: JsonOptions): ProcessReporter {
  const { verbosity, write, clock, now } = options;
  let tasks = 0;
  const emit = (event: ProgressEvent) => write(eventLine(event, now()));
  const message = (text: string) => emit({ event: "message", level: "info", text });
  const notice = ({ severity, code, message, lines = [] }: Notice) =>
    emit({
      event: "notice",
      severity,
      code: code ?? null,
      message,
      lines: lines.map(({ label, text }) => ({ label: label ?? null, text })),
    });

  function startTask(name: string): Task {
    const id = ++tasks;
    const start = clock();
    let reported = Number.NEGATIVE_INFINITY;
    emit({ event: "start", id, name });
    const end = (outcome: "done" | "cached" | "skipped", detail: string | null = null) =>
      emit({ event: "end", id, name, outcome, detail, seconds: Math.round(clock() - start) / 1000 });
    return {
      progress(done, total) {
        const time = clock();
        if (time - reported < INTERVAL) return;
        reported = time;
        emit({ event: "progress", id, name, done, total: total ?? null, unit: "bytes" });
      },
      done: (detail) => end("done", detail),
      cached: (detail) => end("cached", detail),
      tick: () => undefined,
      skipped: (reason) => end("skipped", reason),
    };
  }

  return {
    width: undefined,
    rows: () => undefined,
    style: PLAIN,
    steps: (names) => emit({ event: "steps", names: [...names] }),
    task: startTask,
    notice,
    print: (lines) => message(lines.join("\n")),
    info: message,
    warn: (text) => notice({ severity: "warning", message: text }),
    verbose(text) {
      if (verbosity === "verbose") emit({ event: "message", level: "verbose", text });
    },
    close: () => undefined,
  };
}
