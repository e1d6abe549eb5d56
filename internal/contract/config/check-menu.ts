import type { Menu, MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import { splitWords } from "../../grub/quote.ts";
import { VARIABLE_NAMES, variablesIn } from "../../grub/variables.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, type FindingCode, finding } from "../findings/finding.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import type { KernelArgEdit } from "./kernel-arg-edits.ts";
import { rootSearch } from "./root-arguments.ts";
import type { YamlPath } from "./yaml-source.ts";

type PlaceOf = ReadIsoYaml["placeOf"];

/** Findings about values of iso.yaml and of --karg with an effect that its author may not expect. */
export function checkMenuTexts(options: {
  config: IsoYaml;
  kernelArgs: readonly KernelArgEdit[];
  /** The menu with all changes. */
  menu: Menu;
  label: VolumeLabel;
  placeOf: PlaceOf;
}): Finding[] {
  const { config, menu, label, placeOf } = options;
  const args = config.kernel_args ?? [];
  const entries = config.grub2?.entries ?? [];
  const texts: { path: YamlPath | undefined; text: string }[] = [
    ...args.map((text, index) => ({ path: ["kernel_args", index], text })),
    ...entries.flatMap((entry, index) =>
      (["name", "linux", "initrd"] as const).map((key) => ({
        path: ["grub2", "entries", index, key],
        text: entry[key],
      })),
    ),
    ...options.kernelArgs.map(({ text }) => ({ path: undefined, text })),
  ];
  const findings = texts.flatMap((each) => variableFindings(each, placeOf));
  if (args.length === 0) return findings;
  const place = placeOf(["kernel_args"]);
  const hasRoot = (text: string) => variablesIn(text).includes("root");
  const isAdded = options.kernelArgs.some(({ kind, text }) => kind === "add" && hasRoot(text));
  const users = menu.entries.filter((_, index) => isAdded || hasRoot(entries[index]?.linux ?? "$root"));
  const isNone = (entry: Pick<MenuEntry, "kernelArgs">) => rootSearch(entry, label).kind === "none";
  const kernelArgs = args.flatMap((text) => splitWords(text) ?? [text]);
  if (users.length === 0) {
    const seen = "`kernel_args` is set, but no entry has `$root` in its `linux`.";
    findings.push(finding("F_MENU_ARGS_UNUSED", seen, { place }));
  } else if (isNone({ kernelArgs }) && users.some(isNone)) {
    const seen = "`kernel_args` has no argument that names a root file system.";
    findings.push(finding("F_MENU_ARGS_REPLACE", seen, { place }));
  }
  return findings;
}

function variableFindings(
  { path, text }: { path: YamlPath | undefined; text: string },
  placeOf: PlaceOf,
): Finding[] {
  const unknown = variablesIn(text).find((name) => !(VARIABLE_NAMES as readonly string[]).includes(name));
  if (unknown === undefined) return [];
  const meant = nearest(unknown, VARIABLE_NAMES);
  const fix = meant === undefined ? undefined : `Write \`\${${meant}}\` if you mean that.`;
  const seen = `\`${printable(text)}\` holds the variable \`${printable(unknown)}\`.`;
  return [finding("F_MENU_GRUB_VARIABLE", seen, { fix, place: path && placeOf(path) })];
}

/**
 * Findings about entries that boot, but with an effect that their author may not expect. One finding names all entries
 * with the same effect.
 */
export function checkEntries(menu: Menu, { font }: { font: "present" | "absent" }): Finding[] {
  const entries = menu.entries.map((entry, index) => ({ ...entry, index }));
  const findings: Finding[] = [];
  const report = (code: FindingCode, options: { of: typeof entries; says: (entry: MenuEntry) => string }) => {
    const [first, ...others] = options.of;
    if (first === undefined) return;
    const more = others.length === 0 ? "" : ` (and ${others.length} more)`;
    const seen = `The entry \`${printable(first.title)}\`${more} has ${options.says(first)}.`;
    findings.push(finding(code, seen, { entries: options.of.map(({ index }) => index) }));
  };
  report("F_MENU_SELINUX_OFF", {
    of: entries.filter(
      ({ kernelArgs }) =>
        kernelArgs.includes("selinux=0") && kernelArgs.some((each) => each.startsWith("inst.")),
    ),
    says: () => "the kernel arguments `inst.…` and `selinux=0`",
  });
  report("F_MENU_TITLE_CHARACTERS", {
    of: entries.filter(({ title }) => oddCharacter(title) !== undefined),
    says: ({ title }) => {
      const anywhere = font === "absent" ? ", and the image has no font for GRUB" : "";
      return `the character \`${printable(oddCharacter(title) ?? "")}\` in its title${anywhere}`;
    },
  });
  return findings;
}

function oddCharacter(title: string): string | undefined {
  return [...title].find((character) => !/[\x20-\x7e]/.test(character));
}
