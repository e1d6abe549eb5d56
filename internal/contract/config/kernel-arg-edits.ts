import { PlatterError } from "../../base/error.ts";
import { kernelArgument } from "../../grub/kernel-arguments.ts";
import type { MenuEntry } from "../../grub/menu-model.ts";
import { PRINTABLE, splitWords } from "../../grub/quote.ts";
import { nearest } from "../../text/nearest.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** A change of the kernel arguments of all entries. */
export interface KernelArgEdit {
  kind: "add" | "remove";
  /** One argument, with the variables of iso.yaml. To remove, a name without `=` stands for all values. */
  text: string;
}

/**
 * The changes that a value of --karg asks for: its words, as those of `linux` in iso.yaml. A word with a leading `-` removes.
 * @throws PlatterError `E_KARG`
 */
export function parseKernelArgEdits(text: string): KernelArgEdit[] {
  if (!PRINTABLE.test(text)) throw kargError(text, "it holds a control character");
  const words = splitWords(text);
  if (words === undefined) throw kargError(text, "a quote is not closed");
  if (words.length === 0) throw kargError(text, "it is empty");
  return words.map((word) => {
    // Probably an option of platter, where the argument is missing.
    if (word.startsWith("--")) throw kargError(text, "a kernel argument does not begin with `--`");
    if (!word.startsWith("-")) return { kind: "add", text: word };
    if (/^-(=.*)?$/.test(word)) throw kargError(text, "no name follows the `-`");
    return { kind: "remove", text: word.slice(1) };
  });
}

/** The entries with all changes, in their order. A finding names each removal that matches no argument. */
export function editKernelArgs(
  entries: readonly MenuEntry[],
  edits: readonly KernelArgEdit[],
): { entries: MenuEntry[]; findings: Finding[] } {
  const findings: Finding[] = [];
  let edited = [...entries];
  for (const { kind, text } of edits) {
    const before = edited;
    edited = before.map((entry) => ({
      ...entry,
      kernelArgs:
        kind === "add"
          ? [...entry.kernelArgs, text]
          : entry.kernelArgs.filter((argument) => !isNamed(argument, text)),
    }));
    const isChanged = edited.some((entry, at) => entry.kernelArgs.length !== before[at]?.kernelArgs.length);
    if (!isChanged) findings.push(unmatched(before, text));
  }
  return { entries: edited, findings };
}

/** Whether a removal means an argument: by its name, whatever its value, or by the whole text. */
function isNamed(argument: string, removed: string): boolean {
  return removed.includes("=") ? argument === removed : kernelArgument(argument).key === removed;
}

function unmatched(entries: readonly MenuEntry[], text: string): Finding {
  const known = entries.flatMap(({ kernelArgs }) => kernelArgs);
  const meant = nearest(text, text.includes("=") ? known : known.map((each) => kernelArgument(each).key));
  const fix = meant === undefined ? undefined : `Write \`--karg=-${meant}\` if you mean that.`;
  const seen = `No entry of the menu has the kernel argument \`${printable(text)}\`.`;
  return finding("F_KARG_UNMATCHED", seen, { fix });
}

function kargError(text: string, reason: string): PlatterError {
  return new PlatterError({
    code: "E_KARG",
    kind: "usage",
    message: `Cannot use \`--karg ${printable(text)}\`: ${reason}`,
    hint: "Give an argument such as `console=ttyS0`, or `-quiet` to remove one.",
  });
}
