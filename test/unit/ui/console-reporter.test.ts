import { describe, expect, test } from "bun:test";
import { ansiPaint, PLAIN } from "../../../internal/base/style.ts";
import { consoleReporter } from "../../../internal/ui/console-reporter.ts";
import { progressLine } from "../../../internal/ui/progress-line.ts";

const MIB = 2 ** 20;

interface Options {
  verbosity?: "quiet" | "normal" | "verbose";
  columns?: number;
}

/** A reporter with a clock that only `wait` moves. With `columns` its output is a terminal with colours. */
function reporterOf({ verbosity = "normal", columns }: Options) {
  let text = "";
  let now = 0;
  const reporter = consoleReporter({
    verbosity,
    write: (piece) => {
      text += piece;
    },
    style: columns === undefined ? PLAIN : { columns, paint: ansiPaint },
    progress: columns === undefined ? "append" : "redraw",
    clock: () => now,
  });
  const wait = (ms: number) => {
    now += ms;
  };
  return { reporter, text: () => text, wait };
}

/** All kinds of reports, and a step with progress each second for half a minute. */
function reportAll(options: Options): string {
  const { reporter, text, wait } = reporterOf(options);
  reporter.steps(["squash", "bios-image", "efi-image"]);
  reporter.info("some info");
  reporter.warn("a warning");
  reporter.notice({ severity: "note", code: "F_X", message: "a note" });
  reporter.verbose("a call");
  const task = reporter.task("squash");
  for (let i = 1; i <= 30; i++) {
    wait(1000);
    task.progress(i * MIB, 31 * MIB);
  }
  task.done("17 MiB");
  reporter.task("bios-image").skipped("unchanged");
  reporter.task("efi-image").cached();
  reporter.close();
  return text();
}

test("without a terminal: a line each five seconds, no colours", () => {
  const progress = (i: number) =>
    progressLine({ title: "[1/3] squash    ", done: i * MIB, total: 31 * MIB, seconds: i }, 1000);
  expect(reportAll({}).split("\n")).toEqual([
    "some info",
    "warning: a warning",
    "note[F_X]: a note",
    ...[5, 10, 15, 20, 25, 30].map(progress),
    "[1/3] squash      done: 17 MiB, 30.0 s",
    "[2/3] bios-image  skipped: unchanged",
    "[3/3] efi-image   cached: 0 ms",
    "",
  ]);
});

test("quiet: nothing at all", () => {
  expect(reportAll({ verbosity: "quiet" })).toBe("");
  expect(reportAll({ verbosity: "quiet", columns: 80 })).toBe("");
});

test("verbose: the calls too, and none of them fills screens", () => {
  expect(reportAll({ verbosity: "verbose" })).toContain("\n· a call\n");
  expect(reportAll({})).not.toContain("a call");
  const { reporter, text } = reporterOf({ verbosity: "verbose" });
  reporter.verbose(`xorriso ${"x".repeat(25_000)}`);
  expect(text()).toMatch(/^· xorriso x{990,999}…\n$/);
});

