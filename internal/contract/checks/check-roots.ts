import type { Menu, MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import type { InitramfsSummary } from "../../initramfs/summary.ts";
import { printable } from "../../text/printable.ts";
import type { ReadIsoYaml } from "../config/iso-yaml.ts";
import { otherKickstarts, placeOfArguments, type RootSearch, rootSearch } from "../config/root-arguments.ts";
import { type Finding, type FindingCode, finding } from "../findings/finding.ts";

/** The most entries that one finding names. */
const MAX_NAMED = 3;

/**
 * Findings that do not matter for an initramfs of an unknown kind, since its `init` may not need an argument. A label of
 * another medium does matter: its `init` may search for that medium.
 */
export const DISPENSABLE: readonly FindingCode[] = ["F_MENU_NO_ROOT"];

/** The finding about an entry, by how it finds its root file system. Undefined if it does. */
export function rootFault(
  search: RootSearch,
  initramfs: InitramfsSummary | undefined,
): "F_MENU_LABEL_MISMATCH" | "F_MENU_NO_ROOT" | "F_MENU_ANACONDA_SEARCHES" | undefined {
  switch (search.kind) {
    case "named":
      return undefined;
    case "other-label":
      return "F_MENU_LABEL_MISMATCH";
    case "misspelt":
      return "F_MENU_NO_ROOT";
    case "none":
      return searchesDrives(initramfs) ? "F_MENU_ANACONDA_SEARCHES" : "F_MENU_NO_ROOT";
    default:
      return search satisfies never;
  }
}

/** Findings about entries that do not find their root file system. If it is certain that no entry does, it is an error. */
export function checkRoots(options: {
  menu: Menu;
  label: VolumeLabel;
  placeOf: ReadIsoYaml["placeOf"];
  /** Undefined if it was not read. */
  initramfs: InitramfsSummary | undefined;
}): Finding[] {
  const { menu, label, placeOf, initramfs } = options;
  const searches = menu.entries.map((entry, index) => {
    const search = rootSearch(entry, label);
    return { entry, index, search, code: rootFault(search, initramfs) };
  });
  const kickstarts = searches.flatMap(({ entry, search }) =>
    search.kind === "named" ? kickstartFindings(entry, label) : [],
  );
  const byItself = searches.filter(({ code }) => code === "F_MENU_ANACONDA_SEARCHES");
  if (byItself.length > 0) {
    const entries = byItself.map(({ index }) => index);
    const seen = `${named(byItself.map(({ entry }) => entry))} no kernel argument that names a root file system.`;
    kickstarts.push(finding("F_MENU_ANACONDA_SEARCHES", seen, { entries }));
  }
  const lost = searches.flatMap(({ code, ...each }) =>
    code === undefined || code === "F_MENU_ANACONDA_SEARCHES" ? [] : [{ ...each, code }],
  );
  const certain = lost.filter(({ code }) => isKnown(initramfs) || !DISPENSABLE.includes(code));
  if (certain.length === menu.entries.length) {
    const reasons = lost.slice(0, MAX_NAMED).map(({ entry, search }) => reasonOf(entry, { search, label }));
    const more = lost.length > MAX_NAMED ? `; and ${lost.length - MAX_NAMED} more` : "";
    const seen = `No entry of the menu finds its root file system: ${reasons.join("; ")}${more}.`;
    const { index, search } = lost[0]!;
    const details = { fix: fixOf(search), place: placeOfArguments(placeOf, index) };
    return [finding("F_MENU_BOOTS_NOWHERE", seen, details), ...kickstarts];
  }
  const found = lost.map(({ entry, index, search, code }) => {
    const reason = reasonOf(entry, { search, label });
    return finding(code, `The entry ${reason}.`, {
      fix: fixOf(search),
      place: placeOfArguments(placeOf, index),
      entries: [index],
    });
  });
  return [...found, ...kickstarts];
}

/** Whether the arguments that the initramfs understands are known, by its generator or its script for live media. */
function isKnown(initramfs: InitramfsSummary | undefined): boolean {
  if (initramfs === undefined || initramfs.problem !== undefined) return false;
  const { generator, live, init } = initramfs;
  return generator !== undefined || live.size > 0 || init === "for-live-media";
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
