import { efiSuffix, GRUB_BIOS_PLATFORM, mokManagerPath, removableLoader } from "../base/architecture.ts";
import type { IsoPieces, SizedFile } from "../contract/plan/plan.ts";
import { INITRD_PATH, KERNEL_PATH } from "../grub/menu-model.ts";

/** A file of the image or the host, and its path on the ISO, which holds the same bytes. */
interface PlannedFile<P> {
  /** Absolute path on the ISO. */
  isoPath: string;
  piece: P;
}

/** The pieces of the image and the files of the host that the ISO holds unchanged, boot loaders first. */
export function plannedFiles<P extends SizedFile>(pieces: IsoPieces<P>): PlannedFile<P>[] {
  const { architecture, efi, font, kernel, bios, added } = pieces;
  const suffix = efiSuffix(architecture);
  const files: PlannedFile<P>[] = [
    { isoPath: `/EFI/BOOT/${removableLoader(architecture)}`, piece: efi.shim },
    { isoPath: `/EFI/BOOT/grub${suffix}.efi`, piece: efi.grub },
    { isoPath: KERNEL_PATH, piece: kernel.vmlinuz },
    { isoPath: INITRD_PATH, piece: kernel.initramfs },
  ];
  if (efi.mm !== null) files.push({ isoPath: mokManagerPath(architecture), piece: efi.mm });
  if (font !== null) files.push({ isoPath: "/EFI/BOOT/fonts/unicode.pf2", piece: font });
  for (const piece of bios?.modules ?? []) {
    const name = piece.file.split("/").pop()!;
    // Images are only parts of the core image. GRUB loads only modules and their lists from the medium.
    if (!name.endsWith(".img")) files.push({ isoPath: `/boot/grub2/${GRUB_BIOS_PLATFORM}/${name}`, piece });
  }
  for (const piece of added ?? []) files.push({ isoPath: piece.isoPath, piece });
  return files;
}
