import {
  INITRD_PATH,
  KERNEL_PATH,
  type Menu,
  type MenuEntry,
  type VolumeLabel,
} from "../../grub/menu-model.ts";
import { splitWords } from "../../grub/quote.ts";
import { GRUB_ROOT, replaceVariables, type Variables } from "../../grub/variables.ts";
import { counted } from "../../text/counted.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { Place } from "../findings/place.ts";
import { followLabel, labelNotes } from "./follow-label.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import { editKernelArgs, type KernelArgEdit } from "./kernel-arg-edits.ts";
import { escapeForUdev } from "./label.ts";
import type { OsRelease } from "./os-release.ts";
import type { YamlPath } from "./yaml-source.ts";

/** Seconds until the default entry boots, if iso.yaml does not set them. */
export const DEFAULT_TIMEOUT = 60;

/** The most characters of a title, and of a text from os-release. */
const MAX_TEXT = 256;

/** The menu of an iso.yaml. If a finding is an error, the menu must not be used. */
export function buildMenu(options: {
  config: IsoYaml;
  osRelease: OsRelease;
  label: VolumeLabel;
  /** If the user gave the label: the label without the user's choice and without iso.yaml. */
  replaced?: VolumeLabel | undefined;
  /** Whether the root file system has SELinux labels. Default: false. */
  labelled?: boolean | undefined;
  /** Changes of the kernel arguments of all entries. Default: none. */
  kernelArgs?: readonly KernelArgEdit[] | undefined;
  /** The place of a value of iso.yaml. */
  placeOf?: ((path: YamlPath) => Place | undefined) | undefined;
}): { menu: Menu; findings: Finding[] } {
  const { config, osRelease, label } = options;
  const findings: Finding[] = [];
  const root = kernelArgs(options);
  const variables: Variables = {
    isolabel: label,
    kernelpath: KERNEL_PATH,
    initrdpath: INITRD_PATH,
    root: root.join(" "),
    product: shorten(osRelease.name ?? "Linux", "`NAME` of os-release", findings),
    version: shorten(osRelease.versionId ?? "", "`VERSION_ID` of os-release", findings),
  };
  const named = config.grub2?.entries ?? [];
  const configured = named.map((entry, index) => buildEntry(entry, { index, variables, root, findings }));
  if (configured.length === 0) {
    const title = `Install ${variables.product} ${variables.version}`.trim();
    configured.push({
      title: shorten(title, "The title of the default entry", findings),
      kernelPath: KERNEL_PATH,
      kernelArgs: root,
      initrdPaths: [INITRD_PATH],
    });
  }
  const placeOf = (path: YamlPath) => options.placeOf?.(path);
  const followed =
    options.replaced === undefined
      ? { entries: configured, changes: [] }
      : followLabel(configured, {
          label,
          configured: config.label,
          byDefault: options.replaced,
        });
  const edits = (options.kernelArgs ?? []).flatMap(({ kind, text }) =>
    expandWord(text, { variables, root }).map((word) => ({ kind, text: word })),
  );
  const { entries, ...edited } = editKernelArgs(followed.entries, edits);
  const removals = edits.filter(({ kind }) => kind === "remove");
  const left = editKernelArgs(followed.entries, removals).entries;
  findings.push(...labelNotes(followed.changes, { entries: left, placeOf }), ...edited.findings);
  for (const text of config.kernel_args ?? []) findings.push(...keptVariables(text, { variables, left }));
  for (const [index, entry] of entries.entries()) {
    const place = placeOf(["grub2", "entries", index, "linux"]);
    for (const each of checkEntry(entry, index))
      findings.push(place === undefined ? each : { ...each, place });
  }
  const timeout = config.grub2?.timeout ?? DEFAULT_TIMEOUT;
  return { menu: { default: defaultIndex(config, entries, findings), timeout, entries }, findings };
}

/** A list without arguments counts as missing, since such an entry would not boot. */
function kernelArgs({
  config,
  label,
  labelled,
}: {
  config: IsoYaml;
  label: VolumeLabel;
  labelled?: boolean | undefined;
}): string[] {
  const written = config.kernel_args ?? [];
  if (written.length > 0) return written.flatMap((text) => splitWords(text) ?? [text]);
  // An enforcing SELinux stops a system without labels.
  const permissive = labelled === true ? [] : ["enforcing=0"];
  return [`root=live:CDLABEL=${escapeForUdev(label)}`, "rd.live.image", "quiet", "rhgb", ...permissive];
}

