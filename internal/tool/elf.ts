/**
 * What an ELF program asks its loader for. Layouts: System V ABI, "Object Files" and "Program Loading and Dynamic
 * Linking" (generic ABI, chapters 4 and 5), 64-bit little-endian only.
 */
export interface ElfNeeds {
  /** Path of the program interpreter; undefined for a library or a static program. */
  interpreter: string | undefined;
  /** Names of the libraries it needs. */
  needed: string[];
  /** Folders from DT_RPATH and DT_RUNPATH, `$ORIGIN` not replaced. */
  searchPath: string[];
}

const PT_LOAD = 1;
const PT_DYNAMIC = 2;
const PT_INTERP = 3;
const DT_NEEDED = 1;
const DT_STRTAB = 5;
const DT_RPATH = 15;
const DT_RUNPATH = 29;

interface Segment {
  type: number;
  offset: number;
  address: number;
  size: number;
}

/** Undefined if the bytes are no 64-bit little-endian ELF file, or one that contradicts itself. */
export function parseElf(bytes: Uint8Array): ElfNeeds | undefined {
  if (bytes.length < 64 || Buffer.from(bytes.subarray(0, 6)).toString("hex") !== "7f454c460201")
    return undefined;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  try {
    const segments = readSegments(view);
    const interp = segments.find(({ type }) => type === PT_INTERP);
    const needs: ElfNeeds = {
      interpreter:
        interp === undefined ? undefined : cString(bytes, interp.offset, interp.offset + interp.size),
      needed: [],
      searchPath: [],
    };
    const dynamic = segments.find(({ type }) => type === PT_DYNAMIC);
    if (dynamic === undefined) return needs;
    const entries = readDynamic(view, dynamic);
    const address = entries.find(({ tag }) => tag === DT_STRTAB)?.value;
    const home = segments.find(
      (s) =>
        s.type === PT_LOAD && address !== undefined && address >= s.address && address < s.address + s.size,
    );
    if (address === undefined || home === undefined) return undefined;
    const strings = home.offset + (address - home.address);
    for (const { tag, value } of entries) {
      if (tag === DT_NEEDED) needs.needed.push(cString(bytes, strings + value, bytes.length));
      if (tag === DT_RPATH || tag === DT_RUNPATH) {
        needs.searchPath.push(
          ...cString(bytes, strings + value, bytes.length)
            .split(":")
            .filter((p) => p !== ""),
        );
      }
    }
    return needs;
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

function readSegments(view: DataView): Segment[] {
  const table = Number(view.getBigUint64(32, true));
  const entrySize = view.getUint16(54, true);
  const count = view.getUint16(56, true);
  return Array.from({ length: count }, (_, i) => {
    const at = table + i * entrySize;
    return {
      type: view.getUint32(at, true),
      offset: Number(view.getBigUint64(at + 8, true)),
      address: Number(view.getBigUint64(at + 16, true)),
      size: Number(view.getBigUint64(at + 32, true)),
    };
  });
}

function readDynamic(view: DataView, segment: Segment): { tag: number; value: number }[] {
  const entries = [];
  for (let at = segment.offset; at + 16 <= segment.offset + segment.size; at += 16) {
    const tag = Number(view.getBigInt64(at, true));
    if (tag === 0) break;
    entries.push({ tag, value: Number(view.getBigUint64(at + 8, true)) });
  }
  return entries;
}

function cString(bytes: Uint8Array, start: number, end: number): string {
  if (start >= bytes.length) throw new RangeError("string outside the file");
  const zero = bytes.indexOf(0, start);
  return Buffer.from(bytes.subarray(start, Math.min(zero === -1 ? bytes.length : zero, end))).toString(
    "latin1",
  );
}
