/** Text from outside, in every renderer: nothing of it may reach a terminal as a control. */
import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../internal/base/error.ts";
import type { Reporter } from "../../../internal/base/progress.ts";
import { ansiPaint, PLAIN } from "../../../internal/base/style.ts";
import { failureLine } from "../../../internal/boot/boot-result.ts";
import { junitReport } from "../../../internal/boot/report.ts";
import { displayPath } from "../../../internal/bytes/byte-path.ts";
import { finding } from "../../../internal/contract/findings/finding.ts";
import { noticeOf } from "../../../internal/contract/findings/finding-lines.ts";
import { placeIn } from "../../../internal/contract/findings/place.ts";
import type { VolumeLabel } from "../../../internal/grub/menu-model.ts";
import { noticeLines } from "../../../internal/text/notice-text.ts";
import { printable, printableLines } from "../../../internal/text/printable.ts";
import { consoleReporter } from "../../../internal/ui/console-reporter.ts";
import { renderError } from "../../../internal/ui/error-text.ts";
import { renderInspection } from "../../../internal/ui/inspection.ts";
import { bootResult } from "../../helpers/boot/boot-result.ts";
import { plan } from "../../helpers/plan.ts";

/** Sets a title, moves the cursor, C1's CSI, DEL, reorders, and pretends to be another line. */
const HOSTILE = "a\x1b]0;pwn\x07\x9b2J\x7f\u202eb\u2066c\u200ed\u2028e\ud800\r\nerror: forged";
const SHOWN = "a\\x1b]0;pwn\\x07\\x9b2J\\x7f\\u202eb\\u2066c\\u200ed\\u2028e\\ud800\\x0d\\x0aerror: forged";
/** Everything but the line feeds that a renderer makes itself. */
const CONTROLS = /[\x00-\x09\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]|\p{Cs}/u;

function expectSafe(text: string): void {
  expect(text).not.toMatch(CONTROLS);
  expect(text).not.toMatch(/^error: forged/m);
  expect(text).toContain("\\x1b]0;pwn");
}

describe("printable", () => {
  test("escapes C0, C1, DEL, bidirectional controls, separators and lone surrogates", () => {
    expect(printable(HOSTILE)).toBe(SHOWN);
  });

  test("escapes every code point of each class, and nothing else", () => {
    const classes: [number, number][] = [
      [0x00, 0x1f],
      [0x7f, 0x9f],
      [0x61c, 0x61c],
      [0x200e, 0x200f],
      [0x2028, 0x202e],
      [0x2066, 0x2069],
      [0xd800, 0xdfff],
    ];
    for (let code = 0; code <= 0xffff; code++) {
      const isUnsafe = classes.some(([first, last]) => code >= first && code <= last);
      const character = String.fromCharCode(code);
      if ((printable(character) !== character) !== isUnsafe) throw new Error(`U+${code.toString(16)}`);
    }
  });

  test("leaves other scripts, accents, emoji and backslashes as they are", () => {
    const text = "Fedora Živý 中文 עברית 🐧 a\\b";
    expect(printable(text)).toBe(text);
  });

  test("applied twice gives the same text", () => expect(printable(SHOWN)).toBe(SHOWN));

  test("printableLines: line feeds stay, carriage returns do not", () => {
    expect(printableLines("a\r\nb\x1b\n")).toBe("a\\x0d\nb\\x1b\n");
  });
});

describe("renderers", () => {
  test("an error: message, detail and hint", () => {
    const error = new PlatterError({
      code: "E_VERIFY",
      kind: "media",
      message: HOSTILE,
      detail: [HOSTILE],
      hint: HOSTILE,
    });
    expect(renderError(error, PLAIN)).toBe(`error[E_VERIFY]: ${SHOWN}\n  ${SHOWN}\n  hint:  ${SHOWN}\n`);
  });

  test("a bug: the stack keeps its lines", () => {
    const text = renderError(new Error("a\x1b[2J"), PLAIN);
    expect(text).not.toMatch(CONTROLS);
    expect(text).toContain("a\\x1b[2J");
  });

  test("a finding: every line", () => {
    const place = placeIn(`x: ${HOSTILE}`, { file: HOSTILE, line: 1, offset: 3 });
    const lines = noticeLines(noticeOf(finding("F_LABEL_ESCAPED", HOSTILE, { fix: HOSTILE, place })), PLAIN);
    for (const line of lines) expect(line).not.toMatch(/\n/);
    expectSafe(lines.join("\n"));
  });

  test("an inspection: fields of the image", () => {
    const hostile = {
      ...plan(),
      label: HOSTILE as VolumeLabel,
      product: HOSTILE,
      image: { ...plan().image, reference: HOSTILE },
    };
    const text = renderInspection(
      {
        reference: HOSTILE,
        plan: hostile,
        findings: [finding("F_LABEL_ESCAPED", HOSTILE)],
        secureBoot: undefined,
        boots: undefined,
      },
      { style: PLAIN, detail: "short" },
    );
    expectSafe(text);
    expect(text).toContain(`label         ${SHOWN}\n`);
  });

  test("a boot: its JUnit report, and its line on the terminal", () => {
    const failure = { phase: "kernel", code: "B_PANIC", message: HOSTILE, lastLines: [HOSTILE] } as const;
    const result = bootResult({ failure, serialLog: HOSTILE });
    expectSafe(junitReport([result], { iso: HOSTILE, time: "t" }));
    expectSafe(written((reporter) => reporter.info(failureLine(result, failure))));
  });

  test.each([true, false])("the reporter: every kind of line (terminal: %j)", (isTerminal) => {
    const text = written((reporter) => {
      reporter.steps(["one", HOSTILE]);
      reporter.info(HOSTILE);
      reporter.warn(HOSTILE);
      reporter.verbose(HOSTILE);
      reporter.task("one").skipped(HOSTILE);
      const task = reporter.task(HOSTILE);
      task.progress(1, 2);
      task.done(HOSTILE);
    }, isTerminal);
    // The reporter's own controls: colours, and removing its line.
    const own = text.replace(/\x1b\[(\d+m|K)|\r(?!\n)/g, "");
    expect(own).not.toMatch(CONTROLS);
    // Three messages, and two tasks: the reason and the detail, and the name at its start, with progress and at its end.
    expect(own.match(/\\x1b\]0;pwn/g)).toHaveLength(8);
  });

  test("a path inside an image: controls, stray bytes and other scripts", () => {
    expect(displayPath("usr/\x1b[2J")).toBe("/usr/\\x1b[2J");
    expect(displayPath("a\tb\nc")).toBe("/a\\x09b\\x0ac");
    expect(displayPath(Buffer.from("ž\u202ex").toString("latin1"))).toBe("/ž\\u202ex");
    expect(displayPath("\xff\x9b\xe9")).toBe("/\\xff\\x9b\\xe9");
  });
});

function written(speak: (reporter: Reporter) => void, isTerminal = false): string {
  let text = "";
  let now = 0;
  const write = (piece: string) => {
    text += piece;
  };
  const style = isTerminal ? { columns: 400, paint: ansiPaint } : PLAIN;
  const progress = isTerminal ? "redraw" : "append";
  speak(consoleReporter({ verbosity: "verbose", write, style, progress, clock: () => (now += 10_000) }));
  return text;
}
