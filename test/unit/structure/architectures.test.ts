/** What differs by architecture is in tables that the compiler keeps complete, and in no condition. */
import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { Glob } from "bun";
import { ARCHITECTURE_NAMES, ARCHITECTURES } from "../../../internal/base/architecture.ts";
import { maskTexts, sourceTexts } from "../../helpers/source-text.ts";

const ROOT = resolve(import.meta.dir, "../../..");

/** Files that may name an architecture in a string: `Record<Architecture, …>` and examples in texts. */
const TABLES = [
  "internal/base/architecture.ts",
  "internal/base/packages.ts",
  "internal/boot/firmware/firmware-places.ts",
];
const TEXTS = ["same as --arch, in the form that docker uses: linux/arm64"];

const NAMES = ARCHITECTURE_NAMES.flatMap((name) => {
  const { aliases, oci, processArch, efiSuffix, grub } = ARCHITECTURES[name];
  return [name, ...aliases, oci, processArch, efiSuffix, grub.efi];
});
const NAME = new RegExp(`(?<![A-Za-z0-9])(?:${[...new Set(NAMES)].join("|")})(?![A-Za-z0-9])`, "i");
/** A name in code that is neither the key of a record nor a member of the type. */
const KEY = new RegExp(`\\b(?:${ARCHITECTURE_NAMES.join("|")})\\b(?!\\s*:)`);

const SOURCES = ["cmd", "internal"]
  .flatMap((folder) => [...new Glob(`${folder}/**/*.ts`).scanSync(ROOT)])
  .filter((file) => !TABLES.includes(file))
  .map((file) => ({ file, source: readFileSync(join(ROOT, file), "utf8") }));

/** Strings, regular expressions and code of a source that name an architecture, with their lines. */
function named(source: string): string[] {
  const texts = sourceTexts(source)
    .filter(({ kind, text }) => kind !== "comment" && NAME.test(text) && !TEXTS.includes(text))
    .map(({ text, line }) => `${line}: ${text}`);
  const code = maskTexts(source)
    .split("\n")
    .flatMap((text, index) => (KEY.test(text) ? [`${index + 1}: ${text.trim()}`] : []));
  return [...texts, ...code];
}

test("architectures: no file outside of the tables names one", () => {
  expect(SOURCES.length).toBeGreaterThan(200);
  expect(SOURCES.flatMap(({ file, source }) => named(source).map((each) => `${file}:${each}`))).toEqual([]);
});

describe("architectures: what the test finds", () => {
  test.each([
    'if (architecture === "x86_64") return;',
    'switch (architecture) {\n  case "aarch64":\n}',
    'const a = process.arch === "x64" ? 1 : 2;',
    "const path = `usr/lib/grub/x86_64-efi/`;",
    "const program = /shimaa64|mm-aa64\\.efi/;",
    "const facts = table.x86_64;",
  ])("%s", (source) => {
    expect(named(source)).toHaveLength(1);
  });

  test.each([
    "const models: Record<Architecture, string> = { x86_64: a, aarch64: b };",
    "// as on x86_64",
    'const filter = "x86";',
  ])("not %s", (source) => {
    expect(named(source)).toEqual([]);
  });
});

test("architectures: names and aliases belong to one architecture each", () => {
  const names = ARCHITECTURE_NAMES.flatMap((name) => [name, ...ARCHITECTURES[name].aliases]);
  expect(new Set(names).size).toBe(names.length);
});
