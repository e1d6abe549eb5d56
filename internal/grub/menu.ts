import { z } from "zod";
import { type Finding, finding } from "../contract/finding.ts";
import type { IsoYaml } from "../contract/iso-yaml-schema.ts";
import { labelArgument, type VolumeLabel } from "../contract/label.ts";
import { nearest } from "../contract/nearest.ts";
import type { OsRelease } from "../contract/os-release.ts";
import type { Place } from "../contract/place.ts";
import type { YamlPath } from "../contract/yaml-source.ts";
import { printable } from "../text/printable.ts";
import { PRINTABLE, splitWords } from "./quote.ts";
import { GRUB_ROOT, replaceVariables, type Variables } from "./variables.ts";

/** Where the ISO holds the kernel and the initramfs. */
export const KERNEL_PATH = "/images/pxeboot/vmlinuz";
export const INITRD_PATH = "/images/pxeboot/initrd.img";
/** Seconds until the default entry boots, where iso.yaml says nothing. */
export const DEFAULT_TIMEOUT = 60;

const word = z.string().regex(PRINTABLE);

const menuEntrySchema = z.strictObject({
  title: word.min(1),
  /** Absolute path on the ISO. */
  kernelPath: word.startsWith("/"),
  /** Each as the kernel is meant to get it, without quotes: an argument may hold spaces. */
  kernelArgs: z.array(word),
  initrdPaths: z.array(word.startsWith("/")).min(1),
});

export const menuSchema = z
  .strictObject({
    /** Index of the entry that boots when the time is up. */
    default: z.int().min(0),
    /** Seconds; 0 boots immediately, -1 waits for ever. */
    timeout: z.int().min(-1),
    entries: z.array(menuEntrySchema).min(1),
  })
  .refine((menu) => menu.default < menu.entries.length, "the default entry does not exist");

/** A boot menu as data, nothing in it quoted or escaped. */
export type Menu = z.infer<typeof menuSchema>;
export type MenuEntry = Menu["entries"][number];

/** Characters of a title, and of a text that os-release gives. */
const MAX_TEXT = 256;

/** The menu that iso.yaml asks for. With an error among the findings it must not be used. */
export function buildMenu(about: {
  config: IsoYaml;
  osRelease: OsRelease;
  label: VolumeLabel;
  /** The place of a value of iso.yaml. */
  placeOf?: ((path: YamlPath) => Place | undefined) | undefined;
}): { menu: Menu; findings: Finding[] } {
  const { config, osRelease, label } = about;
  const findings: Finding[] = [];
  const root = kernelArgs(config, label);
  const variables: Variables = {
    isolabel: label,
    kernelpath: KERNEL_PATH,
    initrdpath: INITRD_PATH,
    root: root.join(" "),
    product: shorten(osRelease.name ?? "Linux", "`NAME` of os-release", findings),
    version: shorten(osRelease.versionId ?? "", "`VERSION_ID` of os-release", findings),
  };
  const named = config.grub2?.entries ?? [];
  const entries = named.map((entry, index) => buildEntry(entry, { index, variables, root, findings }));
  if (entries.length === 0) {
    const title = `Install ${variables.product} ${variables.version}`.trim();
    entries.push({
      title: shorten(title, "The title of the default entry", findings),
      kernelPath: KERNEL_PATH,
      kernelArgs: root,
      initrdPaths: [INITRD_PATH],
    });
  }
  for (const text of config.kernel_args ?? []) findings.push(...keptVariables(text, variables));
  for (const [index, entry] of entries.entries()) {
    const place = about.placeOf?.(["grub2", "entries", index, "linux"]);
    for (const each of checkEntry(entry, index))
      findings.push(place === undefined ? each : { ...each, place });
  }
  const timeout = config.grub2?.timeout ?? DEFAULT_TIMEOUT;
  return { menu: { default: defaultIndex(config, entries, findings), timeout, entries }, findings };
}

/** A list without arguments counts as not written: nothing would boot. */
function kernelArgs(config: IsoYaml, label: VolumeLabel): string[] {
  const written = config.kernel_args ?? [];
  if (written.length > 0) return written.flatMap((text) => splitWords(text) ?? [text]);
  return [`root=live:CDLABEL=${labelArgument(label)}`, "rd.live.image", "quiet", "rhgb", "enforcing=0"];
}

type NamedEntry = NonNullable<NonNullable<IsoYaml["grub2"]>["entries"]>[number];

function buildEntry(
  entry: NamedEntry,
  context: { index: number; variables: Variables; root: readonly string[]; findings: Finding[] },
): MenuEntry {
  const { index, variables, root, findings } = context;
  // Replaced word by word: a name with spaces or quotes in os-release never makes arguments of its own.
  const words = (text: string) =>
    (splitWords(text.replace(GRUB_ROOT, "$1")) ?? [text]).flatMap((each) =>
      /^\$(?:root|\{root\})$/.test(each) ? root : [replaceVariables(each, variables)],
    );
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

function shorten(text: string, what: string, findings: Finding[]): string {
  const characters = [...text];
  if (characters.length <= MAX_TEXT) return text;
  findings.push(finding("F_MENU_TEXT_LONG", `${what} has ${characters.length} characters.`));
  return characters.slice(0, MAX_TEXT).join("");
}

/** The index of the default entry: by name, by index, else the first. */
function defaultIndex(config: IsoYaml, entries: readonly MenuEntry[], findings: Finding[]): number {
  const wanted = config.grub2?.default;
  if (wanted === undefined) return 0;
  const names = config.grub2?.entries?.map((entry) => entry.name) ?? [];
  const byTitle = entries.findIndex(({ title }, at) => title === wanted || names[at] === wanted);
  if (byTitle >= 0) return byTitle;
  const index = /^[0-9]+$/.test(String(wanted)) ? Number(wanted) : -1;
  if (index >= 0 && index < entries.length) return index;
  const meant = nearest(String(wanted), [...entries.map(({ title }) => title), ...names]);
  const count = entries.length === 1 ? "The menu has one entry" : `The menu has ${entries.length} entries`;
  const seen = `${count}, and \`${printable(String(wanted))}\` is not one of them.`;
  const fix = meant === undefined ? undefined : `Write \`${meant}\` if you mean that.`;
  findings.push(finding("F_MENU_DEFAULT_UNKNOWN", seen, { fix }));
  return 0;
}

function keptVariables(text: string, variables: Variables): Finding[] {
  const seen = `\`kernel_args\` holds \`${printable(text)}\`.`;
  return replaceVariables(text, variables) === text ? [] : [finding("F_MENU_VARIABLE_KEPT", seen)];
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
