import type { z } from "zod";
import { PRINTABLE } from "../../grub/quote.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, type FindingCode, finding, hasErrors } from "../findings/finding.ts";
import { type Place, placeIn } from "../findings/place.ts";
import { EXPECTED, grub2Schema, type IsoYaml, isoYamlSchema, toNumber } from "./iso-yaml-schema.ts";
import { checkText, howToWrite, textPaths } from "./iso-yaml-texts.ts";
import { toVolumeLabel } from "./label.ts";
import { type YamlPath, YamlSource } from "./yaml-source.ts";

export type { IsoYaml };

/** The most bytes of an iso.yaml. */
const MAX_BYTES = 65536;

/** The content of an iso.yaml. */
export interface ReadIsoYaml {
  /** Undefined if one of the findings is an error. */
  config: IsoYaml | undefined;
  /** The keys that do not have an error and do not depend on a key with an error. A menu of these can be checked. */
  sound: IsoYaml;
  /** In the order of the text. */
  findings: Finding[];
  /** Returns the place of a value; undefined if the file does not have it. */
  placeOf: (path: YamlPath) => Place | undefined;
}

/** Reads the text of iso.yaml and reports all its problems together. A file without content sets nothing. */
export function parseIsoYaml(text: string, fileName: string): ReadIsoYaml {
  const bytes = Buffer.byteLength(text, "utf8");
  const problem = bytes > MAX_BYTES ? "size" : text.includes("\ufffd") ? "encoding" : undefined;
  const source = new YamlSource(problem === undefined ? text : "", fileName);
  if (problem === "size") source.add("F_ISO_YAML_TOO_LARGE", `The file has ${bytes} bytes.`, 0);
  if (problem === "encoding") {
    const place = placeOfText(text, { file: fileName, offset: text.indexOf("\ufffd") });
    source.findings.push({
      ...finding("F_ISO_YAML_ENCODING", "A byte here is not part of a UTF-8 text."),
      place,
    });
  }
  const sound = soundSettings(source);
  const findings = source.findings.sort((a, b) => position(a) - position(b));
  const placeOf = (path: YamlPath) => (source.has(path) ? source.place(source.offset(path)) : undefined);
  return { config: hasErrors(findings) ? undefined : sound, sound, findings, placeOf };
}

function placeOfText(text: string, { file, offset }: { file: string; offset: number }): Place {
  return placeIn(text, { file, line: text.slice(0, offset).split("\n").length, offset });
}

function position({ place }: Finding): number {
  return place === undefined ? 0 : place.line * MAX_BYTES + place.column;
}

function soundSettings(source: YamlSource): IsoYaml {
  const raw = source.value();
  if (raw === undefined || raw === null) return {};
  if (!isMap(raw)) {
    const fix = "Begin with a key, such as `label:` or `grub2:`.";
    source.add(
      "F_ISO_YAML_TYPE",
      `The file holds ${kindOf(raw)}, not a map of keys.`,
      source.offset([]),
      fix,
    );
    return {};
  }
  dropNulls(source, raw, isoYamlSchema.shape, []);
  dropNulls(source, raw.grub2, grub2Schema.shape, ["grub2"]);
  readNumbers(source, raw.grub2);
  const texts = textPaths(raw);
  for (const path of texts) takeAsWritten(source, raw, path);
  const unsound = new Set<string>();
  const reported = new Set<string>();
  for (const issue of isoYamlSchema.safeParse(raw).error?.issues ?? []) {
    // A value may fail several checks. Only the first is reported.
    const key = `${issue.code === "unrecognized_keys"} ${show(issue.path)}`;
    if (!reported.has(key)) reportIssue(source, raw, issue);
    if (issue.code !== "unrecognized_keys") unsound.add(topOf(issue.path));
    reported.add(key);
  }
  for (const path of texts) {
    const text = valueAt(raw, path);
    if (typeof text !== "string" || reported.has(`false ${show(path)}`)) continue;
    if (checkText(source, path, text)) unsound.add(topOf(path));
  }
  if (typeof raw.label === "string") {
    const checked = toVolumeLabel(raw.label);
    for (const each of checked.findings) source.push(each, source.offset(["label"]));
    if (checked.label === undefined) unsound.add("label");
  }
  return soundParts(raw, unsound);
}

/** `label`, `kernel_args`, `grub2`, `grub2.timeout`, `grub2.default` or `grub2.entries`. */
function topOf(path: YamlPath): string {
  return generic(path.slice(0, path[0] === "grub2" ? 2 : 1));
}

/** Entries and arguments name the label, entries may hold the arguments, and the default entry is one of the entries. */
const DEPENDENT: Readonly<Record<string, readonly string[]>> = {
  "": ["label", "kernel_args", "grub2"],
  label: ["kernel_args", "grub2.entries", "grub2.default"],
  kernel_args: ["grub2.entries", "grub2.default"],
  "grub2.entries": ["grub2.default"],
};

/** Unknown keys were reported and removed from `raw`. */
function soundParts(raw: Record<string, unknown>, unsound: ReadonlySet<string>): IsoYaml {
  for (const name of [...unsound].flatMap((each) => [each, ...(DEPENDENT[each] ?? [])])) {
    const [top = "", key] = name.split(".");
    if (key === undefined) delete raw[top];
    else if (isMap(raw[top])) delete raw[top][key];
  }
  return (isoYamlSchema.safeParse(raw).data ?? {}) as IsoYaml;
}

/** A number instead of a text counts as the text in the file. */
function takeAsWritten(source: YamlSource, raw: Record<string, unknown>, path: YamlPath): void {
  const written = source.numberSource(path);
  const holder = valueAt(raw, path.slice(0, -1)) as Record<PropertyKey, unknown>;
  if (written !== undefined) holder[path.at(-1)!] = written;
}

