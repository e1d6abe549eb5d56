/** Headers of a program for UEFI (Microsoft "PE Format"; UEFI 2.10, 2.1.1). */
import { ARCHITECTURES } from "../base/architecture.ts";

interface PeSection {
  name: string;
  /** Offset of its bytes in the file, and their number. */
  offset: number;
  size: number;
  /** Number of bytes that are content. The rest is padding. */
  used: number;
}

export interface PeImage {
  /** As in `BOOTX64.EFI`: `X64`; the number in hexadecimal for a machine that UEFI does not define. */
  machine: string;
  sections: PeSection[];
  /** Length of the headers in bytes, with padding. */
  headerSize: number;
  /** Offset of the checksum, which no signature covers. */
  checksumAt: number;
  /** Offset of the certificate table's entry in the directory; undefined if the directory is too short. */
  certificateEntryAt: number | undefined;
  /** The certificate table; undefined for an unsigned program. */
  certificates: { offset: number; size: number } | undefined;
}

/** Why a file is not a program for UEFI, such as `has no PE header`, and the offset of that fault. */
export interface PeFault {
  fault: string;
  offset: number;
}

const MACHINES: Record<number, string> = {
  332: "IA32",
  452: "ARM",
  ...Object.fromEntries(
    Object.values(ARCHITECTURES).map(({ peMachine, efiSuffix }) => [peMachine, efiSuffix.toUpperCase()]),
  ),
  20580: "RISCV64",
  25188: "LOONGARCH64",
};
/** Machines as the names of EFI programs have them. */
export const EFI_MACHINES = Object.values(MACHINES);
const EFI_APPLICATION = 10;

/** Reads a program's headers, or returns why firmware would not load it. */
export function parsePe(bytes: Uint8Array): PeImage | PeFault {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fail = (fault: string, offset: number): PeFault => ({ fault, offset });
  if (bytes.length < 64 || view.getUint16(0) !== 0x4d5a)
    return fail("is not a program: it does not begin with MZ", 0);
  const header = view.getUint32(60, true);
  if (header + 24 > bytes.length || view.getUint32(header) !== 0x50450000)
    return fail("has no PE header", 60);
  const machine = view.getUint16(header + 4, true);
  const sectionCount = view.getUint16(header + 6, true);
  const optional = header + 24;
  const optionalSize = view.getUint16(header + 20, true);
  const table = optional + optionalSize;
  if (table + sectionCount * 40 > bytes.length || optionalSize < 70)
    return fail("ends within its headers", header);
  const magic = view.getUint16(optional, true);
  if (magic !== 0x10b && magic !== 0x20b) return fail("has an unknown kind of header", optional);
  if (view.getUint16(optional + 68, true) !== EFI_APPLICATION)
    return fail("is not an EFI application", optional + 68);
  const sections: PeSection[] = [];
  // The string table follows the symbols.
  const strings = view.getUint32(header + 12, true) + view.getUint32(header + 16, true) * 18;
  for (let index = 0; index < sectionCount; index++) {
    const section = readSection(bytes, { at: table + index * 40, strings });
    if (section.offset + section.size > bytes.length)
      return fail(`is cut off within \`${section.name}\``, table + index * 40);
    sections.push(section);
  }
  const entry = optional + (magic === 0x20b ? 112 : 96) + 4 * 8;
  const hasEntry = entry + 8 <= optional + optionalSize;
  const certificates = {
    offset: hasEntry ? view.getUint32(entry, true) : 0,
    size: hasEntry ? view.getUint32(entry + 4, true) : 0,
  };
  if (certificates.size > 0 && certificates.offset + certificates.size > bytes.length)
    return fail("is cut off within its signature", optional);
  return {
    machine: MACHINES[machine] ?? machine.toString(16),
    sections,
    headerSize: view.getUint32(optional + 60, true),
    checksumAt: optional + 64,
    certificateEntryAt: hasEntry ? entry : undefined,
    certificates: certificates.size > 0 ? certificates : undefined,
  };
}

/** One row of the section table ("PE Format", Section Table). */
function readSection(bytes: Uint8Array, { at, strings }: { at: number; strings: number }): PeSection {
  const view = new DataView(bytes.buffer, bytes.byteOffset + at, 40);
  const size = view.getUint32(16, true);
  const virtualSize = view.getUint32(8, true);
  return {
    name: sectionName(bytes, { at, strings }),
    offset: view.getUint32(20, true),
    size,
    used: virtualSize === 0 ? size : Math.min(size, virtualSize),
  };
}

const SHORT_NAME = 8;
/** No section that platter reads has a longer name. */
const LONG_NAME = 64;

/** Names of more than eight characters are in the string table. The section then has the offset, as in `/4`. */
function sectionName(bytes: Uint8Array, { at, strings }: { at: number; strings: number }): string {
  const short = textAt(bytes, { at, length: SHORT_NAME });
  const place = /^\/(\d{1,7})$/.exec(short)?.[1];
  if (place === undefined) return short;
  return textAt(bytes, { at: strings + Number(place), length: LONG_NAME }) || short;
}

function textAt(bytes: Uint8Array, { at, length }: { at: number; length: number }): string {
  const text = Buffer.from(bytes.subarray(at, at + length)).toString("latin1");
  return text.replace(/\0.*$/s, "");
}

export function isFault<T extends object>(read: T | PeFault): read is PeFault {
  return "fault" in read;
}

/** The content of a section such as `.sbat`. Some linkers cut a long name after eight characters. */
export function sectionOf(bytes: Uint8Array, image: PeImage, name: string): Uint8Array | undefined {
  const { sections } = image;
  const section =
    sections.find((one) => one.name === name) ??
    sections.find((one) => one.name.length === SHORT_NAME && name.startsWith(one.name));
  return section === undefined ? undefined : bytes.subarray(section.offset, section.offset + section.used);
}