test("on a terminal: one line that is drawn again, and removed before anything else is written", () => {
  const text = reportAll({ columns: 40 });
  expect(text.match(/\r\[1\/3\] squash [^\n\r]*\x1b\[K/g)).toHaveLength(31);
  expect(text).toContain("\r\x1b[K[1/3] squash      \x1b[32mdone\x1b[0m: 17 MiB, 30.0 s\n");
  expect(text).toContain("\x1b[33mwarning\x1b[0m: a warning\n");
  expect(text).toContain("\x1b[36mnote[F_X]\x1b[0m: a note\n");
  for (const [, line] of text.matchAll(/\r(\[1\/3\] squash [^\x1b]*)/g)) {
    expect(line!.length).toBeLessThan(40);
    expect(line).toMatch(/\d+ %|0 ms/);
  }
});

test("a task whose work keeps the event loop busy shows its time immediately and at each tick", () => {
  const { reporter, text, wait } = reporterOf({ columns: 80 });
  const task = reporter.task("inspect");
  for (let i = 0; i < 5; i++) {
    wait(100);
    task.tick();
  }
  expect(text()).toBe("\rinspect  0 ms\x1b[K\rinspect  200 ms\x1b[K\rinspect  400 ms\x1b[K");
});

test("updates faster than they can be read are left out", () => {
  const { reporter, text, wait } = reporterOf({ columns: 80 });
  const task = reporter.task("squash");
  for (let i = 0; i < 100; i++) {
    wait(10);
    task.progress(i, 100);
  }
  expect(text().match(/\rsquash/g)!.length).toBeLessThanOrEqual(6);
});

test("close: the progress line is removed, and later progress is not shown", () => {
  const { reporter, text, wait } = reporterOf({ columns: 80 });
  const task = reporter.task("squash");
  wait(1000);
  task.progress(1, 2);
  reporter.close();
  wait(1000);
  task.progress(2, 2);
  expect(text()).toMatch(/^\rsquash {2}0 ms\x1b\[K\rsquash [^\r]*\x1b\[K\r\x1b\[K$/);
});

describe("steps", () => {
  const ORDER = ["inspect", "squash", "assemble"];

  test("close: notices of steps that did not end are printed, in the order of the steps", () => {
    const { reporter, text } = reporterOf({});
    reporter.steps(ORDER);
    for (const name of ["inspect", "squash"]) reporter.task(name);
    reporter.notice({ severity: "warning", message: "of the assembly" }, "assemble");
    reporter.notice({ severity: "warning", message: "of the squash" }, "squash");
    expect(text()).toBe("");
    reporter.close();
    expect(text()).toBe("warning: of the squash\nwarning: of the assembly\n");
  });

  test("a step that ends before an earlier one is reported after it, with its notices", () => {
    const { reporter, text } = reporterOf({});
    reporter.steps(ORDER);
    const [inspect, squash] = ["inspect", "squash"].map((name) => reporter.task(name));
    reporter.notice({ severity: "warning", message: "of the squash" }, "squash");
    squash!.done();
    reporter.notice({ severity: "warning", message: "of the inspection" });
    expect(text()).toBe("warning: of the inspection\n");
    inspect!.done();
    reporter.task("assemble").done();
    expect(text().split("\n")).toEqual([
      "warning: of the inspection",
      "[1/3] inspect   done: 0 ms",
      "warning: of the squash",
      "[2/3] squash    done: 0 ms",
      "[3/3] assemble  done: 0 ms",
      "",
    ]);
  });

  test("a later step that runs before the first one shows the first one, which it waits for", () => {
    const { reporter, text, wait } = reporterOf({});
    reporter.steps(["fetch", "inspect"]);
    const inspect = reporter.task("inspect");
    wait(5000);
    inspect.tick();
    expect(text()).toBe("[1/2] fetch    5.0 s\n");
    const fetch = reporter.task("fetch");
    wait(5000);
    fetch.progress(MIB);
    expect(text().split("\n")[1]).toStartWith("[1/2] fetch    1.0 MiB");
  });

  test("the progress of the last task is shown if no step is announced", () => {
    const { reporter, text, wait } = reporterOf({});
    const inspect = reporter.task("inspect");
    reporter.task("fetch");
    wait(5000);
    inspect.progress(1, 2);
    expect(text()).toBe("fetch  5.0 s\n");
  });

  test("the progress of the first running step is shown, or of a task that no step announces", () => {
    const { reporter, text, wait } = reporterOf({});
    reporter.steps(ORDER);
    const squash = reporter.task("squash");
    const inspect = reporter.task("inspect");
    const shownAfter = (act: () => void) => {
      const before = text().length;
      wait(5000);
      act();
      return text().slice(before);
    };
    expect(shownAfter(() => squash.progress(1, 2))).toStartWith("[1/3] inspect ");
    const fetch = reporter.task("fetch");
    expect(shownAfter(() => squash.progress(1, 2))).toStartWith("fetch  5.0 s");
    fetch.done();
    inspect.done();
    expect(shownAfter(() => squash.progress(1, 2))).toStartWith("[2/3] squash ");
  });

  test("a task that is not announced is not reported at its end, and a single step has no number", () => {
    const { reporter, text } = reporterOf({});
    reporter.task("verify").done();
    expect(text()).toBe("");
    reporter.steps(["implant"]);
    reporter.task("implant").done("a checksum");
    expect(text()).toBe("implant  done: a checksum, 0 ms\n");
  });
});

describe("progressLine", () => {
  const title = "[5/6] squash";
  const running = { title, done: 25 * MIB, total: 100 * MIB, seconds: 10 };
  const line = "[5/6] squash  ██░░░░░░░░  25 %  25.0 of 100 MiB  2.5 MiB/s  30.0 s left";

  test("the bar, share, bytes, rate and time left", () => expect(progressLine(running, 80)).toBe(line));

  test.each([
    [70, "[5/6] squash  25 %  25.0 of 100 MiB  2.5 MiB/s  30.0 s left"],
    [58, "[5/6] squash  25 %  25.0 of 100 MiB  30.0 s left"],
    [40, "[5/6] squash  25 %  30.0 s left"],
    [20, "[5/6] squash  25 %"],
    [14, "[5/6] squash"],
    [8, "[5/6] s…"],
  ])("%i columns: the least important parts are left out first", (columns, text) => {
    expect(progressLine(running, columns)).toBe(text);
  });

  test.each([
    [{ done: undefined, total: undefined }, "[5/6] squash  10.0 s"],
    [{ done: 25 * MIB, total: undefined }, "[5/6] squash  25.0 MiB  2.5 MiB/s  10.0 s"],
    // The rest of a task whose bytes are all read takes an unknown time.
    [{ done: 100 * MIB, total: 100 * MIB }, "[5/6] squash  10.0 s"],
    [{ done: 0, total: 100 * MIB }, "[5/6] squash  ░░░░░░░░░░  0 %  0 B of 100 MiB"],
    [{ done: 0, total: 0 }, "[5/6] squash  10.0 s"],
  ])("%o: only what is known", (state, text) => {
    expect(progressLine({ title, seconds: 10, ...state }, 80)).toBe(text);
  });
});

/** The lines of a terminal after this output: the cursor's movements and erasing are carried out. */
function shown(text: string): string[] {
  const lines = [""];
  let [row, column] = [0, 0];
  for (const [token] of text.matchAll(/\x1b\[\d*[A-Z]|\r|\n|[^\x1b\r\n]+/g)) {
    const line = lines[row]!;
    if (token === "\r") column = 0;
    else if (token === "\n") [row, column] = [row + 1, 0];
    else if (token === "\x1b[K") lines[row] = line.slice(0, column);
    else if (token === "\x1b[J") lines.splice(row, lines.length, line.slice(0, column));
    else if (token.startsWith("\x1b")) row -= Number(token.slice(2, -1) || 1);
    else {
      lines[row] = line.slice(0, column) + token + line.slice(column + token.length);
      column += token.length;
    }
    lines[row] ??= "";
  }
  return lines;
}

test("rows are drawn in place, cut at the width, and give way to other output", () => {
  const { reporter, text } = reporterOf({ columns: 10 });
  expect(reporter.width).toBe(9);
  reporter.rows(["a 1 s", "b 1 s \x1b[31m", "c 1 s"]);
  reporter.rows(["a 2 s", "b 2 s", "c 2 s"]);
  expect(shown(text())).toEqual(["a 2 s", "b 2 s", "c 2 s"]);
  reporter.rows(["a 3 s and more"]);
  expect(shown(text())).toEqual(["a 3 s an…"]);
  reporter.rows(["a 4 s", "b 4 s"]);
  reporter.info("booted");
  expect(shown(text()).filter((line) => line !== "")).toEqual(["booted"]);
  reporter.rows(["a 5 s", "b 5 s"]);
  reporter.rows([]);
  expect(shown(text()).filter((line) => line !== "")).toEqual(["booted"]);
  expect(text()).not.toContain("\x1b[31m");
});

test.each([{}, { columns: 80, verbosity: "quiet" as const }])("%o: rows are not shown", (options) => {
  const { reporter, text } = reporterOf(options);
  reporter.rows(["a"]);
  reporter.rows([]);
  expect(text()).toBe("");
});
