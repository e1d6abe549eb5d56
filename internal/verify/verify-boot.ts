/** The checks of everything that firmware reads. */

import { ProblemLog } from "../bytes/problem-log.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { type BootImage, readBootImage } from "../iso/read/boot-image.ts";
import { type BootEntry, readElTorito } from "../iso/read/el-torito.ts";
import { type Gpt, readGpt } from "../iso/read/gpt.ts";
import { type IsoNode, nodesOf } from "../iso/read/iso-node.ts";
import { checkMbrLoader, type Mbr, readMbr } from "../iso/read/mbr.ts";
import { ESP_TYPE } from "../iso-format/gpt.ts";
import { BLOCK, SECTOR } from "../iso-format/units.ts";
import { counted } from "../text/counted.ts";
import { checkEfiPrograms, type EfiSystemPartition, type EspRange, readEsp } from "./efi-system-partition.ts";
import type { ReportBuilder } from "./verify-report.ts";

/** Firmware reads one. A hostile partition table could name thousands. */
const MAX_RANGES = 8;

export interface BootSetup {
  entries: readonly BootEntry[];
  /** The boot loader of the first El Torito entry for BIOS; undefined without such an entry. */
  biosLoader: BootImage["loader"] | undefined;
  mbr: Mbr | undefined;
  gpt: Gpt | undefined;
  esps: readonly EfiSystemPartition[];
}

/** Runs the checks `el-torito`, `bios-image`, `mbr`, `gpt`, `esp` and `efi-programs`. */
export async function checkBoot(
  source: ByteSource,
  options: {
    bootCatalog: number | undefined;
    /** Length of the volume in blocks of 512 bytes by its descriptor. */
    volumeBlocks: number | undefined;
    tree: IsoNode | undefined;
    builder: ReportBuilder;
  },
): Promise<BootSetup> {
  const { bootCatalog, volumeBlocks, tree, builder } = options;
  const files = new Map<number, IsoNode>();
  for (const node of tree === undefined ? [] : nodesOf(tree)) {
    if (node.kind === "file" && node.size > 0) files.set(node.extents[0]!.lba, node);
  }
  const entries = await checkElTorito(source, { bootCatalog, builder });
  const mbr = await readMbr(source, { volumeBlocks });
  if (mbr.value === undefined)
    builder.absent("mbr", "the system area is empty: no boot from a USB stick on BIOS");
  else
    builder.add(
      "mbr",
      mbr,
      `${counted(mbr.value.partitions.length, "entry", "entries")}, boot code: ${mbr.value.loader}`,
    );
  const gpt = await readGpt(source, { announced: mbr.value?.protective === true, volumeBlocks });
  if (gpt.value === undefined && gpt.problems.length === 0) builder.absent("gpt", "no GPT");
  else builder.add("gpt", gpt, `${counted(gpt.value?.partitions.length ?? 0, "partition")}, both copies`);
  const biosLoader = await checkBiosImages(source, { entries, files, mbr: mbr.value, builder });
  const ranges = espRanges(source, { entries, mbr: mbr.value, gpt: gpt.value, files });
  checkUefiSizes({ entries, gpt: gpt.value, builder });
  const esps = await checkEsps(source, { ranges, tree, builder });
  return { entries, biosLoader, mbr: mbr.value, gpt: gpt.value, esps };
}

async function checkElTorito(
  source: ByteSource,
  { bootCatalog, builder }: { bootCatalog: number | undefined; builder: ReportBuilder },
): Promise<readonly BootEntry[]> {
  if (bootCatalog === undefined) {
    builder.absent("el-torito", "no boot record: it does not boot from a CD");
    return [];
  }
  const reading = await readElTorito(source, bootCatalog);
  const platforms = reading.value.map((entry) => entry.platform).join(", ");
  builder.add("el-torito", reading, `boots on ${platforms}`);
  return reading.value;
}

