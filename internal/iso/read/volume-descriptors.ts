/** The volume descriptor set (ECMA-119, clause 8; Joliet specification, section 3; El Torito 1.0, figure 7). */
import type { ByteSource } from "./byte-source.ts";
import {
  type Block,
  both16,
  both32,
  expectBytes,
  expectZero,
  latin1,
  shown,
  ucs2,
  viewOf,
} from "./fields.ts";
import { Findings, type Reading } from "./findings.ts";

export const SECTOR = 2048;
const FIRST_DESCRIPTOR = 16;
/** Real ISOs have up to five. */
const MAX_DESCRIPTORS = 64;

export interface Extent {
  /** Sector of 2048 bytes. */
  lba: number;
  /** Bytes. */
  size: number;
}

export interface VolumeDescriptor {
  kind: "primary" | "joliet";
  /** Byte in the source. */
  offset: number;
  /** Without trailing spaces. */
  volumeId: string;
  /** Sectors that the volume has. */
  sectors: number;
  pathTable: { size: number; little: number; optionalLittle: number; big: number; optionalBig: number };
  root: Extent;
}

export interface VolumeDescriptors {
  primary: VolumeDescriptor | undefined;
  joliet: VolumeDescriptor | undefined;
  /** Sector of the El Torito boot catalogue. */
  bootCatalog: number | undefined;
}

/** Reads descriptors up to the terminator. `base` is where this volume begins in the whole ISO. */
export async function readVolumeDescriptors(
  source: ByteSource,
  base = 0,
): Promise<Reading<VolumeDescriptors>> {
  const findings = new Findings(base);
  const found: VolumeDescriptors = { primary: undefined, joliet: undefined, bootCatalog: undefined };
  for (let index = 0; index < MAX_DESCRIPTORS; index++) {
    const offset = (FIRST_DESCRIPTOR + index) * SECTOR;
    const bytes = await source.read(offset, SECTOR);
    if (bytes.length < SECTOR) {
      findings.note({ code: "descriptors-cut-off", detail: "ends within its volume descriptors", offset });
      return findings.reading(found);
    }
    const type = bytes[0]!;
    const block: Block = { bytes, offset, name: nameOf(bytes) };
    const magic = [0x43, 0x44, 0x30, 0x30, 0x31];
    if (
      !expectBytes(block, { at: 1, name: "identifier", code: "descriptor-magic", bytes: magic, findings })
    ) {
      return findings.reading(found);
    }
    findings.covers({ name: `${block.name}: type`, offset, length: 1 });
    if (type === 255) {
      expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], findings });
      expectZero(block, { at: 7, length: SECTOR - 7, name: "reserved bytes", findings });
      complain(found, findings);
      return findings.reading(found);
    }
    take(found, { block, type, findings });
  }
  findings.note({
    code: "no-terminator",
    detail: `has over ${MAX_DESCRIPTORS} volume descriptors and no terminator`,
  });
  return findings.reading(found);
}

function take(
  found: VolumeDescriptors,
  { block, type, findings }: { block: Block; type: number; findings: Findings },
): void {
  switch (type) {
    case 0:
      found.bootCatalog = readBootRecord(block, findings) ?? found.bootCatalog;
      return;
    case 1:
      // ECMA-119, 8.4: it may be recorded more than once.
      if (found.primary !== undefined) {
        const detail = "has a second primary volume descriptor, which says other things";
        findings.note({ code: "descriptor-type", detail, offset: block.offset });
      }
      found.primary ??= readDescriptor(block, { kind: "primary", findings });
      return;
    case 2:
      if (isJoliet(block.bytes)) found.joliet ??= readDescriptor(block, { kind: "joliet", findings });
      else if (block.bytes[6] !== 2) {
        const detail = "has a supplementary volume descriptor that is neither Joliet's nor an enhanced one";
        findings.note({ code: "descriptor-escape", detail, offset: block.offset + 88 });
      }
      return;
    default: {
      const detail = `has a volume descriptor of the unknown type ${type}`;
      findings.note({ code: "descriptor-type", detail, offset: block.offset });
    }
  }
}

