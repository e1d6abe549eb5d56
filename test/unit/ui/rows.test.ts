import { expect, test } from "bun:test";
import { ansiPaint, PLAIN } from "../../../internal/base/style.ts";
import { type Row, rowLines } from "../../../internal/ui/rows.ts";

const ROWS: Row[] = [
  ["  boots", "BIOS", "UEFI"],
  ["  boot loaders", "shim and GRUB of debian"],
];

test("rowLines: all lines begin in one column, and a name is shown once", () => {
  expect(rowLines(ROWS, PLAIN)).toEqual([
    "  boots         BIOS",
    "                UEFI",
    "  boot loaders  shim and GRUB of debian",
  ]);
});

test("rowLines: colours in a name do not count as columns", () => {
  const rows: Row[] = [
    [ansiPaint("good", "ok"), "a"],
    ["missing", "b"],
  ];
  expect(rowLines(rows, PLAIN).map((line) => Bun.stripANSI(line))).toEqual(["ok       a", "missing  b"]);
});

test("rowLines: lines are wrapped, and below the names in a narrow terminal", () => {
  expect(rowLines(ROWS, { ...PLAIN, columns: 40 }).slice(2)).toEqual([
    "  boot loaders  shim and GRUB of debian",
  ]);
  expect(rowLines(ROWS, { ...PLAIN, columns: 24 })).toEqual([
    "  boots",
    "      BIOS",
    "      UEFI",
    "  boot loaders",
    "      shim and GRUB of",
    "      debian",
  ]);
});
