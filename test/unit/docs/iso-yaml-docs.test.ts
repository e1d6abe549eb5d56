import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { checkRoots } from "../../../internal/contract/checks/check-roots.ts";
import { checkEntries } from "../../../internal/contract/config/check-menu.ts";
import { decideMenu } from "../../../internal/contract/config/decide-menu.ts";
import { parseIsoYaml } from "../../../internal/contract/config/iso-yaml.ts";
import { parseOsRelease } from "../../../internal/contract/config/os-release.ts";
import { CONFIG_FINDINGS } from "../../../internal/contract/findings/config-findings.ts";
import { documentSchema } from "../../../internal/documents/catalogue.ts";
import { expectGenerated } from "../../helpers/generated-block.ts";

const PAGE = join(import.meta.dir, "../../../docs/iso-yaml.md");

interface JsonSchema {
  description?: string;
  type?: string;
  anyOf?: { type: string }[];
  properties?: Record<string, JsonSchema>;
  required?: string[];
  items?: JsonSchema;
}

function keyRows(schema: JsonSchema, path: string): string[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, key]) => {
    const at = path === "" ? name : `${path}.${name}`;
    const types = (key.anyOf ?? [key]).map(({ type = "" }) => type).join(" or ");
    const type = key.items === undefined ? types : `list of ${key.items.type}s`;
    const required = schema.required?.includes(name) ? "Required. " : "";
    const row = `| \`${at}\` | ${type} | ${required}${key.description} |`;
    return [row, ...keyRows(key, at), ...(key.items === undefined ? [] : keyRows(key.items, `${at}[]`))];
  });
}

const generated: Record<string, string[]> = {
  keys: [
    "| key | type | meaning |",
    "|---|---|---|",
    ...keyRows(documentSchema("iso.yaml") as JsonSchema, ""),
  ],
  findings: [
    "| code | severity | what was found | why, and what to do |",
    "|---|---|---|---|",
    ...Object.entries(CONFIG_FINDINGS).map(
      ([code, { severity, title, why, fix }]) => `| \`${code}\` | ${severity} | ${title} | ${why} ${fix} |`,
    ),
  ],
};

describe("docs/iso-yaml.md", () => {
  for (const [name, lines] of Object.entries(generated)) {
    test(`has the ${name} of the schema (PLATTER_UPDATE_GOLDEN=1 writes them)`, () => {
      expectGenerated("docs/iso-yaml.md", name, `${lines.join("\n")}\n`);
    });
  }

  test("has examples that are right", () => {
    const blocks = [...readFileSync(PAGE, "utf8").matchAll(/```yaml\n(.*?)```/gs)].map(([, yaml]) => yaml!);
    expect(blocks).toHaveLength(3);
    for (const yaml of blocks) {
      const { config, placeOf, findings } = parseIsoYaml(yaml, "iso.yaml");
      expect(findings).toEqual([]);
      const osRelease = parseOsRelease("");
      const about = {
        config: config!,
        placeOf,
        osRelease,
        architecture: "x86_64",
        label: undefined,
      } as const;
      const { menu, label, ...decided } = decideMenu(about);
      expect(decided.findings).toEqual([]);
      expect(checkEntries(menu, { font: "present" })).toEqual([]);
      expect(checkRoots({ menu, label, placeOf, initramfs: undefined })).toEqual([]);
    }
  });
});
