import { ModuleProblem } from "./core-error.ts";

/** Where the kernel runs; its memory must end before the second address. */
const KERNEL_AT = 0x9000;
const KERNEL_END = 0x68000;

/** Lengths in bytes of the ELF header and of a section header (System V ABI, chapter 4). */
const ELF_HEADER = 52;
const SECTION_HEADER = 40;
const TYPE_RELOCATABLE = 1;
const TYPE_EXECUTABLE = 2;
const MACHINE_386 = 3;
const SHT_PROGBITS = 1;
const SHT_NOBITS = 8;
const SHF_ALLOC = 2;

/**
 * GRUB's `kernel.img` as it is in memory, without `.bss`: an ELF program whose sections go to their addresses.
 * @throws ModuleProblem
 */
export function kernelMemory(bytes: Uint8Array): Uint8Array {
  requireElf(bytes, { name: "kernel.img", type: TYPE_EXECUTABLE });
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const table = view.readUInt32LE(32);
  const count = view.readUInt16LE(48);
  if (view.readUInt16LE(46) !== SECTION_HEADER || table + count * SECTION_HEADER > bytes.length)
    throw new ModuleProblem("`kernel.img` has section headers outside the file");
  const memory = Buffer.alloc(KERNEL_END - KERNEL_AT);
  let end = 0;
  for (let at = table; at < table + count * SECTION_HEADER; at += SECTION_HEADER) {
    const [type, flags] = [view.readUInt32LE(at + 4), view.readUInt32LE(at + 8)];
    if ((flags & SHF_ALLOC) === 0 || (type !== SHT_PROGBITS && type !== SHT_NOBITS)) continue;
    const [address, offset, size] = [12, 16, 20].map((field) => view.readUInt32LE(at + field)) as [
      number,
      number,
      number,
    ];
    if (address < KERNEL_AT || address + size > KERNEL_END)
      throw new ModuleProblem("`kernel.img` has a section outside the memory that GRUB's kernel may use");
    if (type === SHT_NOBITS) continue;
    if (offset + size > bytes.length) throw new ModuleProblem("`kernel.img` has a section outside the file");
    memory.set(bytes.subarray(offset, offset + size), address - KERNEL_AT);
    end = Math.max(end, address - KERNEL_AT + size);
  }
  if (end === 0) throw new ModuleProblem("`kernel.img` has no content");
  return memory.subarray(0, Math.ceil(end / 4) * 4);
}

/** @throws ModuleProblem unless the bytes begin as a module that GRUB's kernel loads */
export function requireModule(bytes: Uint8Array, name: string): void {
  requireElf(bytes, { name, type: TYPE_RELOCATABLE });
}

function requireElf(bytes: Uint8Array, { name, type }: { name: string; type: number }): void {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  const isElf =
    bytes.length >= ELF_HEADER &&
    view.toString("latin1", 0, 6) === "\x7fELF\x01\x01" &&
    view.readUInt16LE(16) === type &&
    view.readUInt16LE(18) === MACHINE_386;
  if (isElf) return;
  const kind = type === TYPE_EXECUTABLE ? "program" : "module";
  throw new ModuleProblem(`\`${name}\` is not a 32-bit ELF ${kind} for x86`);
}
