import {
  afterLabel,
  isLiveSystem,
  isRootArgument,
  kernelArgument,
  labelSought,
  labelsSought,
} from "../../grub/kernel-arguments.ts";
import type { MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import { escapeForUdev } from "./label.ts";
import { placeOfArguments } from "./root-arguments.ts";

/** An argument of iso.yaml in which the label changed. */
export interface LabelChange {
  written: string;
  followed: string;
  /** Indexes of the menu's entries, in ascending order. */
  entries: number[];
}

/**
 * The entries of iso.yaml, in which arguments with the label that they were written for get the ISO's label. Arguments with
 * any other label stay.
 */
export function followLabel(
  entries: readonly MenuEntry[],
  options: {
    /** The label that the user gave. */
    label: VolumeLabel;
    /** The key `label` of iso.yaml. */
    configured: VolumeLabel | undefined;
    /** The label without the user's choice and without iso.yaml. */
    byDefault: VolumeLabel;
  },
): { entries: MenuEntry[]; changes: LabelChange[] } {
  const { label, configured, byDefault } = options;
  const old = configured ?? agreedLabel(entries) ?? byDefault;
  if (old === label) return { entries: [...entries], changes: [] };
  const changes = new Map<string, LabelChange>();
  const followed = entries.map((entry, index) => {
    const isLive = isLiveSystem(entry.kernelArgs.map(kernelArgument));
    const kernelArgs = entry.kernelArgs.map((text) => {
      const sought = labelSought(kernelArgument(text), isLive) ?? "";
      const rest = afterLabel(sought, old);
      if (rest === undefined) return text;
      const change = changes.get(text) ?? {
        written: text,
        followed: `${text.slice(0, text.length - sought.length)}${escapeForUdev(label)}${rest}`,
        entries: [],
      };
      changes.set(text, change);
      if (change.entries.at(-1) !== index) change.entries.push(index);
      return change.followed;
    });
    return { ...entry, kernelArgs };
  });
  return { entries: followed, changes: [...changes.values()] };
}

/** A note about each change that is still in the menu's entries, after the user's removals. */
export function labelNotes(
  changes: readonly LabelChange[],
  { entries, placeOf }: { entries: readonly MenuEntry[]; placeOf: ReadIsoYaml["placeOf"] },
): Finding[] {
  return changes.flatMap(({ written, followed, ...change }) => {
    const left = change.entries.filter((index) => entries[index]?.kernelArgs.includes(followed));
    const [first] = left;
    if (first === undefined) return [];
    const where = counted(left.length, "entry", "entries");
    const seen = `\`${printable(written)}\` became \`${printable(followed)}\` in ${where} of the menu.`;
    return [finding("F_MENU_LABEL_FOLLOWS", seen, { place: placeOfArguments(placeOf, first) })];
  });
}

/** The label in the arguments that find a root file system, if all of them have the same. */
function agreedLabel(entries: readonly MenuEntry[]): string | undefined {
  const labels = new Set(
    entries.flatMap(({ kernelArgs }) =>
      labelsSought(kernelArgs)
        // A kickstart file may be on another medium, and a variable in `kernel_args` is a mistake.
        .filter(({ argument }) => isRootArgument(argument) && !argument.text.includes("${"))
        .map(({ label }) => label),
    ),
  );
  return labels.size === 1 ? [...labels][0] : undefined;
}