async function checkBiosImages(
  source: ByteSource,
  options: {
    entries: readonly BootEntry[];
    files: ReadonlyMap<number, IsoNode>;
    mbr: Mbr | undefined;
    builder: ReportBuilder;
  },
): Promise<BootImage["loader"] | undefined> {
  const { entries, files, mbr, builder } = options;
  const loaders: BootImage["loader"][] = [];
  const bios = entries.filter((entry) => entry.platform === "bios");
  if (bios.length === 0) builder.absent("bios-image", "no entry for BIOS");
  for (const entry of bios) {
    const image = await readBootImage(source, entry, files.get(entry.lba)?.size);
    loaders.push(image.value.loader);
    builder.add("bios-image", image, `${image.value.loader} at sector ${entry.lba}`);
  }
  const first = bios[0];
  if (mbr !== undefined && first !== undefined)
    builder.add("mbr", await checkMbrLoader(source, mbr, first.lba), "");
  return loaders[0];
}

/** Every range of the ISO that is named as the EFI system partition, each once. */
function espRanges(
  source: ByteSource,
  options: {
    entries: readonly BootEntry[];
    mbr: Mbr | undefined;
    gpt: Gpt | undefined;
    files: ReadonlyMap<number, IsoNode>;
  },
): EspRange[] {
  const ranges = new Map<number, EspRange>();
  const add = (range: EspRange) => {
    const known = ranges.get(range.start);
    if (known === undefined) ranges.set(range.start, range);
    else for (const each of range.from) known.from.push(each);
  };
  for (const { index, type, first, last } of options.gpt?.partitions ?? []) {
    if (type !== ESP_TYPE) continue;
    add({
      start: first * BLOCK,
      length: (last - first + 1) * BLOCK,
      from: [`GPT partition ${index}`],
      isPartition: true,
    });
  }
  for (const { index, type, start, blocks } of options.mbr?.partitions ?? []) {
    if (type !== 0xef) continue;
    add({
      start: start * BLOCK,
      length: blocks * BLOCK,
      from: [`MBR partition ${index}`],
      isPartition: true,
    });
  }
  for (const entry of options.entries) {
    if (entry.platform !== "uefi") continue;
    const offset = entry.lba * SECTOR;
    const file = options.files.get(entry.lba)?.size;
    // A count of 0 or 1 means "to the end of the medium".
    const length = file ?? (entry.sectors > 1 ? entry.sectors * BLOCK : Math.max(0, source.size - offset));
    add({ start: offset, length, from: [entry.name], isPartition: false });
  }
  return [...ranges.values()].slice(0, MAX_RANGES);
}

/** The catalogue has the image's length too, in 16 bits. */
function checkUefiSizes(options: {
  entries: readonly BootEntry[];
  gpt: Gpt | undefined;
  builder: ReportBuilder;
}): void {
  const log = new ProblemLog();
  for (const entry of options.entries) {
    const partition = options.gpt?.partitions.find((one) => one.first === entry.lba * (SECTOR / BLOCK));
    if (entry.platform !== "uefi" || partition === undefined) continue;
    const blocks = partition.last - partition.first + 1;
    if (blocks > 0xffff || entry.sectors <= 1) continue;
    log.covers({ name: `${entry.name}: length`, start: entry.offset + 6, length: 2 });
    if (entry.sectors === blocks) continue;
    const detail = `${entry.name} has ${entry.sectors} blocks, GPT partition ${partition.index} has ${blocks}`;
    log.note({ code: "boot-sectors", detail, offset: entry.offset + 6 });
  }
  const reading = log.reading(undefined);
  if (reading.structures.length > 0) options.builder.add("el-torito", reading, "");
}

async function checkEsps(
  source: ByteSource,
  options: { ranges: readonly EspRange[]; tree: IsoNode | undefined; builder: ReportBuilder },
): Promise<EfiSystemPartition[]> {
  const { ranges, tree, builder } = options;
  const esps: EfiSystemPartition[] = [];
  if (ranges.length === 0) builder.absent("esp", "nothing for UEFI");
  for (const range of ranges) {
    const { value: esp, ...rest } = await readEsp(source, range);
    const label = esp?.volume.label === undefined ? "no label" : `label \`${esp.volume.label}\``;
    builder.add("esp", rest, `${esp?.volume.layout.type}, ${label}, ${range.from.join(" and ")}`);
    if (esp === undefined) continue;
    esps.push(esp);
    const programs = await checkEfiPrograms(source, { esp, tree });
    builder.add("efi-programs", programs, programs.value.join(", "));
  }
  builder.absent("efi-programs", "no EFI system partition");
  return esps;
}
