/** scripts/check on a copy of the project that has few tests. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { cpSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

setDefaultTimeout(120_000);

const PROJECT = resolve(import.meta.dir, "../../..");
const COPIED = [
  "biome.json",
  "bunfig.toml",
  "package.json",
  "tsconfig.json",
  ".gitignore",
  "cmd",
  "internal",
];

let copy: string;
beforeAll(() => {
  copy = mkdtempSync(join(tmpdir(), "platter-check-"));
  for (const name of [...COPIED, "scripts", "templates", "test/helpers", "test/unit/text"]) {
    cpSync(join(PROJECT, name), join(copy, name), { recursive: true });
  }
  symlinkSync(resolve(PROJECT, "node_modules"), join(copy, "node_modules"));
  // The linter reads .gitignore only in a repository.
  Bun.spawnSync(["git", "init", "-q", copy]);
});
afterAll(() => rmSync(copy, { recursive: true }));

function check(...patterns: string[]) {
  const { exitCode, stdout } = Bun.spawnSync(["scripts/check", ...patterns], { cwd: copy, stderr: "ignore" });
  return { exitCode, stdout: stdout.toString(), last: stdout.toString().trimEnd().split("\n").at(-1)! };
}
const passedIn = (last: string) => Number(/^(\d+) passed, \d+ failed$/.exec(last)![1]);

test("scripts/check: it counts the types, the linter and each test, and takes patterns", () => {
  const all = check();
  expect({ ...all, last: "" }).toMatchObject({
    exitCode: 0,
    stdout: expect.stringContaining("check lint: passed"),
  });
  expect(all.last).toMatch(/^\d+ passed, 0 failed$/);
  const some = check("version-order");
  expect(some.exitCode).toBe(0);
  expect(passedIn(some.last)).toBeGreaterThan(2);
  expect(passedIn(some.last)).toBeLessThan(passedIn(all.last));
});

test("scripts/check: it reports each fault, and a pattern without tests is one", () => {
  expect(check("no-such-test")).toMatchObject({ exitCode: 1, last: "2 passed, 1 failed" });
  writeFileSync(
    join(copy, "test/unit/text/fault.test.ts"),
    'import { expect, test } from "bun:test";\nlet one: number = "1";\ntest("fails", () => expect(one).toBe(2));\n',
  );
  const { exitCode, stdout, last } = check("fault");
  expect({ exitCode, last }).toEqual({ exitCode: 1, last: "0 passed, 3 failed" });
  for (const text of ["TS2322", "lint/style/useConst", "check types: FAILED", "check lint: FAILED"]) {
    expect(stdout).toContain(text);
  }
});
