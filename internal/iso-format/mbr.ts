/** The master boot record in front of a GPT (UEFI 2.10, 5.2.3). */
import { BLOCK } from "./units.ts";

export const MBR = {
  /** Offset of the field with the block of the core image in GRUB's code. */
  loaderPointer: 432,
  table: 446,
  entry: 16,
  signature: 510,
  /** Type of the entry that protects a GPT. */
  protective: 0xee,
  active: 0x80,
} as const;

/** GRUB's `boot_hybrid.img` finds the core image at this many blocks after its first one: it skips the CD's own part. */
export const GRUB_CORE_BLOCKS = 4;

/** Heads and sectors for counting cylinders: one MiB for each cylinder. */
const GEOMETRY = { heads: 64, sectors: 32, cylinders: 1024 };

interface MbrFields {
  /** Length of the whole disk in blocks of 512 bytes. */
  blocks: number;
  /** Code of `boot_hybrid.img`, and the sector of the El Torito image that it starts. */
  loader: { code: Uint8Array; image: number } | undefined;
  /** Whether the MBR has the active entry of type 0 that some BIOSes require. */
  active: boolean;
}

export function encodeMbr({ blocks, loader, active }: MbrFields): Uint8Array {
  const bytes = new Uint8Array(BLOCK);
  const view = new DataView(bytes.buffer);
  if (loader !== undefined) {
    bytes.set(loader.code.subarray(0, MBR.loaderPointer));
    view.setBigUint64(MBR.loaderPointer, BigInt(loader.image * 4 + GRUB_CORE_BLOCKS), true);
  }
  const count = Math.min(blocks - 1, 0xffff_ffff);
  const entries = [{ status: 0, type: MBR.protective as number, start: 1, count }];
  if (active) entries.push({ status: MBR.active, type: 0, start: 0, count: 1 });
  for (const [index, { status, type, start, count }] of entries.entries()) {
    const at = MBR.table + index * MBR.entry;
    bytes[at] = status;
    bytes.set(cylinderHeadSector(start), at + 1);
    bytes[at + 4] = type;
    bytes.set(cylinderHeadSector(start + count - 1), at + 5);
    view.setUint32(at + 8, start, true);
    view.setUint32(at + 12, count, true);
  }
  view.setUint16(MBR.signature, 0xaa55, true);
  return bytes;
}

/** A block's address for old BIOSes. Blocks beyond the last cylinder have the last address. */
function cylinderHeadSector(block: number): number[] {
  const { heads, sectors, cylinders } = GEOMETRY;
  const cylinder = Math.floor(block / (heads * sectors));
  if (cylinder >= cylinders) return [0xfe, 0xff, 0xff];
  const head = Math.floor(block / sectors) % heads;
  return [head, ((cylinder >> 8) << 6) | ((block % sectors) + 1), cylinder & 0xff];
}
