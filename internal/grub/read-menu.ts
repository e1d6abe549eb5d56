/** The files and labels that a GRUB menu needs from its ISO. */
import { labelsSought, type SoughtLabel } from "./kernel-arguments.ts";
import {
  type GrubCommand,
  type GrubSyntaxProblem,
  grubSyntaxProblems,
  hasVariable,
  readGrubScript,
  variableWord,
  writtenWord,
} from "./script.ts";

export interface GrubMenu {
  /** Titles of the entries. */
  entries: string[];
  /** Files that must be there: absolute paths on the ISO. */
  files: { path: string; line: number; command: string }[];
  /** Searches for a volume label that must be the ISO's: by `search`, or by the kernel argument `from`. */
  labels: (Pick<SoughtLabel, "label" | "sought"> & { line: number; from: string })[];
  /** The faults for which GRUB would refuse the whole menu. */
  syntax: GrubSyntaxProblem[];
}

/** A file that names more files does not count as a menu. */
const MAX_NAMED = 10_000;
const KERNEL_COMMANDS = ["linux", "linux16", "linuxefi", "multiboot", "multiboot2", "chainloader"];
const INITRD_COMMANDS = ["initrd", "initrd16", "initrdefi", "module", "module2"];
const FILE_COMMANDS = ["configfile", "source", ".", "loadfont", "normal"];

/** Reads a menu whose path is `path`. GRUB's `$prefix` is assumed to be its folder. */
export function readGrubMenu(script: string, path: string): GrubMenu {
  const menu: GrubMenu = { entries: [], files: [], labels: [], syntax: grubSyntaxProblems(script) };
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  for (const command of readGrubScript(script)) {
    if (menu.files.length + menu.labels.length < MAX_NAMED) take(menu, command, folder);
  }
  return menu;
}

function take(menu: GrubMenu, { words, line, conditional, entry }: GrubCommand, folder: string): void {
  const [command = "", ...rest] = words;
  const wants = (word: string | undefined) => {
    const path = isoPath(word, folder);
    if (path !== undefined) menu.files.push({ path, line, command });
  };
  if (command === "menuentry" || command === "submenu") menu.entries.push(writtenWord(rest[0] ?? ""));
  if (KERNEL_COMMANDS.includes(command)) {
    const operands = rest.filter((word, index) => index > 0 || !word.startsWith("-"));
    wants(operands[0]);
    for (const { label, sought, argument } of labelsSought(operands.slice(1))) {
      menu.labels.push({ label, sought, line, from: argument.text });
    }
  }
  if (INITRD_COMMANDS.includes(command)) {
    // A module may have arguments, and an `initrd` line may have several files.
    const operands = command.startsWith("initrd") ? rest : rest.slice(0, 1);
    for (const word of operands) wants(word);
  }
  if (FILE_COMMANDS.includes(command) && !conditional) wants(rest[0]);
  if (command === "search") takeSearch(menu, { rest, line, conditional, entry, folder });
}

function takeSearch(
  menu: GrubMenu,
  search: { rest: string[]; line: number; conditional: boolean; entry: string | undefined; folder: string },
): void {
  const { rest, line, conditional, entry, folder } = search;
  const operand = rest.findLast((word) => !word.startsWith("-"));
  const has = (...flags: string[]) => rest.some((word) => flags.includes(word));
  // An entry may search for the disk of another system. A condition may test for a file that is missing.
  if (entry !== undefined || operand === undefined) return;
  if (has("-l", "--label", "-ls", "-sl")) {
    if (!hasVariable(operand)) menu.labels.push({ label: operand, sought: operand, line, from: "search" });
    return;
  }
  if (has("-u", "--fs-uuid", "-us", "-su")) return;
  const path = isoPath(operand, folder);
  if (path !== undefined && !conditional) menu.files.push({ path, line, command: "search" });
}

const ROOT = `(${variableWord("root")})`;
const PREFIX = variableWord("prefix");

/** A path on the ISO itself; undefined for a path elsewhere, or with an unknown variable. */
export function isoPath(word: string | undefined, folder: string): string | undefined {
  if (word === undefined) return undefined;
  const path = replaceStart(replaceStart(word, ROOT, ""), PREFIX, folder);
  if (!path.startsWith("/") || hasVariable(path)) return undefined;
  return path;
}

function replaceStart(text: string, start: string, by: string): string {
  return text.startsWith(start) ? `${by}${text.slice(start.length)}` : text;
}
