import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../internal/base/error.ts";
import {
  DOCUMENT_NAMES,
  documentNamed,
  documentSchema,
  titleOf,
} from "../../../internal/documents/catalogue.ts";
import { printDocument } from "../../../internal/documents/document.ts";
import { judge } from "../../helpers/json-schema-judge.ts";
import { plan } from "../../helpers/plan.ts";

interface JsonSchema {
  type?: string | string[];
  description?: string;
  properties?: Record<string, JsonSchema>;
  additionalProperties?: unknown;
  $defs?: Record<string, JsonSchema>;
  items?: JsonSchema;
  anyOf?: JsonSchema[];
  oneOf?: JsonSchema[];
  $ref?: string;
}

/** Everything in a schema that lacks a rule or a description, as paths. */
function faultsOf(schema: JsonSchema, path: string): string[] {
  const alternatives = schema.anyOf ?? schema.oneOf ?? [];
  const own = [
    ...(schema.type === "object" && (schema.additionalProperties ?? true) === true
      ? [`${path}: open object`]
      : []),
    ...(schema.type === undefined && alternatives.length === 0 && schema.$ref === undefined
      ? [`${path}: any value`]
      : []),
  ];
  const members = Object.entries(schema.properties ?? {}).flatMap(([name, member]) => [
    ...faultsOf(member, `${path}.${name}`),
    ...(member.description === undefined && member.$ref === undefined
      ? [`${path}.${name}: no description`]
      : []),
  ]);
  const others = [...alternatives, ...(schema.items === undefined ? [] : [schema.items])];
  const definitions = Object.entries(schema.$defs ?? {});
  return [
    ...own,
    ...members,
    ...others.flatMap((each, index) => faultsOf(each, `${path}[${index}]`)),
    ...definitions.flatMap(([name, each]) => faultsOf(each, `${path}/${name}`)),
  ];
}

describe.each([...DOCUMENT_NAMES])("documentSchema: %s", (name) => {
  const schema = documentSchema(name);

  test("has a title and an id with a version, and is valid", () => {
    expect(schema.$schema).toBe("https://json-schema.org/draft/2020-12/schema");
    expect(schema.$id).toMatch(/^urn:platter:schema:[a-z.-]+:\d+$/);
    expect(schema.title).toBe(titleOf(name));
    expect(judge(schema, [17])[0]).not.toEqual([]);
  });

  test("describes every field, and accepts no others", () => {
    expect(faultsOf(schema as JsonSchema, name)).toEqual([]);
  });

  test("works with regular expressions of every validator", () => {
    expect(JSON.stringify(schema)).not.toMatch(/\\\\[pu]/);
  });
});

test("faultsOf: an open object, a field without a rule and a field without a description", () => {
  const schema = { type: "object", properties: { a: {}, b: { type: "string", description: "B." } } };
  expect(faultsOf(schema, "x")).toEqual(["x: open object", "x.a: any value", "x.a: no description"]);
});

test("the schema of a plan: a plan, and not a plan with another field", () => {
  const [right, wrong] = judge(documentSchema("plan"), [plan(), { ...plan(), lable: "X" }]);
  expect(right).toEqual([]);
  expect(wrong?.join()).toContain("'lable' was unexpected");
});

test("documentNamed: an unknown name is refused, with a similar one", () => {
  expect(documentNamed("iso.yaml")).toBe("iso.yaml");
  expect(() => documentNamed("verfy")).toThrow(/verfy/);
  const hintFor = (name: string) => {
    try {
      documentNamed(name);
    } catch (error) {
      return (error as PlatterError).hint;
    }
  };
  expect(hintFor("verfy")).toBe("Try `platter schema verify`.");
  expect(hintFor("something else")).toBe("List the documents with `platter schema`.");
});

describe("printDocument", () => {
  const error = new PlatterError({ code: "E_PLAN", kind: "usage", message: "Cannot read", hint: "Read." });

  test("a result alone, and nothing without a result", () => {
    expect(printDocument({ version: 1, a: 2 }, undefined)).toBe('{\n  "version": 1,\n  "a": 2\n}\n');
    expect(printDocument(undefined, undefined)).toBeUndefined();
  });

  test("a failure: the error after the result, or alone", () => {
    const about = {
      code: "E_PLAN",
      kind: "usage",
      message: "Cannot read",
      detail: [],
      hint: "Read.",
      log: null,
      findings: [],
      exitCode: 2,
    };
    expect(JSON.parse(printDocument({ version: 1, a: 2 }, error)!)).toEqual({
      version: 1,
      a: 2,
      error: about,
    });
    const alone = JSON.parse(printDocument(undefined, error)!);
    expect(alone).toEqual({ version: 1, error: about });
    expect(judge(documentSchema("error"), [alone])).toEqual([[]]);
  });

  test("an error that consists of others: they are the detail", () => {
    const both = new PlatterError({
      code: "E_START",
      kind: "tool",
      message: "Cannot start: 2 problems found",
      notices: [
        {
          severity: "error",
          code: "E_TOOL_MISSING",
          message: "no tool",
          lines: [{ label: "hint", text: "Install it." }],
        },
        { severity: "error", code: "E_IMAGE_MISSING", message: "no image" },
      ],
    });
    const { detail } = JSON.parse(printDocument(undefined, both)!).error;
    expect(detail).toEqual([
      "error[E_TOOL_MISSING]: no tool",
      "  hint:  Install it.",
      "error[E_IMAGE_MISSING]: no image",
    ]);
  });

  test("a bug: the stack is the detail, and the exit code is 1", () => {
    const told = JSON.parse(printDocument(undefined, new RangeError("odd"))!).error;
    expect(told).toMatchObject({ code: "E_BUG", kind: "bug", message: "odd", exitCode: 1 });
    expect(told.detail.length).toBeGreaterThan(1);
  });
});
