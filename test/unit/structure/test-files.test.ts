/** The house rules for tests: where their files are, and what they do not do. */
import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

/** Test folders whose subject is not a folder of internal/. */
const OTHER_SUBJECTS = {
  cmd: "cmd",
  docs: "docs",
  helpers: "test/helpers",
  scripts: "scripts",
  structure: ".",
};

const MOST_FILES = 25;

const FILES = readdirSync(join(ROOT, "test"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .map((path) => join("test", path))
  .sort();
const TESTS = FILES.filter((path) => /^test\/(?:unit|integration|boot)\//.test(path));

/** The only file that may look again and again. */
const UNTIL = "test/helpers/until.ts";

/** Lines of the files that match, each with its file. */
function linesWith(pattern: RegExp, files = FILES): string[] {
  return files.flatMap((file) =>
    readFileSync(join(ROOT, file), "utf8")
      .split("\n")
      .filter((line) => pattern.test(line))
      .map((line) => `${file}: ${line.trim()}`),
  );
}

describe("folders of tests", () => {
  test("have tests only: what tests share is in test/helpers", () => {
    expect(TESTS.length).toBeGreaterThan(150);
    expect(TESTS.filter((path) => !path.endsWith(".test.ts"))).toEqual([]);
  });

  test("are named as the folder of their subject", () => {
    const folders = new Set(
      TESTS.filter((path) => !path.startsWith("test/boot/")).map((path) =>
        relative(path.startsWith("test/unit/") ? "test/unit" : "test/integration", dirname(path)),
      ),
    );
    expect(folders.size).toBeGreaterThan(30);
    const subjectOf = (folder: string) =>
      OTHER_SUBJECTS[folder as keyof typeof OTHER_SUBJECTS] ?? `internal/${folder}`;
    expect([...folders].filter((folder) => !existsSync(join(ROOT, subjectOf(folder))))).toEqual([]);
  });

  test("have no more files than can be looked through", () => {
    const counts = Map.groupBy(FILES, (path) => dirname(path));
    expect([...counts].filter(([, files]) => files.length > MOST_FILES).map(([folder]) => folder)).toEqual(
      [],
    );
  });
});

describe("tests", () => {
  test("wait for an event with `until`, not for some time", () => {
    expect(linesWith(/\bBun\.sleep\(|\bsetTimeout\(/, [UNTIL])).not.toEqual([]);
    const others = FILES.filter((file) => file !== UNTIL);
    expect(linesWith(/\bBun\.sleep\(|\bsetTimeout\(/, others)).toEqual([]);
  });

  test("do not measure time", () => {
    expect(linesWith(/\b(?:performance|Date)\.now\(\) -/, TESTS)).toEqual([]);
  });

  test("compare bytes so that a failure shows the first difference", () => {
    expect(linesWith(/\.equals\(.*\)\.toBe\(true\)|Buffer\.compare\(.*\)\.toBe\(0\)/)).toEqual([]);
  });

  test("are not skipped whatever the machine is, and do not run alone", () => {
    expect(linesWith(/\b(?:test|it|describe)\.(?:skip|todo|only)\b/, TESTS)).toEqual([]);
  });
});