/** ECMA-119, 8.4 and 8.5: the two have the same fields. */
function readDescriptor(
  block: Block,
  { kind, findings }: { kind: VolumeDescriptor["kind"]; findings: Findings },
): VolumeDescriptor {
  const view = viewOf(block.bytes);
  const text = (at: number, length: number) => {
    const bytes = block.bytes.subarray(at, at + length);
    return kind === "joliet" ? ucs2(bytes) : latin1(bytes);
  };
  expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], findings });
  expectZero(block, { at: 7, length: 1, name: "flags", findings });
  expectZero(block, { at: 72, length: 8, name: "unused bytes 72 to 79", findings });
  const sectors = both32(block, { at: 80, name: "volume space size", findings });
  if (kind === "primary") expectZero(block, { at: 88, length: 32, name: "unused bytes 88 to 119", findings });
  else expectZero(block, { at: 91, length: 29, name: "bytes after the escape sequence", findings });
  const one = (at: number, name: string) => {
    if (both16(block, { at, name, findings }) === 1) return;
    findings.note({
      code: "volume-set",
      detail: `the ${block.name} has a ${name} other than 1`,
      offset: block.offset + at,
    });
  };
  one(120, "volume set size");
  one(124, "volume sequence number");
  if (both16(block, { at: 128, name: "logical block size", findings }) !== SECTOR) {
    const detail = `the ${block.name} has logical blocks of another size than ${SECTOR} bytes`;
    findings.note({ code: "block-size", detail, offset: block.offset + 128 });
  }
  const pathTableSize = both32(block, { at: 132, name: "path table size", findings });
  const rootBlock = { ...block, bytes: block.bytes.subarray(156, 190), offset: block.offset + 156 };
  const root = readRootRecord({ ...rootBlock, name: `${block.name}'s root record` }, findings);
  expectBytes(block, {
    at: 881,
    name: "file structure version",
    code: "structure-version",
    bytes: [1],
    findings,
  });
  expectZero(block, { at: 882, length: 1, name: "reserved byte 882", findings });
  expectZero(block, { at: 1395, length: 653, name: "reserved bytes at the end", findings });
  return {
    kind,
    offset: block.offset,
    volumeId: text(40, 32).replace(kind === "joliet" ? /[ \0]+$/ : / +$/, ""),
    sectors,
    pathTable: {
      size: pathTableSize,
      little: view.getUint32(140, true),
      optionalLittle: view.getUint32(144, true),
      big: view.getUint32(148, false),
      optionalBig: view.getUint32(152, false),
    },
    root,
  };
}

/** The 34 bytes of the root's directory record (ECMA-119, 8.4.18, 9.1) but for its date. */
function readRootRecord(block: Block, findings: Findings): Extent {
  expectBytes(block, { at: 0, name: "length", code: "root-record", bytes: [34, 0], findings });
  const lba = both32(block, { at: 2, name: "extent", findings });
  const size = both32(block, { at: 10, name: "size", findings });
  expectBytes(block, { at: 25, name: "flags", code: "root-record", bytes: [2, 0, 0], findings });
  both16(block, { at: 28, name: "volume sequence number", findings });
  expectBytes(block, { at: 32, name: "identifier", code: "root-record", bytes: [1, 0], findings });
  return { lba, size };
}

/** El Torito 1.0, section 2.0: the pointer to the boot catalogue. */
function readBootRecord(block: Block, findings: Findings): number | undefined {
  const system = latin1(block.bytes.subarray(7, 39)).replace(/\0+$/, "");
  findings.covers({ name: `${block.name}: boot system identifier`, offset: block.offset + 7, length: 32 });
  expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], findings });
  if (system !== "EL TORITO SPECIFICATION") {
    const detail = `has a boot record for \`${shown(system)}\` where \`EL TORITO SPECIFICATION\` should be`;
    findings.note({ code: "boot-record", detail, offset: block.offset + 7 });
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

/** What only shows when all are read. */
function complain(found: VolumeDescriptors, findings: Findings): void {
  const { primary, joliet } = found;
  if (primary === undefined) {
    findings.note({
      code: "no-primary",
      detail: "has no primary volume descriptor",
      offset: FIRST_DESCRIPTOR * SECTOR,
    });
    return;
  }
  if (joliet === undefined || /[\x80-\xff]/.test(primary.volumeId)) return;
  const length = Math.min(16, primary.volumeId.length);
  findings.covers({ name: "primary volume descriptor: volume id", offset: primary.offset + 40, length });
  findings.covers({
    name: "Joliet volume descriptor: volume id",
    offset: joliet.offset + 40,
    length: length * 2,
  });
  if (joliet.volumeId === primary.volumeId.slice(0, 16).replace(/ +$/, "")) return;
  const detail = `calls itself \`${shown(primary.volumeId)}\`, but \`${shown(joliet.volumeId)}\` in Joliet`;
  findings.note({ code: "joliet-volume-id", detail, offset: joliet.offset + 40 });
}
