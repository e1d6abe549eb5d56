import type { BytePath } from "../image/byte-path.ts";

/**
 * Where the contract's pieces may lie (clauses C1 to C5, C8 to C10). A source that reads an image in passes keeps the
 * content of these in the first one; a piece that is reached elsewhere through a symlink costs another pass.
 */
const CAPTURED =
  /^(?:usr\/)?lib\/modules?\/[^/]+\/(?:vmlinuz|initramfs\.img|modules\.builtin|config)$|^usr\/lib\/efi\/|^usr\/lib\/bootupd\/updates\/EFI\/|^boot\/efi\/EFI\/|^boot\/(?:vmlinuz|initrd|initramfs|config)[^/]*$|^etc\/selinux\/config$|^usr\/lib\/shim\/|^usr\/lib\/grub\/i386-pc\/|^usr\/lib\/grub\/[^/]+-signed\/|^usr\/lib\/grub\/[^/]+\/monolithic\/|^usr\/share\/grub2?\/[^/]+\.pf2$|^(?:usr\/lib|etc)\/os-release$|^usr\/lib\/(?:bootc-image-builder|image-builder\/bootc)\/iso\.yaml$|^var\/lib\/containers\/storage\/overlay-(?:images\/images|layers\/layers)\.json$|^var\/lib\/containers\/storage\/overlay\/[^/]+\/(?:link|lower)$/;

/** Whether a file's content may be needed for the plan. */
export function mayBePiece(path: BytePath): boolean {
  return CAPTURED.test(path);
}
