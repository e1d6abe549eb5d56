import { expect, test } from "bun:test";
import type { Notice } from "../../../internal/base/notice.ts";
import { ansiPaint, PLAIN } from "../../../internal/base/style.ts";
import { noticeLines } from "../../../internal/text/notice-text.ts";

const NOTICE: Notice = {
  severity: "warning",
  code: "F_INITRAMFS_NO_LIVE",
  message: "nothing in the initramfs finds the live medium",
  lines: [
    { label: "where", text: "/usr/lib/modules/6.1/initramfs.img" },
    { text: "3 | a:    b" },
    { label: "fix", text: "Write `dracut --no-hostonly`." },
    { label: "note", text: "An init of its own is 好的好的 too" },
  ],
};

test("noticeLines: without a terminal each line is whole", () => {
  expect(noticeLines(NOTICE, PLAIN)).toEqual([
    "warning[F_INITRAMFS_NO_LIVE]: nothing in the initramfs finds the live medium",
    "  where: /usr/lib/modules/6.1/initramfs.img",
    "  3 | a:    b",
    "  fix:   Write `dracut --no-hostonly`.",
    "  note:  An init of its own is 好的好的 too",
  ]);
});

test("noticeLines: wrapped with a hanging indent, in words only if they are longer than a line", () => {
  const lines = noticeLines(NOTICE, { columns: 32, paint: PLAIN.paint });
  expect(lines).toEqual([
    "warning[F_INITRAMFS_NO_LIVE]:",
    "  nothing in the initramfs finds",
    "  the live medium",
    "  where: /usr/lib/modules/6.1/in",
    "  itramfs.img",
    "  3 | a:    b",
    "  fix: Write",
    "  `dracut --no-hostonly`.",
    "  note: An init of its own is",
    "  好的好的 too",
  ]);
});

test("noticeLines: a long line of a file is cut around its caret", () => {
  const content = "0123456789".repeat(6);
  const cut = (caret: number, columns: number) => {
    const lines = [{ text: `12 | ${content}` }, { text: `   | ${" ".repeat(caret)}^` }];
    const shown = noticeLines({ ...NOTICE, lines }, { columns, paint: PLAIN.paint }).slice(-2);
    for (const line of shown) expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
    // The character above the caret is the one that the caret pointed to.
    expect(shown[0]?.[shown[1]!.indexOf("^")]).toBe(content[caret]);
    return shown[0];
  };
  expect(cut(3, 30)).toBe("  12 | 0123456789012345678901…");
  expect(cut(31, 30)).toBe("  12 | …123456789012345678901…");
  expect(cut(58, 30)).toBe("  12 | …8901234567890123456789");
  expect(cut(31, 80)).toBe(`  12 | ${content}`);
});

test("noticeLines: a part in backticks is not broken if it fits into a line", () => {
  const line = {
    label: "fix",
    text: "Run `platter inspect IMAGE --label NAME` and then read its output",
  } as const;
  const lines = noticeLines({ ...NOTICE, lines: [line] }, { columns: 44, paint: PLAIN.paint });
  expect(lines.slice(-3)).toEqual([
    "  fix: Run",
    "  `platter inspect IMAGE --label NAME` and",
    "  then read its output",
  ]);
});

test.each([
  20, 32, 40, 80,
])("noticeLines: no line is wider than %i columns, wide characters counted", (columns) => {
  const notice = { ...NOTICE, message: "好".repeat(100) };
  for (const line of noticeLines(notice, { columns, paint: ansiPaint })) {
    expect(Bun.stringWidth(line)).toBeLessThanOrEqual(columns);
  }
});

test("noticeLines: each severity has its colour, and text from outside has none", () => {
  const style = { columns: undefined, paint: ansiPaint };
  const line = (severity: Notice["severity"]) =>
    noticeLines({ severity, code: "F_X", message: "\x1b[31mx" }, style)[0];
  expect(line("error")).toBe("\x1b[31merror[F_X]\x1b[0m: \\x1b[31mx");
  expect(line("warning")).toBe("\x1b[33mwarning[F_X]\x1b[0m: \\x1b[31mx");
  expect(line("note")).toBe("\x1b[36mnote[F_X]\x1b[0m: \\x1b[31mx");
});
