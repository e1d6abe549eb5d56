/** Programs for UEFI of some hundred bytes, which do nothing (Microsoft "PE Format"). */

export interface EfiParts {
  machine?: "X64" | "AA64" | "IA32";
  /** Content of a section that makes the program different from others. */
  content?: string;
  /** Further sections by name; a name of more than eight characters is cut off. */
  sections?: Readonly<Record<string, string | Uint8Array>>;
  /** Whether GRUB for BIOS would know it as a Linux kernel for x86. */
  linux?: "x86";
}

const MACHINES = { X64: 0x8664, AA64: 0xaa64, IA32: 0x14c };
const HEADER = 64;
const OPTIONAL_SIZE = 240;
const FILE_ALIGNMENT = 512;
const MEMORY_ALIGNMENT = 4096;
const HEADERS_SIZE = 1024;

export function efiProgram(parts: EfiParts = {}): Uint8Array {
  const contents = Object.entries({ ".text": parts.content ?? "", ...parts.sections }).map(
    ([name, content]) => ({
      name,
      bytes: typeof content === "string" ? Buffer.from(content, "latin1") : content,
    }),
  );
  const rounded = (size: number, to: number) => Math.ceil(Math.max(size, 1) / to) * to;
  const fileSize = contents.reduce(
    (at, { bytes }) => at + rounded(bytes.length, FILE_ALIGNMENT),
    HEADERS_SIZE,
  );
  const file = new Uint8Array(fileSize);
  const view = new DataView(file.buffer);
  file.set(Buffer.from("MZ"), 0);
  view.setUint32(60, HEADER, true);
  file.set(Buffer.from("PE\0\0"), HEADER);
  view.setUint16(HEADER + 4, MACHINES[parts.machine ?? "X64"], true);
  view.setUint16(HEADER + 6, contents.length, true);
  view.setUint16(HEADER + 20, OPTIONAL_SIZE, true);
  view.setUint16(HEADER + 22, 0x22e, true);
  const optional = HEADER + 24;
  view.setUint16(optional, 0x20b, true);
  view.setUint32(optional + 16, MEMORY_ALIGNMENT, true);
  view.setUint32(optional + 32, MEMORY_ALIGNMENT, true);
  view.setUint32(optional + 36, FILE_ALIGNMENT, true);
  view.setUint32(optional + 60, HEADERS_SIZE, true);
  view.setUint16(optional + 68, 10, true);
  view.setUint32(optional + 108, 16, true);
  let at = HEADERS_SIZE;
  let memory = MEMORY_ALIGNMENT;
  for (const [index, { name, bytes }] of contents.entries()) {
    const row = optional + OPTIONAL_SIZE + index * 40;
    const size = rounded(bytes.length, FILE_ALIGNMENT);
    file.set(Buffer.from(name).subarray(0, 8), row);
    for (const [offset, value] of [
      [8, bytes.length],
      [12, memory],
      [16, size],
      [20, at],
      [36, 0x60000020],
    ] as const)
      view.setUint32(row + offset, value, true);
    file.set(bytes, at);
    at += size;
    memory += rounded(bytes.length, MEMORY_ALIGNMENT);
  }
  view.setUint32(optional + 56, memory, true);
  if (parts.linux === "x86") {
    file.set([0x55, 0xaa], 0x1fe);
    file.set(Buffer.from("HdrS"), 0x202);
  }
  return file;
}

/** GRUB's section `mods` (GRUB's `include/grub/kernel.h`): objects by their type. */
export function grubModules(objects: readonly { type: number; content: string | Uint8Array }[]): Uint8Array {
  const rows = objects.map(({ type, content }) => {
    const bytes = typeof content === "string" ? Buffer.from(`${content}\0`, "latin1") : content;
    const row = new Uint8Array(8 + Math.ceil(bytes.length / 8) * 8);
    const view = new DataView(row.buffer);
    view.setUint32(0, type, true);
    view.setUint32(4, row.length, true);
    row.set(bytes, 8);
    return row;
  });
  const body = Buffer.concat(rows);
  const info = Buffer.alloc(24);
  info.write("mimg");
  info.writeBigUInt64LE(24n, 8);
  info.writeBigUInt64LE(BigInt(24 + body.length), 16);
  return Buffer.concat([info, body]);
}
