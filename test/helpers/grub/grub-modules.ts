/** A folder of GRUB's modules for BIOS that is generated: the right formats, and content without meaning. */
import type { ModuleFolder } from "../../../internal/grub/module-folder.ts";

const EXECUTABLE = 2;
const RELOCATABLE = 1;
export const KERNEL_AT = 0x9000;

/** One section of an ELF file. */
export interface Section {
  type: number;
  flags: number;
  address: number;
  content: Uint8Array;
  /** Bytes in memory; default: the content's. */
  size?: number;
}

const PROGBITS = { type: 1, flags: 2 };
const NOBITS = { type: 8, flags: 2 };

/** A 32-bit ELF file for x86. */
export function elf32(type: number, sections: readonly Section[]): Buffer {
  const contents = Buffer.concat(sections.map(({ content }) => content));
  const header = Buffer.alloc(52);
  header.write("\x7fELF\x01\x01\x01", "latin1");
  header.writeUInt16LE(type, 16);
  header.writeUInt16LE(3, 18);
  header.writeUInt32LE(52 + contents.length, 32);
  header.writeUInt16LE(40, 46);
  header.writeUInt16LE(sections.length, 48);
  let offset = 52;
  const table = sections.map((section) => {
    const entry = Buffer.alloc(40);
    entry.writeUInt32LE(section.type, 4);
    entry.writeUInt32LE(section.flags, 8);
    entry.writeUInt32LE(section.address, 12);
    entry.writeUInt32LE(offset, 16);
    entry.writeUInt32LE(section.size ?? section.content.length, 20);
    offset += section.content.length;
    return entry;
  });
  return Buffer.concat([header, contents, ...table]);
}

/** Bytes with some repetition, the same for the same seed. */
export function text(seed: number, length: number): Buffer {
  const bytes = Buffer.alloc(length);
  let state = seed;
  for (let i = 0; i < length; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    // Every other run of 32 bytes repeats an earlier one.
    bytes[i] = i >= 96 && (i >> 5) % 2 === 1 ? bytes[i - 96]! : (state >>> 24) & 0x3f;
  }
  return bytes;
}

export function kernel(sections?: readonly Section[]): Buffer {
  const code = text(1, 9001);
  const data = text(2, 1003);
  return elf32(
    EXECUTABLE,
    sections ?? [
      { ...PROGBITS, address: KERNEL_AT, content: code },
      { ...PROGBITS, address: KERNEL_AT + 9216, content: data },
      { ...NOBITS, address: KERNEL_AT + 10240, content: Buffer.alloc(0), size: 4096 },
      { type: 1, flags: 0, address: 0, content: Buffer.from("a comment that is not loaded") },
    ],
  );
}

export function module(seed: number, length: number): Buffer {
  return elf32(RELOCATABLE, [{ ...PROGBITS, address: 0, content: text(seed, length) }]);
}

/** Its files by name; those of `change` replace or add some, undefined removes one. */
export function grubModules(
  change: Readonly<Record<string, Uint8Array | string | undefined>> = {},
): ModuleFolder {
  const files: Record<string, Uint8Array | string | undefined> = {
    "cdboot.img": text(3, 2048),
    "diskboot.img": text(4, 512),
    "lzma_decompress.img": text(5, 2876),
    "kernel.img": kernel(),
    "moddep.lst": "biosdisk: \nfshelp:\niso9660: fshelp\nnormal: video extcmd\npart_gpt:\n",
    "biosdisk.mod": module(6, 4001),
    "fshelp.mod": module(7, 1602),
    "iso9660.mod": module(8, 9003),
    "part_gpt.mod": module(9, 2004),
    ...change,
  };
  return {
    place: "/modules",
    read: (name) => {
      const content = files[name];
      return typeof content === "string" ? Buffer.from(content) : content;
    },
  };
}
