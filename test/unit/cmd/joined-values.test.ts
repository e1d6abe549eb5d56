import { expect, test } from "bun:test";
import { withJoinedValues } from "../../../cmd/options/joined-values.ts";
import { createProgram } from "../../../cmd/program.ts";

const program = createProgram({
  worldFor: () => {
    throw new Error("no command runs here");
  },
  writeOut: () => undefined,
});

test.each([
  ["build x --karg -quiet -q", "build x --karg=-quiet -q"],
  ["-v build --karg -v --label -h", "-v build --karg=-v --label=-h"],
  ["build --karg quiet -o - x", "build --karg quiet -o - x"],
  ["build --karg --karg -q", "build --karg=--karg -q"],
  ["build x --karg", "build x --karg"],
  ["build --strict -q", "build --strict -q"],
  ["build -- --karg -q", "build -- --karg -q"],
  ["--karg -q", "--karg -q"],
  ["verify --karg -q", "verify --karg -q"],
])("withJoinedValues: %s", (line, expected) => {
  expect(withJoinedValues(program, line.split(" ")).join(" ")).toBe(expected);
});
