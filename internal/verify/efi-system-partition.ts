import type { ByteRange } from "../bytes/byte-range.ts";
import { EFI_MACHINES, isFault, parsePe, sectionOf } from "../pe/pe-image.ts";
/** The FAT file system from which UEFI firmware boots, and the programs in it (UEFI 2.10, 3.5.1.1, 13.3). */

import { latin1 } from "../bytes/fields.ts";
import { ProblemLog, type Reading } from "../bytes/problem-log.ts";
import type { FatEntry } from "../fat/fat-walk.ts";
import { type FatVolume, readFat, readFatFile } from "../fat/read.ts";
import { clusterOffset } from "../fat/read-clusters.ts";
import { type ByteSource, slice } from "../files/byte-source.ts";
import { findNodeAnyCase, type IsoNode, readNode } from "../iso/read/iso-node.ts";
import { SECTOR } from "../iso-format/units.ts";
import { parseGrubModules } from "../pe/grub-embedded.ts";

import { readPe } from "./pe.ts";

/** The range of an ISO that is an EFI system partition. */
export interface EspRange extends ByteRange {
  /** The entries that point to it: `El Torito entry 2 (UEFI)`, `GPT partition 2`. */
  from: string[];
  /** Whether a partition table has it, so that an operating system shows it as a partition. */
  isPartition: boolean;
}

export interface EfiSystemPartition {
  place: EspRange;
  source: ByteSource;
  volume: FatVolume;
}

const MAX_PROGRAM = 64 * 1024 * 1024;
const FOLDER = "EFI/BOOT";

/** Reads the file system; undefined without an EFI system partition. */
export async function readEsp(
  iso: ByteSource,
  place: EspRange,
): Promise<Reading<EfiSystemPartition | undefined>> {
  const log = new ProblemLog(place.start);
  const source = slice(iso, place.start, place.length);
  const { volume, problems, structures } = await readFat(source);
  for (const problem of problems) {
    log.note({
      ...problem,
      detail: `the EFI system partition ${problem.detail} (${place.from.join(", ")})`,
    });
  }
  for (const structure of structures) {
    log.covers({ ...structure, name: `EFI system partition: ${structure.name}` });
  }
  if (volume === undefined) return log.reading<EfiSystemPartition | undefined>(undefined);
  if (bootPrograms(volume).length === 0) {
    log.note({ code: "esp-no-program", detail: `the EFI system partition has no ${FOLDER}/BOOT*.EFI` });
  }
  return log.reading<EfiSystemPartition | undefined>({ place, source, volume });
}

/** Checks the programs in `EFI/BOOT`, and that they are the same as those in the ISO's own tree. */
export async function checkEfiPrograms(
  iso: ByteSource,
  { esp, tree }: { esp: EfiSystemPartition; tree: IsoNode | undefined },
): Promise<Reading<string[]>> {
  const log = new ProblemLog();
  const names: string[] = [];
  for (const entry of programs(esp.volume)) {
    const bytes = await readFatFile(esp.source, esp.volume, { entry, length: MAX_PROGRAM });
    const base = esp.place.start + clusterOffset(esp.volume.layout, entry.clusters[0] ?? 2);
    const { value: image, ...rest } = readPe(bytes, { name: `/${entry.path}`, base });
    log.add(rest);
    names.push(baseName(entry.path));
    const wanted = machineOf(entry.path);
    if (image !== undefined && wanted !== undefined && wanted !== image.machine) {
      const detail = `/${entry.path} is a program for ${image.machine}`;
      log.note({ code: "efi-machine", detail, offset: base });
    }
    const sbat = image === undefined ? undefined : sectionOf(bytes, image, ".sbat");
    if (sbat !== undefined && /^shim,/m.test(latin1(sbat))) await checkShim(entry, { esp, log });
    const twin = tree === undefined ? undefined : findNodeAnyCase(tree, entry.path);
    if (twin?.kind === "file") await compareTwin(iso, { esp, entry, bytes, twin, log });
  }
  return log.reading(names);
}

