/**
 * Short (8.3) names. Cited sections are those of Microsoft's "FAT: General Overview of On-Disk Format",
 * version 1.03 (fatgen103).
 */

/** Characters besides letters and digits that a short name may hold ("FAT Directory Structure", DIR_Name). */
const SPECIAL = "$%'-_@~`!(){}^#&";

/** A name whose on-disk form is its only form: upper-case 8.3 with nothing that needs a long entry. */
const PLAIN = /^[A-Z0-9$%'\-_@~`!(){}^#&]{1,8}(?:\.[A-Z0-9$%'\-_@~`!(){}^#&]{1,3})?$/;

/** Whether `name` can be in a directory as a short name alone. */
export function isPlainShortName(name: string): boolean {
  return PLAIN.test(name);
}

/** How FAT compares names: upper case, one UTF-16 unit at a time ("Name Limits and Character Sets"). */
export function foldCase(name: string): string {
  let folded = "";
  for (const unit of name.split("")) {
    const upper = unit.toUpperCase();
    folded += upper.length === 1 ? upper : unit;
  }
  return folded;
}

/** The 11 bytes of DIR_Name for a short name in its written form (`GRUBX64.EFI`). */
export function encodeShortName(name: string): Uint8Array {
  const dot = name.lastIndexOf(".");
  const base = dot > 0 ? name.slice(0, dot) : name;
  const extension = dot > 0 ? name.slice(dot + 1) : "";
  return new TextEncoder().encode(base.padEnd(8) + extension.padEnd(3));
}

interface Basis {
  base: string;
  extension: string;
  /** The basis equals the name except for its case, so it needs no numeric tail. */
  exact: boolean;
}

/** "The Basis-Name Generation Algorithm". */
function basisOf(name: string): Basis {
  const stripped = name.replaceAll(" ", "").replace(/^\.+/, "");
  const firstDot = stripped.indexOf(".");
  const lastDot = stripped.lastIndexOf(".");
  const base = toShortCharacters(firstDot < 0 ? stripped : stripped.slice(0, firstDot)).slice(0, 8);
  const extension = lastDot < 0 ? "" : toShortCharacters(stripped.slice(lastDot + 1)).slice(0, 3);
  const written = extension === "" ? base : `${base}.${extension}`;
  return { base, extension, exact: written === foldCase(name) };
}

function toShortCharacters(text: string): string {
  let short = "";
  for (const character of text) {
    const upper = /^[a-z]$/.test(character) ? character.toUpperCase() : character;
    short += /^[A-Z0-9]$/.test(upper) || SPECIAL.includes(upper) ? upper : "_";
  }
  return short;
}

/**
 * Short names for all names of one directory, in the order given. Each is unique within the directory, and differs from
 * the long name of every other entry ("The Numeric-Tail Generation Algorithm", "The Effect of Long Directory Entries on
 * Down Level Versions of FAT"). The names must differ by more than their case.
 */
export function assignShortNames(names: readonly string[]): Map<string, string> {
  const assigned = new Map<string, string>();
  const taken = new Set<string>();
  const tailed: { name: string; basis: Basis }[] = [];
  for (const name of names) {
    const basis = basisOf(name);
    if (!basis.exact) {
      tailed.push({ name, basis });
      continue;
    }
    const short = foldCase(name);
    assigned.set(name, short);
    taken.add(short);
  }
  const nextTail = new Map<string, number>();
  for (const { name, basis } of tailed) {
    const key = `${basis.base}.${basis.extension}`;
    for (let number = nextTail.get(key) ?? 1; ; number++) {
      const short = withTail(basis, number);
      if (taken.has(short)) continue;
      assigned.set(name, short);
      taken.add(short);
      nextTail.set(key, number + 1);
      break;
    }
  }
  return assigned;
}

function withTail({ base, extension }: Basis, number: number): string {
  const tail = `~${number}`;
  const short = base.slice(0, 8 - tail.length) + tail;
  return extension === "" ? short : `${short}.${extension}`;
}
