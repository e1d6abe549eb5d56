import { isLiveSystem, kernelArgument, labelSought, labelsSought } from "../../grub/kernel-arguments.ts";
import type { MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";
import type { ReadIsoYaml } from "./iso-yaml.ts";
import { escapeForUdev } from "./label.ts";
import { afterLabel, placeOfArguments } from "./root-arguments.ts";

/**
 * The entries of iso.yaml, in which arguments with the label that they were written for get the ISO's label. A note
 * reports each such argument. Arguments with any other label stay.
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
    placeOf: ReadIsoYaml["placeOf"];
  },
): { entries: MenuEntry[]; findings: Finding[] } {
  const { label, configured, byDefault, placeOf } = options;
  const old = configured ?? agreedLabel(entries) ?? byDefault;
  if (old === label) return { entries: [...entries], findings: [] };
  const changes = new Map<string, { followed: string; entries: number[] }>();
  const followed = entries.map((entry, index) => {
    const isLive = isLiveSystem(entry.kernelArgs.map(kernelArgument));
    const kernelArgs = entry.kernelArgs.map((text) => {
      const sought = labelSought(kernelArgument(text), isLive) ?? "";
      const rest = afterLabel(sought, old);
      if (rest === undefined) return text;
      const change = changes.get(text) ?? {
        followed: `${text.slice(0, text.length - sought.length)}${escapeForUdev(label)}${rest}`,
        entries: [],
      };
      changes.set(text, change);
      if (change.entries.at(-1) !== index) change.entries.push(index);
      return change.followed;
    });
    return { ...entry, kernelArgs };
  });
  const findings = [...changes].map(([text, { followed, entries }]) => {
    const where = entries.length === 1 ? "one entry" : `${entries.length} entries`;
    const seen = `\`${printable(text)}\` became \`${printable(followed)}\` in ${where} of the menu.`;
    return finding("F_MENU_LABEL_FOLLOWS", seen, {
      place: placeOfArguments(placeOf, entries[0]!),
    });
  });
  return { entries: followed, findings };
}

/** The label in the arguments that find a root file system, if all of them have the same. */
function agreedLabel(entries: readonly MenuEntry[]): string | undefined {
  const labels = new Set(
    entries.flatMap(({ kernelArgs }) => labelsSought(kernelArgs).map(({ label }) => label)),
  );
  return labels.size === 1 ? [...labels][0] : undefined;
}
