/** The checks of the ISO's content: the root file system, the checksum, and the files of a plan. */

import { throwIfAborted } from "../base/interrupt.ts";
import { latin1 } from "../bytes/fields.ts";
import { ProblemLog } from "../bytes/problem-log.ts";
import { readFatFile } from "../fat/read.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { contentOf, findNode, type IsoNode, nodeSource, nodesOf } from "../iso/read/iso-node.ts";
import type { VolumeDescriptor } from "../iso/read/volume-descriptor.ts";
import { SECTOR } from "../iso-format/units.ts";
import { checkIsoMd5, type PassOptions } from "../isomd5/check.ts";
import { AREA_OFFSET, AREA_SIZE } from "../isomd5/text.ts";
import { type ErofsSuperblock, isErofs, readErofs } from "../rootfs/erofs-superblock.ts";
import { counted } from "../text/counted.ts";
import { printable } from "../text/printable.ts";
import type { EfiSystemPartition } from "./efi-system-partition.ts";
import type { LabelSample } from "./squashfs-facts.ts";
import { readSquashfs } from "./squashfs-superblock.ts";
import type { ReportBuilder } from "./verify-report.ts";

interface ExpectedFile {
  /** Absolute path in the ISO, or in the EFI system partition. */
  isoPath: string;
  size: number;
  /** 64 hexadecimal digits. */
  sha256: string;
}

/** The content that the ISO must have by its plan. */
export interface Expected {
  label?: string;
  files: readonly ExpectedFile[];
  /** The same for the EFI system partition. */
  espFiles?: readonly ExpectedFile[];
}

/**
 * Names under which live systems keep their root; any other file is checked only if its own bytes name a file system.
 */
const SQUASHFS_NAME = /squashfs|\.sfs$/i;
const MAYBE_ROOT_NAME = /\.(img|erofs|root)$/i;

/** Several names may belong to one file. */
const MAX_ROOTS = 64;

/**
 * Runs the checks `squashfs` and `erofs`: the content decides which file system it is, as for dracut, and not the name.
 */
export async function checkRootFileSystems(
  source: ByteSource,
  tree: IsoNode,
  builder: ReportBuilder,
): Promise<void> {
  const seen = new Set<number>();
  for (const node of nodesOf(tree)) {
    const first = node.extents[0]!.lba;
    if (node.kind !== "file" || node.size === 0 || seen.has(first) || seen.size >= MAX_ROOTS) continue;
    const file = nodeSource(source, node);
    const isNamed = SQUASHFS_NAME.test(node.name);
    if (!isNamed && !MAYBE_ROOT_NAME.test(node.name)) continue;
    const place = { base: first * SECTOR, name: node.path };
    if (await isErofs(file)) {
      seen.add(first);
      const reading = await readErofs(file, place);
      builder.add("erofs", reading, erofsDetail(node.path, reading.value));
      continue;
    }
    if (!isNamed && latin1(await file.read(0, 4)) !== "hsqs") continue;
    seen.add(first);
    const reading = await readSquashfs(file, place);
    const found = reading.value;
    const detail =
      found === undefined
        ? ""
        : `${node.path}: ${found.compressor}, blocks of ${found.blockSize}, ${found.bytesUsed} bytes${labelDetail(found.labels)}`;
    builder.add("squashfs", reading, detail);
  }
  if (!builder.has("erofs")) builder.absent("squashfs", "no squashfs");
}

/** The labels of the root and of a sample, as a part of a line. */
function labelDetail(labels: LabelSample | undefined): string {
  if (labels === undefined || labels.labelled === 0) return "";
  const root = labels.root === undefined ? "" : `, the root is ${printable(labels.root)}`;
  return `, SELinux labels at ${labels.labelled} of ${labels.inodes} inodes${root}`;
}

function erofsDetail(path: string, found: ErofsSuperblock | undefined): string {
  if (found === undefined) return "";
  const how = found.compressors.length === 0 ? "not compressed" : found.compressors.join(" and ");
  return `${path}: ${how}, ${found.bytesUsed} bytes`;
}

