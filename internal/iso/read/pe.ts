/** What must be right for firmware to load an EFI program (Microsoft "PE Format"; UEFI 2.10, 2.1.1). */
import { latin1, viewOf } from "./fields.ts";
import { Findings, type Reading } from "./findings.ts";

export interface PeImage {
  /** As in `BOOTX64.EFI`: `X64`; the number in hexadecimal when it is none of UEFI's. */
  machine: string;
  sections: { name: string; offset: number; size: number }[];
  /** Whether it carries a certificate table. */
  signed: boolean;
}

const MACHINES: Record<number, string> = {
  332: "IA32",
  452: "ARM",
  34404: "X64",
  43620: "AA64",
  20580: "RISCV64",
  25188: "LOONGARCH64",
};
const EFI_APPLICATION = 10;

/** Looks at a program's headers; undefined when it is none. `base` is where its bytes lie in the whole ISO. */
export function readPe(
  bytes: Uint8Array,
  { name, base }: { name: string; base?: number },
): Reading<PeImage | undefined> {
  const findings = new Findings(base ?? 0);
  const fail = (detail: string, offset: number): Reading<PeImage | undefined> => {
    findings.note({ code: "pe", detail: `${name} ${detail}`, offset });
    return findings.reading<PeImage | undefined>(undefined);
  };
  const view = viewOf(bytes);
  if (bytes.length < 64 || view.getUint16(0) !== 0x4d5a)
    return fail("is no program: it does not begin with MZ", 0);
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
    return fail("is no EFI application", optional + 68);
  const sections: PeImage["sections"] = [];
  for (let index = 0; index < sectionCount; index++) {
    const at = table + index * 40;
    const section = {
      name: latin1(bytes.subarray(at, at + 8)).replace(/\0+$/, ""),
      size: view.getUint32(at + 16, true),
      offset: view.getUint32(at + 20, true),
    };
    if (section.offset + section.size > bytes.length)
      return fail(`is cut off within \`${section.name}\``, at);
    sections.push(section);
  }
  const signed = readCertificates(bytes, { optional, optionalSize, wide: magic === 0x20b });
  if (signed === undefined) return fail("is cut off within its signature", optional);
  return findings.reading<PeImage | undefined>({
    machine: MACHINES[machine] ?? machine.toString(16),
    sections,
    signed,
  });
}

/** Undefined when the table is said to be where the file has ended. */
function readCertificates(
  bytes: Uint8Array,
  header: { optional: number; optionalSize: number; wide: boolean },
): boolean | undefined {
  const view = viewOf(bytes);
  const at = header.optional + (header.wide ? 112 : 96) + 4 * 8;
  if (at + 8 > header.optional + header.optionalSize) return false;
  const offset = view.getUint32(at, true);
  const size = view.getUint32(at + 4, true);
  if (size === 0) return false;
  return offset + size <= bytes.length ? true : undefined;
}

/** The content of a section such as `.sbat`. */
export function sectionOf(bytes: Uint8Array, image: PeImage, name: string): Uint8Array | undefined {
  const section = image.sections.find((one) => one.name === name);
  return section === undefined ? undefined : bytes.subarray(section.offset, section.offset + section.size);
}