type NamedEntry = NonNullable<NonNullable<IsoYaml["grub2"]>["entries"]>[number];

function buildEntry(
  entry: NamedEntry,
  context: { index: number; variables: Variables; root: readonly string[]; findings: Finding[] },
): MenuEntry {
  const { index, variables, findings } = context;
  // Variables are replaced in each word, so that a name with spaces or quotes in os-release does not add arguments.
  const words = (text: string) =>
    (splitWords(text.replace(GRUB_ROOT, "$1")) ?? [text]).flatMap((each) => expandWord(each, context));
  const [kernelPath = "", ...args] = words(entry.linux);
  const usesVersion = [entry.name, entry.linux, entry.initrd].some(
    (text) => replaceVariables(text, variables) !== replaceVariables(text, { ...variables, version: "-" }),
  );
  if (variables.version === "" && usesVersion) {
    findings.push(finding("F_MENU_VARIABLE_EMPTY", `Entry ${index} of the menu uses \`version\`.`));
  }
  const title = replaceVariables(entry.name, variables);
  return {
    title:
      title.trim() === "" ? `Entry ${index + 1}` : shorten(title, `The title of entry ${index}`, findings),
    kernelPath,
    kernelArgs: args,
    initrdPaths: words(entry.initrd),
  };
}

/** A word with its variables replaced. `$root` as the whole word gives several arguments. */
function expandWord(
  word: string,
  { variables, root }: { variables: Variables; root: readonly string[] },
): readonly string[] {
  return /^\$(?:root|\{root\})$/.test(word) ? root : [replaceVariables(word, variables)];
}

function shorten(text: string, what: string, findings: Finding[]): string {
  const characters = [...text];
  if (characters.length <= MAX_TEXT) return text;
  findings.push(finding("F_MENU_TEXT_LONG", `${what} has ${counted(characters.length, "character")}.`));
  return characters.slice(0, MAX_TEXT).join("");
}

/** The index of the default entry: by name or by index, or the first entry. */
function defaultIndex(config: IsoYaml, entries: readonly MenuEntry[], findings: Finding[]): number {
  const wanted = config.grub2?.default;
  if (wanted === undefined) return 0;
  const names = config.grub2?.entries?.map((entry) => entry.name) ?? [];
  const byTitle = entries.findIndex(({ title }, at) => title === wanted || names[at] === wanted);
  if (byTitle >= 0) return byTitle;
  const index = /^[0-9]+$/.test(String(wanted)) ? Number(wanted) : -1;
  if (index >= 0 && index < entries.length) return index;
  const meant = nearest(String(wanted), [...entries.map(({ title }) => title), ...names]);
  const count = counted(entries.length, "entry", "entries");
  const seen = `The menu has ${count}, and \`${printable(String(wanted))}\` is not one of them.`;
  const fix = meant === undefined ? undefined : `Write \`${meant}\` if you mean that.`;
  findings.push(finding("F_MENU_DEFAULT_UNKNOWN", seen, { fix }));
  return 0;
}

/** A finding about variables of a text of `kernel_args`, if an entry still has them. */
function keptVariables(
  text: string,
  { variables, left }: { variables: Variables; left: readonly MenuEntry[] },
): Finding[] {
  const kept = (splitWords(text) ?? [text]).filter((word) => replaceVariables(word, variables) !== word);
  const isInMenu = left.some(({ kernelArgs }) => kept.some((word) => kernelArgs.includes(word)));
  if (!isInMenu) return [];
  return [finding("F_MENU_VARIABLE_KEPT", `\`kernel_args\` holds \`${printable(text)}\`.`)];
}

function checkEntry(entry: MenuEntry, index: number): Finding[] {
  const findings: Finding[] = [];
  const who = `The entry \`${printable(entry.title)}\``;
  const files = [
    { path: entry.kernelPath, known: KERNEL_PATH },
    ...entry.initrdPaths.map((path) => ({ path, known: INITRD_PATH })),
  ];
  for (const { path, known } of files) {
    const seen = `${who} loads \`${printable(path)}\`.`;
    if (!path.startsWith("/")) findings.push(finding("F_MENU_PATH", seen));
    else if (path !== known) findings.push(finding("F_MENU_NOT_ON_ISO", seen, { entries: [index] }));
  }
  for (const argument of entry.kernelArgs) {
    const seen = `${who} has the kernel argument \`${printable(argument)}\``;
    if (/["'\\]/.test(argument)) findings.push(finding("F_MENU_GRUB_ESCAPES", `${seen}.`));
  }
  return findings;
}
