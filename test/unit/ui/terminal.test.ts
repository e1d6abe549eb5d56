import { expect, test } from "bun:test";
import { isTerminal, styleOf } from "../../../internal/ui/terminal.ts";

const terminal = { isTTY: true, columns: 100 };
const pipe = { isTTY: false, columns: 0 };

test.each([
  [terminal, { TERM: "xterm" }, true],
  [terminal, { TERM: "dumb" }, false],
  [terminal, { TERM: "" }, false],
  [terminal, {}, false],
  [pipe, { TERM: "xterm" }, false],
])("isTerminal: %o with %o is %p", (stream, environment, result) => {
  expect(isTerminal({ stream, environment })).toBe(result);
});

test.each([
  [terminal, { TERM: "xterm" }, "auto", true],
  [terminal, {}, "auto", false],
  [terminal, { TERM: "xterm", NO_COLOR: "1" }, "auto", false],
  [terminal, { TERM: "xterm", NO_COLOR: "" }, "auto", true],
  [pipe, {}, "auto", false],
  [pipe, { FORCE_COLOR: "1" }, "auto", true],
  [pipe, { CLICOLOR_FORCE: "1" }, "auto", true],
  [pipe, { FORCE_COLOR: "0", CLICOLOR_FORCE: "0" }, "auto", false],
  [pipe, { FORCE_COLOR: "1", NO_COLOR: "1" }, "auto", false],
  [pipe, { NO_COLOR: "1" }, "always", true],
  [terminal, { TERM: "xterm", FORCE_COLOR: "1" }, "never", false],
] as const)("styleOf: colours for %o with %o and --color %s: %p", (stream, environment, choice, coloured) => {
  const painted = styleOf({ stream, environment }, choice).paint("error", "x");
  expect(painted).toBe(coloured ? "\x1b[31mx\x1b[0m" : "x");
});

test("styleOf: a terminal has its width, 80 columns if it reports none, and a pipe has no width", () => {
  const columns = (stream: { isTTY: boolean; columns: number }) =>
    styleOf({ stream, environment: {} }, "auto").columns;
  expect(columns(terminal)).toBe(100);
  expect(columns({ isTTY: true, columns: 0 })).toBe(80);
  expect(columns(pipe)).toBeUndefined();
});