/** Runs the check `checksum`, which reads the whole ISO. */
export async function checkImplanted(
  source: ByteSource,
  { primary, builder, pass }: { primary: VolumeDescriptor; builder: ReportBuilder; pass: PassOptions },
): Promise<void> {
  const result = await checkIsoMd5(source, pass);
  if (!result.present) {
    builder.absent("checksum", result.message);
    return;
  }
  const log = new ProblemLog();
  const area = primary.offset + AREA_OFFSET;
  if (result.exact) {
    // Only the flag for a supported release may be 0 or 1.
    const status =
      latin1(await source.read(area, AREA_SIZE)).indexOf("RHLISOSTATUS=") + "RHLISOSTATUS=".length;
    log.covers({ name: "implanted checksum", start: area, length: status });
    log.covers({
      name: "implanted fragment sums",
      start: area + status + 1,
      length: AREA_SIZE - status - 1,
    });
  }
  if (!result.ok) {
    const offset = result.damaged?.from ?? area;
    log.note({ code: "checksum", detail: result.message, offset });
  } else if (!result.exact && result.fragments.length > 0) {
    log.note({
      code: "checksum-text",
      detail: "the implanted checksum's text is damaged",
      offset: area,
    });
  }
  const fragments = result.fragments.filter((fragment) => fragment.ok).length;
  const detail = `${result.expected}, ${fragments} of ${counted(result.fragments.length, "fragment")}`;
  builder.add("checksum", log.reading(undefined), detail);
}

/** Runs the checks `expected-label` and `expected-files`. */
export async function checkExpected(
  source: ByteSource,
  options: {
    expected: Expected;
    volumeId: string | undefined;
    tree: IsoNode | undefined;
    esps: readonly EfiSystemPartition[];
    builder: ReportBuilder;
    signal: AbortSignal | undefined;
  },
): Promise<void> {
  const { expected, volumeId, tree, esps, builder, signal } = options;
  if (expected.label !== undefined) {
    const label = new ProblemLog();
    if (volumeId !== expected.label) {
      const detail = `the label is \`${printable(volumeId ?? "")}\`, planned was \`${printable(expected.label)}\``;
      label.note({ code: "expected-label", detail });
    }
    builder.add("expected-label", label.reading(undefined), `\`${expected.label}\``);
  }
  const log = new ProblemLog();
  for (const file of expected.files) {
    const node = tree === undefined ? undefined : findNode(tree, file.isoPath);
    const found = node?.kind === "file" ? { size: node.size, pieces: contentOf(source, node) } : undefined;
    await compareFile(file, { where: "", found, log, signal });
    for (const { lba, size } of node?.extents ?? []) {
      log.covers({ name: `content of ${file.isoPath}`, start: lba * SECTOR, length: size });
    }
  }
  for (const file of expected.espFiles ?? []) {
    const { found } = findInEsps(esps, file.isoPath);
    await compareFile(file, { where: " of the EFI system partition", found, log, signal });
  }
  const count = expected.files.length + (expected.espFiles?.length ?? 0);
  builder.add("expected-files", log.reading(undefined), `${counted(count, "file")} byte for byte`);
}

interface FoundFile {
  size: number;
  pieces: AsyncIterable<Uint8Array>;
}

function findInEsps(esps: readonly EfiSystemPartition[], path: string): { found: FoundFile | undefined } {
  for (const { source, volume } of esps) {
    const entry = volume.entries.find((one) => `/${one.path}`.toLowerCase() === path.toLowerCase());
    if (entry?.kind !== "file") continue;
    const pieces = (async function* () {
      yield await readFatFile(source, volume, { entry });
    })();
    return { found: { size: entry.size, pieces } };
  }
  return { found: undefined };
}

async function compareFile(
  file: ExpectedFile,
  options: { where: string; found: FoundFile | undefined; log: ProblemLog; signal: AbortSignal | undefined },
): Promise<void> {
  const { where, found, log, signal } = options;
  const note = (detail: string) => {
    log.note({ code: "expected-file", detail: `${file.isoPath}${where} ${detail}` });
  };
  if (found === undefined) {
    note("is missing");
    return;
  }
  if (found.size !== file.size) {
    note(`has ${found.size} bytes, planned were ${file.size}`);
    return;
  }
  const hash = new Bun.CryptoHasher("sha256");
  for await (const piece of found.pieces) {
    throwIfAborted(signal, "the reading of the ISO");
    hash.update(piece as Uint8Array<ArrayBuffer>);
  }
  if (hash.digest("hex") !== file.sha256) note("is not the planned one");
}
