import { type EfiProgram, readEfiProgram } from "./efi-program.ts";
import { isFault } from "./pe-image.ts";

/** A kernel as its first bytes show it. */
export type KernelImage =
  | { kind: "efi"; program: EfiProgram }
  /** For x86, without what UEFI firmware would start (Linux's `Documentation/arch/x86/boot.rst`). */
  | { kind: "x86" }
  /** What is inside is not looked at. */
  | { kind: "compressed" }
  | { kind: "none"; fault: string };

const BOOT_FLAG_AT = 0x1fe;
const X86_MAGIC_AT = 0x202;

export function readKernelImage(bytes: Uint8Array): KernelImage {
  const program = readEfiProgram(bytes);
  if (!isFault(program)) return { kind: "efi", program };
  if (bytes.length > X86_MAGIC_AT + 4) {
    const magic = Buffer.from(bytes.subarray(X86_MAGIC_AT, X86_MAGIC_AT + 4)).toString("latin1");
    if (bytes[BOOT_FLAG_AT] === 0x55 && bytes[BOOT_FLAG_AT + 1] === 0xaa && magic === "HdrS")
      return { kind: "x86" };
  }
  if (bytes[0] === 0x1f && bytes[1] === 0x8b) return { kind: "compressed" };
  return { kind: "none", fault: program.fault };
}
