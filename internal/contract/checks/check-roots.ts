import type { Menu, MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import type { InitramfsSummary } from "../../initramfs/summary.ts";
import { printable } from "../../text/printable.ts";
import type { ReadIsoYaml } from "../config/iso-yaml.ts";
import { otherKickstarts, placeOfArguments, type RootSearch, rootSearch } from "../config/root-arguments.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** The most entries that one finding names. */
const MAX_NAMED = 3;

/**
 * Findings about entries that do not find their root file system. If no entry does, it is an error. It is not an error
 * for an unknown initramfs, since its `init` may not need an argument.
 */
export function checkRoots(options: {
  menu: Menu;
  label: VolumeLabel;
  placeOf: ReadIsoYaml["placeOf"];
  /** Undefined if it was not read. */
  initramfs: InitramfsSummary | undefined;
}): Finding[] {
  const { menu, label, placeOf, initramfs } = options;
  const searches = menu.entries.map((entry, index) => ({ entry, index, search: rootSearch(entry, label) }));
  const failing = searches.filter(({ search }) => search.kind !== "named");
  const kickstarts = searches.flatMap(({ entry, search }) =>
    search.kind === "named" ? kickstartFindings(entry, label) : [],
  );
  const byItself = failing.filter(({ search }) => search.kind === "none" && searchesDrives(initramfs));
  if (byItself.length > 0) {
    const entries = byItself.map(({ index }) => index);
    const seen = `${named(byItself.map(({ entry }) => entry))} no kernel argument that names a root file system.`;
    kickstarts.push(finding("F_MENU_ANACONDA_SEARCHES", seen, { entries }));
  }
  const lost = failing.filter((each) => !byItself.includes(each));
  if (lost.length === menu.entries.length && isKnown(initramfs)) {
    const reasons = lost.slice(0, MAX_NAMED).map(({ entry, search }) => reasonOf(entry, { search, label }));
    const more = lost.length > MAX_NAMED ? `; and ${lost.length - MAX_NAMED} more` : "";
    const seen = `No entry of the menu finds its root file system: ${reasons.join("; ")}${more}.`;
    const { index, search } = lost[0]!;
    const details = { fix: fixOf(search), place: placeOfArguments(placeOf, index) };
    return [finding("F_MENU_BOOTS_NOWHERE", seen, details), ...kickstarts];
  }
  const found = lost.map(({ entry, index, search }) => {
    const code = search.kind === "other-label" ? "F_MENU_LABEL_MISMATCH" : "F_MENU_NO_ROOT";
    const reason = reasonOf(entry, { search, label });
    return finding(code, `The entry ${reason}.`, {
      fix: fixOf(search),
      place: placeOfArguments(placeOf, index),
      entries: [index],
    });
  });
  return [...found, ...kickstarts];
}

/** Whether the generator of the initramfs, and thus its arguments, are known. */
function isKnown(initramfs: InitramfsSummary | undefined): boolean {
  if (initramfs === undefined || initramfs.problem !== undefined) return false;
  return initramfs.generator !== undefined || initramfs.live.size > 0;
}

/** Anaconda without an argument searches optical drives for installation media (its `parse-anaconda-repo.sh`). */
function searchesDrives(initramfs: InitramfsSummary | undefined): boolean {
  return initramfs?.live.has("anaconda") === true;
}

function reasonOf(
  { title }: MenuEntry,
  { search, label }: { search: RootSearch; label: VolumeLabel },
): string {
  const who = `\`${printable(title)}\` has`;
  switch (search.kind) {
    case "named":
      return `${who} all that it needs`;
    case "other-label":
      return `${who} the kernel argument \`${printable(search.argument)}\`, and the ISO's label is \`${label}\``;
    case "misspelt":
      return `${who} the kernel argument \`${printable(search.argument)}\`, and \`${search.written}\` is not known`;
    case "none": {
      const near = search.near === undefined ? "" : `, but \`${printable(search.near.argument)}\``;
      return `${who} no kernel argument that names a root file system${near}`;
    }
    default: {
      const never: never = search;
      return never;
    }
  }
}

function fixOf(search: RootSearch): string | undefined {
  if (search.kind === "other-label")
    return "Write `$isolabel` in `linux`, or the label of the ISO in `kernel_args`.";
  if (search.kind === "misspelt") return `Write \`${search.meant}\` if you mean that.`;
  if (search.kind === "none" && search.near !== undefined)
    return `Write \`${search.near.meant}\` if you mean that.`;
  return undefined;
}

function kickstartFindings(entry: MenuEntry, label: VolumeLabel): Finding[] {
  return otherKickstarts(entry, label).map((argument) => {
    const seen = `The entry \`${printable(entry.title)}\` has the kernel argument \`${printable(argument)}\`, and the ISO's label is \`${label}\`.`;
    return finding("F_MENU_KICKSTART_LABEL", seen);
  });
}

/** `The entry `A` (and 2 more) has` */
function named(entries: readonly MenuEntry[]): string {
  const more = entries.length > 1 ? ` (and ${entries.length - 1} more)` : "";
  return `The entry \`${printable(entries[0]?.title ?? "")}\`${more} has`;
}
