/** Reads a finished ISO of any maker, and reports its problems. */

import { isZero, latin1 } from "../bytes/fields.ts";
import { ProblemLog } from "../bytes/problem-log.ts";
import { type ByteSource, slice } from "../files/byte-source.ts";
import { readDirectoryTree } from "../iso/read/directory-tree.ts";
import { type IsoNode, nodesOf } from "../iso/read/iso-node.ts";
import { readPathTables } from "../iso/read/path-table.ts";
import type { VolumeDescriptor } from "../iso/read/volume-descriptor.ts";
import { readVolumeDescriptors } from "../iso/read/volume-descriptors.ts";
import { BLOCK, SECTOR } from "../iso-format/units.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/printable.ts";
import { compareTrees } from "./compare-trees.ts";
import { type BootSetup, checkBoot } from "./verify-boot.ts";
import { checkExpected, checkImplanted, checkRootFileSystems, type Expected } from "./verify-content.ts";
import { checkMenus, type FoundMenu } from "./verify-menus.ts";
import { type CheckCode, ReportBuilder, type VerifyReport } from "./verify-report.ts";

export interface VerifyOptions {
  expected?: Expected | undefined;
  /** Whether the implanted checksum is compared, which reads the whole ISO. Default: compare. */
  checksum?: "compare" | "skip" | undefined;
  /** Called with the bytes done and all bytes, while the checksum is computed. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

/** Parts of the ISO that `verify` read, from which callers compute where it boots. */
export interface IsoParts {
  primary: VolumeDescriptor | undefined;
  tree: IsoNode | undefined;
  boot: BootSetup;
  menus: readonly FoundMenu[];
}

/**
 * Checks everything that can be checked without an external tool.
 * @throws PlatterError `E_INTERRUPTED`; problems of the ISO are in the report.
 */
export async function verifyIso(source: ByteSource, options: VerifyOptions = {}): Promise<VerifyReport> {
  return (await examineIso(source, options)).report;
}

/** Like {@link verifyIso}, and returns the parts that were read. */
export async function examineIso(
  source: ByteSource,
  options: VerifyOptions = {},
): Promise<{ report: VerifyReport; parts: IsoParts }> {
  const builder = new ReportBuilder();
  const descriptors = await readVolumeDescriptors(source);
  const { primary, joliet, bootCatalog } = descriptors.value;
  const volumeId = primary?.volumeId;
  builder.add(
    "volume-descriptors",
    descriptors,
    `\`${printable(volumeId ?? "")}\`, ${primary?.sectors} sectors`,
  );
  const codes: TreeCodes = { tree: "iso-tree", joliet: "joliet" };
  const tree = await checkTrees(source, { primary, joliet, codes, base: 0, builder });
  const volumeBlocks = primary === undefined ? undefined : primary.sectors * (SECTOR / BLOCK);
  const boot = await checkBoot(source, { bootCatalog, volumeBlocks, tree, builder });
  await checkSize(source, { primary, boot, builder });
  await checkPartitionVolumes(source, { boot, volumeId, builder });
  const menus: FoundMenu[] = [];
  if (primary !== undefined && tree !== undefined) {
    menus.push(...(await checkMenus(source, { primary, tree, esps: boot.esps, builder })));
    await checkRootFileSystems(source, tree, builder);
  }
  if (primary !== undefined && options.checksum !== "skip")
    await checkImplanted(source, { primary, builder, pass: options });
  const { expected, signal } = options;
  if (expected !== undefined) {
    await checkExpected(source, { expected, volumeId, tree, esps: boot.esps, builder, signal });
  }
  const report = builder.report({ size: source.size, volumeId });
  return { report, parts: { primary, tree, boot, menus } };
}

/** More partitions than an ISO has. */
const MAX_PARTITIONS = 8;

interface TreeCodes {
  tree: CheckCode;
  joliet: CheckCode;
}

/** Both trees with their path tables, and compares them. */
async function checkTrees(
  source: ByteSource,
  options: {
    primary: VolumeDescriptor | undefined;
    joliet: VolumeDescriptor | undefined;
    codes: TreeCodes;
    base: number;
    builder: ReportBuilder;
  },
): Promise<IsoNode | undefined> {
  const { primary, joliet, codes, base, builder } = options;
  if (primary === undefined) return undefined;
  const main = await readDirectoryTree(source, primary, { base });
  const count = [...nodesOf(main.value.root)].length;
  builder.add(codes.tree, main, `${counted(count, "name")}${main.value.rockRidge ? " with Rock Ridge" : ""}`);
  builder.add(codes.tree, await readPathTables(source, primary, { tree: main.value, base }), "");
  if (joliet === undefined) {
    builder.absent(codes.joliet, "no Joliet tree");
    return main.value.root;
  }
  const other = await readDirectoryTree(source, joliet, { base });
  builder.add(codes.joliet, other, counted([...nodesOf(other.value.root)].length, "name"));
  builder.add(codes.joliet, await readPathTables(source, joliet, { tree: other.value, base }), "");
  // Without Rock Ridge the names always differ.
  if (main.value.rockRidge)
    builder.add(codes.joliet, compareTrees(main.value.root, other.value.root, base), "");
  return main.value.root;
}

/** ISO makers pad with zeros; more than this is not padding. */
const MAX_PADDING = 16 * 1024 * 1024;

/** The file must reach to the end of its last part. Only zeros may follow. */
async function checkSize(
  source: ByteSource,
  options: { primary: VolumeDescriptor | undefined; boot: BootSetup; builder: ReportBuilder },
): Promise<void> {
  const { primary, boot, builder } = options;
  if (primary === undefined) {
    builder.absent("size", `${source.size} bytes`);
    return;
  }
  const log = new ProblemLog();
  const volume = primary.sectors * SECTOR;
  const ends = [volume];
  for (const { start, blocks, type } of boot.mbr?.partitions ?? []) {
    if (type !== 0xee || blocks !== 0xffffffff) ends.push((start + blocks) * BLOCK);
  }
  for (const { last } of boot.gpt?.partitions ?? []) ends.push((last + 1) * BLOCK);
  const end = ends.reduce((most, each) => Math.max(most, each));
  if (source.size < volume) {
    const detail = `${volume - source.size} bytes are missing: ${source.size} are there, the volume has ${volume}`;
    log.note({ code: "size-missing", detail, offset: source.size });
  } else if (source.size > end && source.isDisk !== true && !(await isPadding(source, end))) {
    const detail = `${source.size - end} bytes follow after the end of the ISO at byte ${end}`;
    log.note({ code: "size-trailing", detail, offset: end });
  }
  builder.add("size", log.reading(undefined), `${source.size} bytes`);
}

async function isPadding(source: ByteSource, from: number): Promise<boolean> {
  if (source.size - from > MAX_PADDING) return false;
  return isZero(await source.read(from, source.size - from));
}

/** A partition that is an ISO itself has its own descriptors and trees for the same files. */
async function checkPartitionVolumes(
  source: ByteSource,
  options: { boot: BootSetup; volumeId: string | undefined; builder: ReportBuilder },
): Promise<void> {
  const { boot, volumeId, builder } = options;
  const starts = new Set<number>();
  for (const { first } of boot.gpt?.partitions ?? []) starts.add(first);
  for (const { start, type } of boot.mbr?.partitions ?? []) if (type !== 0xee) starts.add(start);
  starts.delete(0);
  const codes: TreeCodes = { tree: "iso-partition", joliet: "iso-partition" };
  for (const start of [...starts].slice(0, MAX_PARTITIONS)) {
    const base = start * BLOCK;
    const part = slice(source, base, source.size);
    if (!(await looksLikeVolume(part))) continue;
    const descriptors = await readVolumeDescriptors(part, base);
    const { primary, joliet } = descriptors.value;
    builder.add("iso-partition", descriptors, `at block ${start}`);
    if (primary !== undefined) {
      const log = new ProblemLog(base);
      log.covers({ name: "partition's volume id", start: primary.offset + 40, length: 32 });
      if (primary.volumeId !== volumeId) {
        const detail = `the partition at block ${start} has another label: \`${printable(primary.volumeId)}\``;
        log.note({ code: "partition-label", detail, offset: primary.offset + 40 });
      }
      builder.add("iso-partition", log.reading(undefined), "");
    }
    await checkTrees(part, { primary, joliet, codes, base, builder });
  }
  builder.absent("iso-partition", "no partition is an ISO of its own");
}

/** Any descriptor suffices, since one may be damaged. */
async function looksLikeVolume(source: ByteSource): Promise<boolean> {
  for (let sector = 16; sector < 19; sector++) {
    if (latin1(await source.read(sector * SECTOR + 1, 5)) === "CD001") return true;
  }
  return false;
}
