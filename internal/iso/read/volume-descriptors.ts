/** The volume descriptor set (ECMA-119, clause 8; Joliet specification, section 3; El Torito 1.0, figure 7). */

import { type Block, expectBytes, expectZero, latin1, viewOf } from "../../bytes/fields.ts";
import { ProblemLog, type Reading } from "../../bytes/problem-log.ts";
import type { ByteSource } from "../../files/byte-source.ts";
import { SECTOR } from "../../iso-format/units.ts";
import { printable } from "../../text/printable.ts";
import { readDescriptor, type VolumeDescriptor } from "./volume-descriptor.ts";

const FIRST_DESCRIPTOR = 16;
/** Real ISOs have up to five. */
const MAX_DESCRIPTORS = 64;

interface VolumeDescriptors {
  primary: VolumeDescriptor | undefined;
  joliet: VolumeDescriptor | undefined;
  /** Sector of the El Torito boot catalogue. */
  bootCatalog: number | undefined;
}

/** Reads descriptors up to the terminator. `base` is the offset of this volume in the whole ISO. */
export async function readVolumeDescriptors(
  source: ByteSource,
  base = 0,
): Promise<Reading<VolumeDescriptors>> {
  const log = new ProblemLog(base);
  const found: VolumeDescriptors = { primary: undefined, joliet: undefined, bootCatalog: undefined };
  for (let index = 0; index < MAX_DESCRIPTORS; index++) {
    const offset = (FIRST_DESCRIPTOR + index) * SECTOR;
    const bytes = await source.read(offset, SECTOR);
    if (bytes.length < SECTOR) {
      log.note({ code: "descriptors-cut-off", detail: "ends within its volume descriptors", offset });
      return log.reading(found);
    }
    const type = bytes[0]!;
    const block: Block = { bytes, offset, name: nameOf(bytes) };
    const magic = [0x43, 0x44, 0x30, 0x30, 0x31];
    if (!expectBytes(block, { at: 1, name: "identifier", code: "descriptor-magic", bytes: magic, log })) {
      return log.reading(found);
    }
    log.covers({ name: `${block.name}: type`, start: offset, length: 1 });
    if (type === 255) {
      expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], log });
      expectZero(block, { at: 7, length: SECTOR - 7, name: "reserved bytes", log });
      complain(found, log);
      return log.reading(found);
    }
    take(found, { block, type, log });
  }
  log.note({
    code: "no-terminator",
    detail: `has over ${MAX_DESCRIPTORS} volume descriptors and no terminator`,
  });
  return log.reading(found);
}

function take(
  found: VolumeDescriptors,
  { block, type, log }: { block: Block; type: number; log: ProblemLog },
): void {
  switch (type) {
    case 0:
      found.bootCatalog = readBootRecord(block, log) ?? found.bootCatalog;
      return;
    case 1:
      // ECMA-119, 8.4: it may be recorded more than once.
      if (found.primary !== undefined) {
        const detail = "has a second primary volume descriptor that differs from the first";
        log.note({ code: "descriptor-type", detail, offset: block.offset });
      }
      found.primary ??= readDescriptor(block, { kind: "primary", log });
      return;
    case 2:
      if (isJoliet(block.bytes)) found.joliet ??= readDescriptor(block, { kind: "joliet", log });
      else if (block.bytes[6] !== 2) {
        const detail = "has a supplementary volume descriptor that is neither Joliet's nor an enhanced one";
        log.note({ code: "descriptor-escape", detail, offset: block.offset + 88 });
      }
      return;
    default: {
      const detail = `has a volume descriptor of the unknown type ${type}`;
      log.note({ code: "descriptor-type", detail, offset: block.offset });
    }
  }
}

/** El Torito 1.0, section 2.0: the pointer to the boot catalogue. */
function readBootRecord(block: Block, log: ProblemLog): number | undefined {
  const system = latin1(block.bytes.subarray(7, 39)).replace(/\0+$/, "");
  log.covers({ name: `${block.name}: boot system identifier`, start: block.offset + 7, length: 32 });
  expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], log });
  if (system !== "EL TORITO SPECIFICATION") {
    const detail = `has a boot record for \`${printable(system)}\` where \`EL TORITO SPECIFICATION\` should be`;
    log.note({ code: "boot-record", detail, offset: block.offset + 7 });
    return undefined;
  }
  return viewOf(block.bytes).getUint32(71, true);
}

function isJoliet(bytes: Uint8Array): boolean {
  return bytes[88] === 0x25 && bytes[89] === 0x2f && [0x40, 0x43, 0x45].includes(bytes[90]!);
}

function nameOf(bytes: Uint8Array): string {
  switch (bytes[0]) {
    case 0:
      return "boot record";
    case 1:
      return "primary volume descriptor";
    case 2:
      return isJoliet(bytes) ? "Joliet volume descriptor" : "supplementary volume descriptor";
    case 255:
      return "volume descriptor set terminator";
    default:
      return "volume descriptor";
  }
}

/** Checks that need all descriptors. */
function complain(found: VolumeDescriptors, log: ProblemLog): void {
  const { primary, joliet } = found;
  if (primary === undefined) {
    log.note({
      code: "no-primary",
      detail: "has no primary volume descriptor",
      offset: FIRST_DESCRIPTOR * SECTOR,
    });
    return;
  }
  if (joliet === undefined) return;
  const wanted = primary.volumeId.slice(0, 16).replace(/ +$/, "");
  const length = Math.min(16, Buffer.byteLength(primary.volumeId));
  log.covers({ name: "primary volume descriptor: volume id", start: primary.offset + 40, length });
  log.covers({
    name: "Joliet volume descriptor: volume id",
    start: joliet.offset + 40,
    length: wanted.length * 2,
  });
  if (joliet.volumeId === wanted) return;
  const detail = `has the label \`${printable(primary.volumeId)}\`, but \`${printable(joliet.volumeId)}\` in Joliet`;
  log.note({ code: "joliet-volume-id", detail, offset: joliet.offset + 40 });
}
