import { expect, test } from "bun:test";
import { jsonReporter } from "../../../internal/ui/json-reporter.ts";

/** A reporter with a clock that only `wait` moves, and its lines without what all have. */
function reporterOf(verbosity: "normal" | "verbose" = "normal") {
  let text = "";
  let time = 0;
  const reporter = jsonReporter({
    verbosity,
    write: (piece) => {
      text += piece;
    },
    clock: () => time,
    now: () => new Date(Date.UTC(2026, 0, 1) + time),
  });
  const wait = (milliseconds: number) => {
    time += milliseconds;
  };
  const lines = () =>
    text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  const events = () => lines().map(({ version: _, time: __, ...event }) => event);
  return { reporter, wait, lines, events };
}

test("a line has a version and a time", () => {
  const { reporter, wait, lines } = reporterOf();
  wait(1500);
  reporter.info("one\ntwo");
  expect(lines()).toEqual([
    { version: 1, time: "2026-01-01T00:00:01.500Z", event: "message", level: "info", text: "one\ntwo" },
  ]);
});

test("tasks: start, progress at intervals, and the end with its seconds", () => {
  const { reporter, wait, events } = reporterOf();
  reporter.steps(["squash", "assemble"]);
  const squash = reporter.task("squash");
  const other = reporter.task("sha256");
  for (let i = 1; i <= 3; i++) {
    wait(150);
    squash.progress(i * 10, 30);
  }
  other.progress(5);
  squash.done("17 MiB");
  other.skipped("not necessary");
  reporter.task("assemble").cached();
  expect(events()).toEqual([
    { event: "steps", names: ["squash", "assemble"] },
    { event: "start", id: 1, name: "squash" },
    { event: "start", id: 2, name: "sha256" },
    { event: "progress", id: 1, name: "squash", done: 10, total: 30, unit: "bytes" },
    { event: "progress", id: 1, name: "squash", done: 30, total: 30, unit: "bytes" },
    { event: "progress", id: 2, name: "sha256", done: 5, total: null, unit: "bytes" },
    { event: "end", id: 1, name: "squash", outcome: "done", detail: "17 MiB", seconds: 0.45 },
    { event: "end", id: 2, name: "sha256", outcome: "skipped", detail: "not necessary", seconds: 0.45 },
    { event: "start", id: 3, name: "assemble" },
    { event: "end", id: 3, name: "assemble", outcome: "cached", detail: null, seconds: 0 },
  ]);
});

test("notices: severity, code and the lines with their labels", () => {
  const { reporter, events } = reporterOf();
  reporter.notice({
    severity: "note",
    code: "F_X",
    message: "seen",
    lines: [{ label: "fix", text: "Do." }, { text: "1 | x" }],
  });
  reporter.warn("careful");
  expect(events()).toEqual([
    {
      event: "notice",
      severity: "note",
      code: "F_X",
      message: "seen",
      lines: [
        { label: "fix", text: "Do." },
        { label: null, text: "1 | x" },
      ],
    },
    { event: "notice", severity: "warning", code: null, message: "careful", lines: [] },
  ]);
});

test("calls of tools only with --verbose", () => {
  const [normal, verbose] = [reporterOf(), reporterOf("verbose")];
  for (const { reporter } of [normal, verbose]) {
    reporter.verbose("call");
    reporter.print(["a", "b"]);
  }
  expect(normal.events()).toEqual([{ event: "message", level: "info", text: "a\nb" }]);
  expect(verbose.events()[0]).toEqual({ event: "message", level: "verbose", text: "call" });
});
