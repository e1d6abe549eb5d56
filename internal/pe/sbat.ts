/** Generation numbers by which boot loaders are revoked (shim's `SBAT.md`). */

export interface SbatComponent {
  name: string;
  generation: number;
}

/** The least generation of each component that shim starts. */
export interface SbatLevel {
  /** Date of the revocations, as a number that grows: `2025051000`. */
  date: string;
  components: SbatComponent[];
}

/** The revocations of the newest shim, 16.1, `SbatLevel_Variable.txt`. */
export const KNOWN_LEVEL: SbatLevel = {
  date: "2025051000",
  components: [
    { name: "sbat", generation: 1 },
    { name: "shim", generation: 4 },
    { name: "grub", generation: 5 },
    { name: "grub.proxmox", generation: 2 },
  ],
};

/** Bytes and lines beyond any real section. */
const MAX_SIZE = 64 * 1024;
const MAX_LINES = 500;

/** The components of a program's section `.sbat`; empty if it does not have any. */
export function parseSbat(section: Uint8Array): SbatComponent[] {
  return linesOf(text(section)).flatMap(([name = "", generation = ""]) =>
    /^[\w.+-]+$/.test(name) && /^\d{1,9}$/.test(generation) ? [{ name, generation: Number(generation) }] : [],
  );
}

/** The newest of the levels in shim's section `.sbatlevel`, each of which is a text that ends with a zero. */
export function parseSbatLevel(section: Uint8Array): SbatLevel | undefined {
  const levels = text(section)
    .split("\0")
    .flatMap((each): SbatLevel[] => {
      const begin = each.indexOf("sbat,1,");
      const body = new TextEncoder().encode(each.slice(Math.max(0, begin)));
      const date = begin < 0 ? undefined : /^sbat,1,(\d{10})(?:\n|$)/.exec(each.slice(begin))?.[1];
      return date === undefined ? [] : [{ date, components: parseSbat(body) }];
    });
  return newestLevel(levels);
}

export function newestLevel(levels: readonly SbatLevel[]): SbatLevel | undefined {
  return [...levels].sort((a, b) => (a.date < b.date ? -1 : 1)).at(-1);
}

/** The components of a program that are older than the level allows, each with the least allowed generation. */
export function revokedBy(
  level: SbatLevel,
  components: readonly SbatComponent[],
): (SbatComponent & { wanted: number })[] {
  return components.flatMap((component) => {
    const wanted = level.components.find(({ name }) => name === component.name)?.generation ?? 0;
    return component.generation < wanted ? [{ ...component, wanted }] : [];
  });
}

function text(section: Uint8Array): string {
  return Buffer.from(section.subarray(0, MAX_SIZE)).toString("latin1");
}

function linesOf(csv: string): string[][] {
  return csv
    .replace(/\0.*$/s, "")
    .split("\n", MAX_LINES)
    .map((line) => line.replace(/\r$/, "").split(","));
}
