import { expect, test } from "bun:test";
import { seconds } from "../../../cmd/options/seconds.ts";
import { pattern } from "../../../cmd/options/values.ts";

test.each([
  ["300", 300],
  ["90s", 90],
  ["2m", 120],
  ["2min", 120],
  ["1h", 3600],
])("seconds: %s", (text, value) => {
  expect(seconds("--timeout")(text)).toBe(value);
});

test.each(["0", "0m", "", "m", "-1", "1.5m", "2 m", "much", "5d"])("seconds: `%s` is refused", (text) => {
  expect(() => seconds("--timeout")(text)).toThrow(
    expect.objectContaining({
      code: "E_DURATION",
      message: `Cannot use \`--timeout ${text}\`: it is not a time above 0`,
    }),
  );
});

test.each(["", "x*", "login:|", "("])("pattern: `%s` is refused", (text) => {
  expect(() => pattern(text)).toThrow(expect.objectContaining({ code: "E_PATTERN" }));
});

test("pattern: a regular expression", () => {
  expect(pattern("login: *$")).toEqual(/login: *$/);
});
