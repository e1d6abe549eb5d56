import { gunzipSync } from "node:zlib";
import { compressionOf } from "../compression/compression.ts";
import { type EfiProgram, readEfiProgram } from "./efi-program.ts";
import { isFault } from "./pe-image.ts";

/** Most bytes of a kernel, compressed or not. */
export const MAX_KERNEL = 256 * 1024 * 1024;

/** The parts of a kernel's file, after decompression, that decide whether GRUB starts it. */
type KernelContent =
  | { kind: "efi"; program: EfiProgram }
  /** For x86, without a program for UEFI firmware (Linux's `Documentation/arch/x86/boot.rst`). */
  | { kind: "x86" }
  | { kind: "none"; fault: string };

export type KernelImage = KernelContent & {
  /** GRUB decompresses gzip itself, but shim checks the file as it is stored. */
  packing: "gzip" | "none";
};

const BOOT_FLAG_AT = 0x1fe;
const X86_MAGIC_AT = 0x202;

/** Reads the headers and signatures of a kernel; one that is compressed with gzip is decompressed first. */
export function readKernelImage(bytes: Uint8Array): KernelImage {
  if (compressionOf(bytes) !== "gzip") return { ...contentOf(bytes), packing: "none" };
  const plain = decompressed(bytes);
  const content = plain instanceof Uint8Array ? contentOf(plain) : plain;
  if (content.kind !== "none") return { ...content, packing: "gzip" };
  return {
    kind: "none",
    fault: `is compressed with gzip, and its content ${content.fault}`,
    packing: "gzip",
  };
}

function decompressed(bytes: Uint8Array): Uint8Array | KernelContent {
  const none = (fault: string): KernelContent => ({ kind: "none", fault });
  try {
    return gunzipSync(bytes, { maxOutputLength: MAX_KERNEL });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ERR_BUFFER_TOO_LARGE") return none("has more bytes than any kernel");
    if (code === "Z_BUF_ERROR") return none("is cut off");
    return none("cannot be decompressed");
  }
}

function contentOf(bytes: Uint8Array): KernelContent {
  const program = readEfiProgram(bytes);
  if (!isFault(program)) return { kind: "efi", program };
  if (bytes.length > X86_MAGIC_AT + 4) {
    const magic = Buffer.from(bytes.subarray(X86_MAGIC_AT, X86_MAGIC_AT + 4)).toString("latin1");
    if (bytes[BOOT_FLAG_AT] === 0x55 && bytes[BOOT_FLAG_AT + 1] === 0xaa && magic === "HdrS")
      return { kind: "x86" };
  }
  return { kind: "none", fault: program.fault };
}
