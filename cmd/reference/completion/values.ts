import { ARCHITECTURE_NAMES, ociArchitecture } from "../../../internal/base/architecture.ts";
import { FINDINGS } from "../../../internal/contract/findings/finding.ts";
import { DOCUMENT_NAMES } from "../../../internal/documents/catalogue.ts";
import { TRANSPORTS } from "../../../internal/image/reference.ts";
import { PRESETS } from "../../../internal/rootfs/compression-presets.ts";
import { COMPRESSIONS } from "../../../internal/squashfs/blocks/compression.ts";
import { EXPLAINED_CODES } from "../../../internal/ui/explain.ts";
import type { ArgumentEntry, CommandPage, OptionEntry } from "../page.ts";

/** The words that a shell offers for an argument or for the value of an option. */
export type Values =
  | { kind: "words"; words: readonly string[] }
  | { kind: "file" }
  | { kind: "folder" }
  /** An image reference: a transport and a path. */
  | { kind: "image" }
  /** Any text. */
  | { kind: "text" };

/** The beginnings of references, one for each transport. */
export const IMAGE_PREFIXES = TRANSPORTS.map((name) => (name === "docker" ? "docker://" : `${name}:`));

const WORDS: Readonly<Record<string, readonly string[]>> = {
  arch: ARCHITECTURE_NAMES,
  "os/arch": ARCHITECTURE_NAMES.map((name) => `linux/${ociArchitecture(name)}`),
  how: [...Object.keys(PRESETS), ...COMPRESSIONS],
  ways: ["bios", "uefi", "secure-boot"],
  code: Object.entries(FINDINGS)
    .filter(([, { severity }]) => severity !== "error")
    .map(([code]) => code)
    .sort(),
};

const IMAGES = ["image", "ref", "ref[=name]"];
const FILES = ["file", "plan", "iso"];

/** The words to offer for the value of an option. Undefined if the option does not take a value. */
export function valuesOfOption({ value, choices }: OptionEntry): Values | undefined {
  return value === undefined ? undefined : valuesNamed(value, choices);
}

/** The words to offer for the first argument of a command, such as commands for `help` and codes for `explain`. */
export function valuesOfArgument(argument: ArgumentEntry, pages: readonly CommandPage[]): Values {
  if (argument.name === "document") return { kind: "words", words: DOCUMENT_NAMES };
  if (argument.name === "code") return { kind: "words", words: EXPLAINED_CODES };
  if (argument.name !== "command") return valuesNamed(argument.name, argument.choices);
  return { kind: "words", words: pages.map(({ name }) => name).filter((name) => name !== "") };
}

function valuesNamed(name: string, choices: readonly string[]): Values {
  const words = choices.length > 0 ? choices : WORDS[name];
  if (words !== undefined) return { kind: "words", words };
  if (IMAGES.includes(name)) return { kind: "image" };
  if (FILES.includes(name)) return { kind: "file" };
  return { kind: name === "dir" ? "folder" : "text" };
}

/** All options of a command. Those of all commands come last. */
export function optionsOf(page: CommandPage): OptionEntry[] {
  return [...page.options.flatMap(({ entries }) => entries), ...page.globalOptions];
}
