import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { BUILD_NAMES, BUILD_SPELLINGS, ISO_TYPES } from "./spellings.ts";

/** The variable by which titanoboa gets its image. */
const IMAGE_VARIABLE = "TITANOBOA_CTR_IMAGE";

/**
 * The arguments of the command line with spellings of other tools replaced by platter's own, and a note for each.
 * @throws PlatterError `E_IMAGE_TYPE`, `E_USAGE`
 */
export function withOwnSpelling(
  program: Command,
  args: readonly string[],
  environment: Readonly<Record<string, string | undefined>>,
): { args: string[]; notes: string[] } {
  const at = args.findIndex((word) => !word.startsWith("-"));
  const name = args[at] ?? "";
  const isOther = BUILD_NAMES.includes(name);
  const build = program.commands.find((each) => each.name() === "build");
  if (build === undefined || (name !== "build" && !isOther)) return { args: [...args], notes: [] };
  const read = readWords(build as Command, args.slice(at + 1));
  const notes = isOther ? [noteOn(name, "write `platter build`, with `-o DIR/`"), ...read.notes] : read.notes;
  const images =
    read.images.length < 2 ? read.images : read.images.filter((word) => !ISO_TYPES.includes(word));
  for (const word of read.images)
    if (!images.includes(word)) notes.push(noteOn(word, "it is left out, because platter makes only ISOs"));
  const variable = environment[IMAGE_VARIABLE];
  if (
    variable &&
    images.length === 0 &&
    !read.words.some((word) => /^--work(=|$)/.test(word)) &&
    !environment.PLATTER_WORK
  ) {
    notes.push(noteOn(IMAGE_VARIABLE, "write `platter build IMAGE`"));
    images.push(variable);
  }
  if (notes.length === 0) return { args: [...args], notes };
  const output = outputOf(read, isOther ? "folder" : "file");
  return {
    args: [
      ...args.slice(0, at),
      "build",
      ...read.words,
      ...output,
      ...(images.length > 0 ? ["--"] : []),
      ...images,
    ],
    notes,
  };
}

/** The words after the command. */
interface Words {
  /** Options of platter with their values, without -o. */
  words: string[];
  images: string[];
  /** The value of -o. */
  output: string | undefined;
  /** Folder and name of the ISO in spellings of other tools. */
  folder: string | undefined;
  name: string | undefined;
  notes: string[];
}

function readWords(build: Command, args: readonly string[]): Words {
  const read: Words = {
    words: [],
    images: [],
    output: undefined,
    folder: undefined,
    name: undefined,
    notes: [],
  };
  for (let at = 0; at < args.length; at++) {
    const word = args[at]!;
    const next = args[at + 1];
    if (word === "--") {
      read.images.push(...args.slice(at + 1));
      break;
    }
    const [flag = "", joined] = split(word);
    const alias = BUILD_SPELLINGS[flag];
    if (alias !== undefined) {
      const takesNext = alias.takes === "value" && joined === undefined;
      if (takesNext) at++;
      const { words = [], ...part } = alias.becomes((takesNext ? next : joined) ?? "");
      (flag === "--bootc-ref" ? read.images : read.words).push(...words);
      Object.assign(read, part);
      read.notes.push(noteOn(flag, alias.own));
    } else if (flag === "-o" || flag === "--output") {
      if (joined === undefined) at++;
      read.output = joined ?? next;
    } else if (word === "-" || !word.startsWith("-")) {
      read.images.push(word);
    } else {
      read.words.push(word);
      if (joined !== undefined || next === undefined || !takesValue(build, { flag, next })) continue;
      read.words.push(next);
      at++;
    }
  }
  return read;
}

/** Flag and value of `--option=value`, `-ovalue` and `-o=value`; the value is undefined if it is the next word. */
function split(word: string): [string, string | undefined] {
  const match = /^(--[^=]+|-o)=?(.*)$/s.exec(word);
  const [, flag = word, value = ""] = match ?? [];
  return [flag, word === flag ? undefined : value];
}

/** Whether the next word is the value of this option of platter. */
function takesValue(build: Command, { flag, next }: { flag: string; next: string }): boolean {
  const option = build.options.find(({ long, short }) => long === flag || short === flag);
  return (
    option?.required === true || (option?.optional === true && option.argChoices?.includes(next) === true)
  );
}

function outputOf({ output, folder, name }: Words, kind: "file" | "folder"): string[] {
  if (name !== undefined) {
    const file = name.endsWith(".iso") ? name : `${name}.iso`;
    return ["-o", join(folder ?? output ?? ".", file)];
  }
  if (folder !== undefined) return ["-o", `${folder}/`];
  if (output === undefined) return [];
  return ["-o", kind === "folder" && output !== "-" ? `${output}/` : output];
}

function noteOn(spelling: string, own: string): string {
  return `\`${spelling}\` is of another tool: ${own}`;
}
