import { splitWords } from "../../grub/quote.ts";
import { VARIABLE_NAMES } from "../../grub/variables.ts";
import { printable } from "../../text/printable.ts";
import type { YamlPath, YamlSource } from "./yaml-source.ts";

/** Paths of all values in the file that are texts. */
export function textPaths(raw: Record<string, unknown>): YamlPath[] {
  const { kernel_args: args, grub2 } = raw;
  const entries = (grub2 as { entries?: unknown } | null | undefined)?.entries;
  const indices = (list: unknown) => (Array.isArray(list) ? [...list.keys()] : []);
  return [
    ["label"],
    ...indices(args).map((index) => ["kernel_args", index]),
    ...indices(entries).flatMap((index) =>
      ["name", "linux", "initrd"].map((key) => ["grub2", "entries", index, key]),
    ),
  ];
}

/** How to write a value so that it has the type of its key; undefined if that is not known. */
export function howToWrite(value: unknown, expected: string | undefined): string | undefined {
  if (typeof value === "boolean" && expected === "a text") return `Put it into quotes: \`"${value}"\`.`;
  if (typeof value !== "string" || expected !== "a list of texts") return undefined;
  const words = splitWords(value)?.map((word) => JSON.stringify(printable(word))) ?? [];
  return `Write a list: \`kernel_args: [${words.slice(0, 20).join(", ")}${words.length > 20 ? ", …" : ""}]\`.`;
}

const NAMES = VARIABLE_NAMES.join("|");
const ESCAPED_VARIABLE = new RegExp(`\\\\\\$(?:\\{(?:${NAMES})\\}|(?:${NAMES})(?![A-Za-z0-9_]))`);
/** A path on the ISO, or a variable with one. GRUB's own name for the medium may precede it. */
const ON_ISO =
  /^(?:\(\$(?:root|\{root\})\)(?=\/))?(?:\/|\$(?:kernelpath|initrdpath)(?![A-Za-z0-9_])|\$\{(?:kernelpath|initrdpath)\})/;

/**
 * Reports a backslash before a variable, and a `linux` or `initrd` that does not begin with a path on the ISO. Returns
 * whether there was an error.
 */
export function checkText(source: YamlSource, path: YamlPath, text: string): boolean {
  const key = path.at(-1);
  if (key !== "name" && key !== "linux" && key !== "initrd") return false;
  const shown = `\`${path
    .map((step) => (typeof step === "number" ? `[${step}]` : `.${String(step)}`))
    .join("")
    .slice(1)}\``;
  const escaped = ESCAPED_VARIABLE.exec(text)?.[0];
  if (escaped !== undefined) {
    const seen = `${shown} has a backslash before a variable: \`${escaped}\`.`;
    const fix = `Remove the backslash: \`${escaped.slice(1)}\`.`;
    source.add("F_MENU_BACKSLASH", seen, source.offset(path), fix);
    return true;
  }
  if (key === "name") return false;
  const words = splitWords(text) ?? [];
  const bad = (key === "linux" ? words.slice(0, 1) : words).find((word) => !ON_ISO.test(word));
  if (bad === undefined) return false;
  source.add("F_MENU_PATH", `${shown} names the path \`${printable(bad)}\`.`, source.offset(path));
  return true;
}
