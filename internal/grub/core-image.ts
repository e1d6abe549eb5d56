import { encodeLzma } from "../lzma/encode.ts";
import { badModules, ModuleProblem } from "./core-error.ts";
import { kernelMemory } from "./kernel-image.ts";
import { type ModuleFolder, requireFile } from "./module-folder.ts";
import { resolveModules } from "./modules.ts";

/** Modules that the core image needs to reach the medium. The rest is loaded from `/boot/grub2/i386-pc`. */
const CORE_MODULES = ["biosdisk", "part_gpt", "iso9660"];
const PREFIX = "/boot/grub2\0";

/** The parameters that GRUB's decompressor expects. */
const LZMA = { lc: 3, lp: 0, pb: 2, dictionary: 64 * 1024 };

/** Bytes of the programs that load the rest, from a CD and from a disk. */
const CDBOOT_SIZE = 2048;
const DISKBOOT_SIZE = 512;
const SECTOR = 512;
/** In `diskboot.img`: 16 bits, sectors of the only block list. */
const DISKBOOT_LENGTH_AT = 508;
/** In `lzma_decompress.img`: 32 bits each, lengths in bytes of the stream and of its content. */
const COMPRESSED_SIZE_AT = 0x08;
const UNCOMPRESSED_SIZE_AT = 0x0c;
/** The BIOS loads the rest of the image to the first address. The kernel must not come before the second. */
const LOADED_AT = 0x8200;
const KERNEL_AT = 0x9000;
/** The lowest address at which memory of the BIOS may begin. */
const UPPER_LIMIT = 0x78000;

/** Most bytes before compression: twenty times the size that GRUB needs. Compressing them takes less than a second. */
const MAX_PAYLOAD = 1024 * 1024;

/** `mimg`, and the types of objects: an ELF module, the prefix. */
const MODULES_MAGIC = 0x676d696d;
const MODULES_HEADER = 12;
const TYPE_ELF = 0;
const TYPE_PREFIX = 3;

/**
 * GRUB's core image for BIOS El Torito (format `i386-pc-eltorito`) from a folder of GRUB's modules. Modules come from an
 * image that is not trusted: all sizes are bounded. The same modules give the same bytes.
 * @throws PlatterError `E_GRUB_MODULES`
 */
export function makeCoreImage(folder: ModuleFolder): Uint8Array {
  try {
    return assemble(folder);
  } catch (error) {
    throw error instanceof ModuleProblem ? badModules(folder.place, error) : error;
  }
}

function assemble(folder: ModuleFolder): Uint8Array {
  const cdboot = fileOfSize(folder, "cdboot.img", CDBOOT_SIZE);
  const diskboot = Buffer.from(fileOfSize(folder, "diskboot.img", DISKBOOT_SIZE));
  const decompressor = Buffer.from(requireFile(folder, "lzma_decompress.img"));
  const payload = corePayload(folder);
  if (payload.length > MAX_PAYLOAD)
    throw new ModuleProblem(
      `kernel and modules have ${payload.length} bytes, and at most ${MAX_PAYLOAD} are taken`,
    );
  const stream = encodeLzma(payload, LZMA);
  const room = KERNEL_AT - LOADED_AT;
  const least = UNCOMPRESSED_SIZE_AT + 4;
  if (decompressor.length < least || decompressor.length > room) {
    const bound = decompressor.length < least ? `at least ${least} are needed` : `at most ${room} fit`;
    throw new ModuleProblem(`\`lzma_decompress.img\` has ${decompressor.length} bytes, and ${bound}`);
  }
  const size = decompressor.length + stream.length;
  if (KERNEL_AT + size > UPPER_LIMIT)
    throw new ModuleProblem(
      `it would have ${size} bytes, and a BIOS can load at most ${UPPER_LIMIT - KERNEL_AT}`,
    );
  diskboot.writeUInt16LE(Math.ceil(size / SECTOR), DISKBOOT_LENGTH_AT);
  decompressor.writeUInt32LE(stream.length, COMPRESSED_SIZE_AT);
  decompressor.writeUInt32LE(payload.length, UNCOMPRESSED_SIZE_AT);
  return Buffer.concat([cdboot, diskboot, decompressor, stream]);
}

/** The memory after decompression: the kernel, then modules and prefix. */
function corePayload(folder: ModuleFolder): Uint8Array {
  const kernel = kernelMemory(requireFile(folder, "kernel.img"));
  const parts = resolveModules(folder, CORE_MODULES).map((module) => object(TYPE_ELF, module));
  parts.push(object(TYPE_PREFIX, Buffer.from(PREFIX)));
  const header = Buffer.alloc(MODULES_HEADER);
  const size = parts.reduce((sum, part) => sum + part.length, header.length);
  header.writeUInt32LE(MODULES_MAGIC, 0);
  header.writeUInt32LE(header.length, 4);
  header.writeUInt32LE(size, 8);
  return Buffer.concat([kernel, header, ...parts]);
}

/** A type, a size that includes this header, and the content, padded to a multiple of 4. */
function object(type: number, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(8 + Math.ceil(content.length / 4) * 4);
  bytes.writeUInt32LE(type, 0);
  bytes.writeUInt32LE(bytes.length, 4);
  bytes.set(content, 8);
  return bytes;
}

function fileOfSize(folder: ModuleFolder, name: string, size: number): Uint8Array {
  const bytes = requireFile(folder, name);
  if (bytes.length === size) return bytes;
  throw new ModuleProblem(`\`${name}\` has ${bytes.length} bytes instead of ${size}`);
}
