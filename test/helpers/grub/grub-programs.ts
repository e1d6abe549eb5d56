/** GRUB's images and modules for BIOS, made by code: a core image can be put together from them, and does nothing. */
import { seededNoise } from "../noise.ts";

/** Where GRUB's kernel is in memory. */
const KERNEL_ADDRESS = 0x9000;

/** Modules of a core image for optical media, the modules that they need, and `normal`, by name. */
const DEPENDENCIES = {
  biosdisk: [],
  fshelp: [],
  iso9660: ["fshelp"],
  normal: [],
  part_gpt: [],
} as const satisfies Record<string, readonly string[]>;

/** The files of `i386-pc`, by name. */
export function grubForBios(): Record<string, Uint8Array> {
  const files: Record<string, Uint8Array> = {
    "boot_hybrid.img": bootSector(1),
    "cdboot.img": seededNoise(2048, 2),
    "diskboot.img": diskboot(),
    "lzma_decompress.img": decompressor(),
    "kernel.img": kernel(),
  };
  const lines = Object.entries(DEPENDENCIES).map(([name, needs]) => `${[`${name}:`, ...needs].join(" ")}\n`);
  files["moddep.lst"] = Buffer.from(lines.join(""));
  for (const [seed, name] of Object.keys(DEPENDENCIES).entries()) {
    files[`${name}.mod`] = elf({
      type: 1,
      sections: [text(0, Buffer.from(`module ${name} `.repeat(80 + seed)))],
    });
  }
  return files;
}

/** A boot sector with room for the place of the core image, and the signature. */
function bootSector(seed: number): Uint8Array {
  const sector = seededNoise(512, seed);
  sector.fill(0, 0x1b0);
  sector.set([0x55, 0xaa], 510);
  return sector;
}

/** The first sector of the core image proper. It ends with a block list entry: first sector, length, segment. */
function diskboot(): Uint8Array {
  const sector = Buffer.from(seededNoise(512, 3));
  sector.writeBigUInt64LE(2n, 500);
  sector.writeUInt16LE(0, 508);
  sector.writeUInt16LE(0x820, 510);
  return sector;
}

/** The decompressor: the two sizes at 8 and 12 are filled in later. */
function decompressor(): Uint8Array {
  const image = seededNoise(2800, 4);
  image.fill(0, 8, 16);
  return image;
}

function kernel(): Uint8Array {
  const code = Buffer.concat([
    Buffer.from("GRUB  version 2.12\0"),
    Buffer.from("kernel code ".repeat(900)),
    seededNoise(5001, 5),
  ]);
  const data = Buffer.from("kernel data ".repeat(101));
  const dataAddress = KERNEL_ADDRESS + Math.ceil(code.length / 32) * 32;
  const writable = { name: ".data", type: 1, flags: FLAGS.data, address: dataAddress, content: data };
  const bss = { name: ".bss", type: 8, flags: FLAGS.data, content: new Uint8Array(0), size: 8192 };
  const sections = [
    text(KERNEL_ADDRESS, code),
    { ...writable, size: data.length },
    { ...bss, address: dataAddress + 4096 },
  ];
  return elf({ type: 2, sections });
}

interface Section {
  name: string;
  /** 1 has content (PROGBITS), 8 has none (NOBITS). */
  type: number;
  flags: number;
  address: number;
  content: Uint8Array;
  size: number;
}

/** SHF_ALLOC with SHF_EXECINSTR, and with SHF_WRITE. */
const FLAGS = { text: 6, data: 3 };

function text(address: number, content: Uint8Array): Section {
  return { name: ".text", type: 1, flags: FLAGS.text, address, content, size: content.length };
}

const [HEADER, SECTION_HEADER, SYMBOL] = [52, 40, 16];

/** An ELF file for 32 bit x86 (System V ABI, chapter 4): type 1 can be relocated, 2 is a program. */
function elf({ type, sections }: { type: number; sections: readonly Section[] }): Uint8Array {
  const names = Buffer.from(
    `\0${[...sections.map(({ name }) => name), ".symtab", ".shstrtab"].join("\0")}\0`,
  );
  const nameAt = (name: string) => names.indexOf(`\0${name}\0`) + 1;
  const bodies: Uint8Array[] = [];
  let end = HEADER;
  const place = (content: Uint8Array): number => {
    const at = end;
    const padded = Buffer.alloc(Math.ceil(content.length / 4) * 4);
    padded.set(content);
    bodies.push(padded);
    end += padded.length;
    return at;
  };
  const rows: number[][] = [[0, 0, 0, 0, 0, 0, 0, 0, 0, 0]];
  for (const { name, type: kind, flags, address, content, size } of sections)
    rows.push([nameAt(name), kind, flags, address, place(content), size, 0, 0, 4, 0]);
  const strings = rows.length + 1;
  rows.push([nameAt(".symtab"), 2, 0, 0, place(new Uint8Array(SYMBOL)), SYMBOL, strings, 1, 4, SYMBOL]);
  rows.push([nameAt(".shstrtab"), 3, 0, 0, place(names), names.length, 0, 0, 1, 0]);
  const header = Buffer.alloc(HEADER);
  header.set([0x7f, 0x45, 0x4c, 0x46, 1, 1, 1]);
  header.writeUInt16LE(type, 16);
  header.writeUInt16LE(3, 18);
  header.writeUInt32LE(1, 20);
  header.writeUInt32LE(type === 2 ? KERNEL_ADDRESS : 0, 24);
  header.writeUInt32LE(end, 32);
  header.writeUInt16LE(HEADER, 40);
  header.writeUInt16LE(SECTION_HEADER, 46);
  header.writeUInt16LE(rows.length, 48);
  header.writeUInt16LE(rows.length - 1, 50);
  const table = Buffer.alloc(SECTION_HEADER * rows.length);
  for (const [index, row] of rows.entries())
    for (const [field, value] of row.entries())
      table.writeUInt32LE(value, SECTION_HEADER * index + 4 * field);
  return Buffer.concat([header, ...bodies, table]);
}
