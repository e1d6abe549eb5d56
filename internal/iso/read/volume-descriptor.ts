/** A primary or Joliet volume descriptor (ECMA-119, 8.4, 8.5; Joliet specification, section 3). */

import {
  type Block,
  both16,
  both32,
  expectBytes,
  expectZero,
  textOf,
  ucs2,
  viewOf,
} from "../../bytes/fields.ts";
import type { ProblemLog } from "../../bytes/problem-log.ts";
import { type Extent, SECTOR } from "../../iso-format/units.ts";

export interface VolumeDescriptor {
  kind: "primary" | "joliet";
  /** Offset in the source. */
  offset: number;
  /** Without trailing spaces. */
  volumeId: string;
  /** Length of the volume in sectors. */
  sectors: number;
  pathTable: { size: number; little: number; optionalLittle: number; big: number; optionalBig: number };
  root: Extent;
}

/** ECMA-119, 8.4 and 8.5: the two have the same fields. */
export function readDescriptor(
  block: Block,
  { kind, log }: { kind: VolumeDescriptor["kind"]; log: ProblemLog },
): VolumeDescriptor {
  const view = viewOf(block.bytes);
  expectBytes(block, { at: 6, name: "version", code: "descriptor-version", bytes: [1], log });
  expectZero(block, { at: 7, length: 1, name: "flags", log });
  expectZero(block, { at: 72, length: 8, name: "unused bytes 72 to 79", log });
  const sectors = both32(block, { at: 80, name: "volume space size", log });
  if (kind === "primary") expectZero(block, { at: 88, length: 32, name: "unused bytes 88 to 119", log });
  else expectZero(block, { at: 91, length: 29, name: "bytes after the escape sequence", log });
  const one = (at: number, name: string) => {
    if (both16(block, { at, name, log }) === 1) return;
    log.note({
      code: "volume-set",
      detail: `the ${block.name} has a ${name} other than 1`,
      offset: block.offset + at,
    });
  };
  one(120, "volume set size");
  one(124, "volume sequence number");
  if (both16(block, { at: 128, name: "logical block size", log }) !== SECTOR) {
    const detail = `the ${block.name} has logical blocks of another size than ${SECTOR} bytes`;
    log.note({ code: "block-size", detail, offset: block.offset + 128 });
  }
  const pathTableSize = both32(block, { at: 132, name: "path table size", log });
  const rootBlock = { ...block, bytes: block.bytes.subarray(156, 190), offset: block.offset + 156 };
  const root = readRootRecord({ ...rootBlock, name: `${block.name}'s root record` }, log);
  expectBytes(block, {
    at: 881,
    name: "file structure version",
    code: "structure-version",
    bytes: [1],
    log,
  });
  expectZero(block, { at: 882, length: 1, name: "reserved byte 882", log });
  expectZero(block, { at: 1395, length: 653, name: "reserved bytes at the end", log });
  return {
    kind,
    offset: block.offset,
    volumeId: volumeIdOf(block.bytes.subarray(40, 72), kind),
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

/** Many makers write UTF-8, which Linux shows unchanged. */
function volumeIdOf(bytes: Uint8Array, kind: VolumeDescriptor["kind"]): string {
  if (kind === "joliet") return ucs2(bytes).replace(/[ \0]+$/, "");
  return textOf(bytes).replace(/ +$/, "");
}

/** The 34 bytes of the root's directory record (ECMA-119, 8.4.18, 9.1) except its date. */
function readRootRecord(block: Block, log: ProblemLog): Extent {
  expectBytes(block, { at: 0, name: "length", code: "root-record", bytes: [34, 0], log });
  const lba = both32(block, { at: 2, name: "extent", log });
  const size = both32(block, { at: 10, name: "size", log });
  expectBytes(block, { at: 25, name: "flags", code: "root-record", bytes: [2, 0, 0], log });
  both16(block, { at: 28, name: "volume sequence number", log });
  expectBytes(block, { at: 32, name: "identifier", code: "root-record", bytes: [1, 0], log });
  return { lba, size };
}
