import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

/** Lines that a file may have, so that a reader can survey it. */
const MOST_LINES = 250;

/** Files that are longer because they are tables of texts. */
const TABLES = [/-findings\.ts$/, /^error-codes\.ts$/];

test("internal/ and cmd/: no file but a table has more lines than a reader can survey", () => {
  const long = ["internal", "cmd"]
    .flatMap((top) =>
      readdirSync(join(ROOT, top), { recursive: true, encoding: "utf8" }).map((name) => join(top, name)),
    )
    .filter((path) => path.endsWith(".ts") && !TABLES.some((table) => table.test(basename(path))))
    .filter((path) => readFileSync(join(ROOT, path), "utf8").split("\n").length - 1 > MOST_LINES);
  expect(long).toEqual([]);
});