/**
 * shim starts the program next to it with a built-in name. From the folder of removable media it first starts its
 * fallback program, if there is one. That may be GRUB under this name; shim's own fallback needs an entry in the
 * firmware.
 */
async function checkShim(
  entry: FatEntry,
  { esp, log }: { esp: EfiSystemPartition; log: ProblemLog },
): Promise<void> {
  const architecture = machineOf(entry.path)?.toLowerCase();
  if (!/boot[^/]*$/i.test(entry.path) || architecture === undefined) return;
  const folder = entry.path.replace(/[^/]*$/, "");
  const second = `${folder}grub${architecture}.efi`;
  const fallback = findEntry(esp.volume, `${folder}fb${architecture}.efi`);
  if (fallback !== undefined && (await isGrub(fallback, esp))) return;
  const offset = esp.place.start + entry.offset;
  if (findEntry(esp.volume, second) === undefined) {
    const detail = `/${entry.path} is shim, but /${second}, which it starts, is missing`;
    log.note({ code: "shim-second-stage", detail, offset });
  } else if (fallback !== undefined) {
    const detail = `/${entry.path} is shim and starts /${fallback.path} before /${second}, which does not work on removable media`;
    log.note({ code: "shim-fallback", detail, offset, severity: "warning" });
  }
}

async function isGrub(entry: FatEntry, { source, volume }: EfiSystemPartition): Promise<boolean> {
  const bytes = await readFatFile(source, volume, { entry, length: MAX_PROGRAM });
  const image = parsePe(bytes);
  const section = isFault(image) ? undefined : sectionOf(bytes, image, "mods");
  return section !== undefined && parseGrubModules(section) !== undefined;
}

async function compareTwin(
  iso: ByteSource,
  options: { esp: EfiSystemPartition; entry: FatEntry; bytes: Uint8Array; twin: IsoNode; log: ProblemLog },
): Promise<void> {
  const { esp, entry, bytes, twin, log } = options;
  const name = `/${entry.path}`;
  const first = twin.extents[0]?.lba ?? 0;
  log.covers({ name: `${name} in the ISO's tree`, start: first * SECTOR, length: twin.size });
  for (const [index, cluster] of entry.clusters.entries()) {
    if (index > 0 && entry.clusters[index - 1] === cluster - 1) continue;
    let run = 1;
    while (entry.clusters[index + run] === cluster + run) run++;
    const { clusterBytes } = esp.volume.layout;
    const length = Math.min(run * clusterBytes, entry.size - index * clusterBytes);
    const offset = esp.place.start + clusterOffset(esp.volume.layout, cluster);
    log.covers({ name: `${name} in the EFI system partition`, start: offset, length });
  }
  const other = await readNode(iso, twin, MAX_PROGRAM);
  if (Buffer.compare(other, bytes) === 0) return;
  const detail = `${name} is not the same in the ISO's tree and in the EFI system partition`;
  log.note({ code: "efi-twin", detail, offset: first * SECTOR });
}

/** The file at a path. Case is ignored. */
function findEntry(volume: FatVolume, path: string): FatEntry | undefined {
  return volume.entries.find((one) => one.kind === "file" && one.path.toLowerCase() === path.toLowerCase());
}

function programs(volume: FatVolume): FatEntry[] {
  return volume.entries.filter(
    (entry) => entry.kind === "file" && /^efi\/boot\/[^/]+\.efi$/i.test(entry.path),
  );
}

function bootPrograms(volume: FatVolume): FatEntry[] {
  return programs(volume).filter(
    (entry) => /^boot/i.test(baseName(entry.path)) && machineOf(entry.path) !== undefined,
  );
}

const PROGRAM_NAME = new RegExp(`(${EFI_MACHINES.join("|")})\\.efi$`, "i");

/** The machine type in the name of a program. */
function machineOf(path: string): string | undefined {
  return PROGRAM_NAME.exec(path)?.[1]?.toUpperCase();
}

function baseName(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}
