import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { packagesOf } from "../../../internal/sizes/rpm.ts";
import { packageOfHeader } from "../../../internal/sizes/rpm-header.ts";

/** A header with these entries: tag, type, number of values, and the bytes of the values. */
function header(entries: readonly [tag: number, type: number, count: number, values: Buffer][]): Buffer {
  const index = entries.map(([tag, type, count], i) => {
    const offset = entries.slice(0, i).reduce((sum, entry) => sum + entry[3].length, 0);
    return numbers(tag, type, offset, count);
  });
  const values = Buffer.concat(entries.map((entry) => entry[3]));
  return Buffer.concat([numbers(entries.length, values.length), ...index, values]);
}

function numbers(...values: number[]): Buffer {
  const bytes = Buffer.alloc(4 * values.length);
  for (const [i, value] of values.entries()) bytes.writeUInt32BE(value, 4 * i);
  return bytes;
}

const texts = (...values: string[]) => Buffer.from(values.map((value) => `${value}\0`).join(""), "latin1");

const HELLO = header([
  [1000, 6, 1, texts("hello")],
  [1116, 4, 3, numbers(0, 1, 1)],
  [1117, 8, 3, texts("hello", "data", "\xe9")],
  [1118, 8, 2, texts("/usr/bin/", "/usr/share/hello/")],
]);
const HELLO_FILES = {
  name: "hello",
  paths: ["/usr/bin/hello", "/usr/share/hello/data", "/usr/share/hello/\xe9"],
};

/** The bytes of a database after these statements. */
function database(...statements: string[]): Buffer {
  using made = new Database(":memory:");
  for (const statement of statements) made.run(statement);
  return made.serialize();
}

const TABLE = "CREATE TABLE Packages (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)";
const insert = (blob: Buffer) => `INSERT INTO Packages (blob) VALUES (x'${blob.toString("hex")}')`;

test("packageOfHeader: name and paths", () => {
  expect(packageOfHeader(HELLO)).toEqual(HELLO_FILES);
});

test("packageOfHeader: a package without files", () => {
  expect(packageOfHeader(header([[1000, 6, 1, texts("empty")]]))).toEqual({ name: "empty", paths: [] });
});

for (const [name, damaged] of [
  ["nothing", Buffer.alloc(0)],
  ["a header that is cut off", HELLO.subarray(0, 40)],
  ["a text without an end", header([[1000, 6, 1, Buffer.from("hello")]])],
  ["more texts than there are", header([[1117, 8, 4_000_000_000, texts("a")]])],
  ["more numbers than there are", header([[1116, 4, 4_000_000_000, numbers(1)]])],
] as const) {
  test(`packageOfHeader: ${name} is an error`, () => {
    expect(() => packageOfHeader(Buffer.from(damaged))).toThrow(RangeError);
  });
}

test("packagesOf: a database with a write-ahead log, as rpm makes it", () => {
  const bytes = database(TABLE, insert(HELLO));
  bytes.fill(2, 18, 20);
  expect(packagesOf(bytes)).toEqual({ packages: [HELLO_FILES] });
});

for (const [name, bytes, problem] of [
  ["bytes that are no database", Buffer.from("text".repeat(1000)), "file is not a database"],
  ["a database without the table", database("CREATE TABLE Other (x)"), "does not have the table of packages"],
  [
    "a view that would run for ever",
    database(
      "CREATE VIEW Packages AS WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x FROM n) SELECT x AS hnum, x AS blob FROM n",
    ),
    "does not have the table of packages",
  ],
  ["a damaged header", database(TABLE, insert(HELLO.subarray(0, 40))), "damaged"],
  ["a row without bytes", database(TABLE, "INSERT INTO Packages (blob) VALUES ('text')"), undefined],
] as const) {
  test(`packagesOf: ${name}`, () => {
    const { packages, problem: found } = packagesOf(Buffer.from(bytes));
    expect(packages).toEqual([]);
    if (problem === undefined) expect(found).toBeUndefined();
    else expect(found).toContain(problem);
  });
}
