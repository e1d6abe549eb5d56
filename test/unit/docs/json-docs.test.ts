import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import {
  DOCUMENT_NAMES,
  type DocumentName,
  documentSchema,
  titleOf,
} from "../../../internal/documents/catalogue.ts";
import { expectGenerated, expectGeneratedFile, markdownTable } from "../../helpers/generated-block.ts";

const PAGE = "docs/json.md";
const FOLDER = "docs/schemas";

const fileOf = (name: DocumentName) => `${name}.schema.json`;

test("docs/json.md: has all documents (PLATTER_UPDATE_GOLDEN=1 writes them)", () => {
  const rows = DOCUMENT_NAMES.map((name) => [`[\`${name}\`](schemas/${fileOf(name)})`, titleOf(name)]);
  expectGenerated(PAGE, "documents", markdownTable(["schema", "document"], rows));
});

test.each([
  ...DOCUMENT_NAMES,
])("docs/schemas: has the schema of %s (PLATTER_UPDATE_GOLDEN=1 writes it)", (name) => {
  const text = `${JSON.stringify(documentSchema(name), null, 2)}\n`;
  expectGeneratedFile(`${FOLDER}/${fileOf(name)}`, text);
});

test("docs/schemas: has no other files", () => {
  const names = readdirSync(join(import.meta.dir, "../../..", FOLDER));
  expect(names.sort()).toEqual(DOCUMENT_NAMES.map(fileOf).sort());
});

test("docs/json.md: is named where users look for data", () => {
  const read = (page: string) => readFileSync(join(import.meta.dir, "../../..", page), "utf8");
  expect(read("README.md")).toContain("(docs/json.md)");
  expect(read("docs/findings.md")).toContain("(json.md)");
});