/** An optional key without a value counts as missing. */
function dropNulls(source: YamlSource, map: unknown, shape: object, path: YamlPath): void {
  if (!isMap(map)) return;
  for (const key of Object.keys(shape).filter((name) => map[name] === null)) {
    delete map[key];
    const at = [...path, key];
    source.add("F_ISO_YAML_NO_VALUE", `\`${show(at)}\` has no value.`, source.keyOffset(at));
  }
}

/** Whole decimal numbers, `5.0` included; YAML readers disagree about `010`, `0x1f` and `1e1`. */
function readNumbers(source: YamlSource, grub2: unknown): void {
  if (!isMap(grub2)) return;
  for (const key of ["default", "timeout"]) {
    const at = ["grub2", key];
    const number = source.numberSource(at);
    const written = number ?? grub2[key];
    if (typeof written === "string" && /^[+-]?0[0-9]+$/.test(written)) {
      const seen = `\`grub2.${key}\` is written \`${written}\` and read as ${toNumber(written)}.`;
      source.add("F_ISO_YAML_LEADING_ZERO", seen, source.offset(at));
    }
    if (number === undefined) continue;
    if (/^[+-]?[0-9]+(?:\.0*)?$/.test(number)) {
      grub2[key] = toNumber(number);
      continue;
    }
    delete grub2[key];
    const seen = `\`grub2.${key}\` is \`${printable(number)}\`, which is not a whole decimal number.`;
    const fix =
      key === "default" ? `If it is the name of an entry, put it into quotes: \`"${number}"\`.` : undefined;
    source.add("F_ISO_YAML_NUMBER", seen, source.offset(at), fix);
  }
}

function reportIssue(source: YamlSource, raw: Record<string, unknown>, issue: z.core.$ZodIssue): void {
  const value = valueAt(raw, issue.path);
  if (issue.code === "unrecognized_keys") {
    for (const key of issue.keys) {
      unknownKey(source, [...issue.path, key]);
      if (isMap(value)) delete value[key];
    }
    return;
  }
  const { code, what } = describe(value, issue.message as FindingCode, EXPECTED[generic(issue.path)] ?? "");
  const fix = howToWrite(value, EXPECTED[generic(issue.path)]);
  source.add(code, `\`${show(issue.path)}\` ${what}.`, source.offset(issue.path), fix);
}

/** Describes the fault of a value that failed a check of the schema. */
function describe(
  value: unknown,
  failed: FindingCode,
  expected: string,
): { code: FindingCode; what: string } {
  if (value === undefined) return { code: "F_ISO_YAML_MISSING_KEY", what: "is missing" };
  if (value === null || value === "") return { code: "F_ISO_YAML_EMPTY", what: "is empty" };
  // The issue of a union does not contain a reason.
  if (typeof value === "string" && !PRINTABLE.test(value)) {
    return { code: "F_ISO_YAML_CONTROL_CHARACTER", what: `holds ${controlIn(value)}` };
  }
  if (failed === "F_ISO_YAML_EMPTY") return { code: failed, what: "has only spaces" };
  if (failed === "F_ISO_YAML_QUOTE") return { code: failed, what: "has a quote that is not closed" };
  if (failed === "F_ISO_YAML_NUMBER" && (typeof value === "string" || typeof value === "number")) {
    return { code: failed, what: `is \`${printable(String(value))}\`, not ${expected}` };
  }
  return { code: "F_ISO_YAML_TYPE", what: `is ${kindOf(value)}, not ${expected}` };
}

function unknownKey(source: YamlSource, path: YamlPath): void {
  const key = String(path.at(-1));
  const known = Object.keys(EXPECTED).filter((name) => name !== "" && !name.endsWith("[]"));
  const parent = generic(path.slice(0, -1));
  const siblings = known.filter(
    (name) => name === (parent === "" ? lastOf(name) : `${parent}.${lastOf(name)}`),
  );
  // A key that belongs to another level is shown with its whole path.
  const meant =
    nearest(key, siblings.map(lastOf)) ??
    known.find((name) => lastOf(name) === nearest(key, known.map(lastOf)));
  const fix = meant === undefined ? undefined : `Write \`${meant}\` if you mean that.`;
  const seen = `\`${printable(show(path))}\` is not a key that platter knows.`;
  source.add("F_ISO_YAML_UNKNOWN_KEY", seen, source.keyOffset(path), fix);
}

function lastOf(name: string): string {
  return name.replace(/^.*\./, "");
}

/** `grub2.entries[].name` */
function generic(path: YamlPath): string {
  return show(path).replace(/\[\d+\]/g, "[]");
}

/** `grub2.entries[0].name` */
function show(path: YamlPath): string {
  return path.reduce<string>((text, step) => {
    if (typeof step === "number") return `${text}[${step}]`;
    return text === "" ? String(step) : `${text}.${String(step)}`;
  }, "");
}

function valueAt(raw: unknown, path: YamlPath): unknown {
  return path.reduce<unknown>((value, step) => (value as Record<PropertyKey, unknown> | null)?.[step], raw);
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function kindOf(value: unknown): string {
  if (Array.isArray(value)) return "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return "a text";
  return `the ${typeof value} \`${String(value)}\``;
}

function controlIn(text: string): string {
  const character = [...text].find((each) => !PRINTABLE.test(each)) ?? "";
  if (character === "\n") return "a line break";
  if (character === "\t") return "a tab";
  return `the control character U+${character.charCodeAt(0).toString(16).toUpperCase().padStart(4, "0")}`;
}
