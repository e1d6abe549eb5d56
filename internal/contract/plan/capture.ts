import { GRUB_BIOS_PLATFORM } from "../../base/architecture.ts";
import type { BytePath } from "../../bytes/byte-path.ts";

/**
 * Paths of the contract's pieces (clauses C1 to C5, C8 to C10), and of texts for findings. A source that reads an image
 * in passes keeps the content of these files in the first pass. A piece at another path, through a symlink, needs
 * another pass.
 */
const CAPTURED = new RegExp(
  [
    /^(?:usr\/)?lib\/modules?\/[^/]+\/(?:vmlinuz|initramfs\.img|modules\.builtin|config)$/,
    /^usr\/lib\/efi\/|^usr\/lib\/bootupd\/updates\/EFI\/|^boot\/efi\/EFI\/|^usr\/lib\/shim\//,
    /^boot\/(?:vmlinuz|initrd|initramfs|config)[^/]*$/,
    new RegExp(`^usr/lib/grub/${GRUB_BIOS_PLATFORM}/`),
    /^usr\/lib\/grub\/[^/]+-signed\/|^usr\/lib\/grub\/[^/]+\/monolithic\//,
    /^usr\/share\/grub2?\/[^/]+\.pf2$/,
    /^(?:usr\/lib|etc)\/os-release$|^usr\/lib\/(?:bootc-image-builder|image-builder\/bootc)\/iso\.yaml$/,
    /^etc\/selinux\/config$|^etc\/(?:fstab|machine-id)$|^var\/lib\/dbus\/machine-id$/,
    /^etc\/selinux\/[^/]+\/contexts\/files\/file_contexts(?:\.(?:homedirs|local|subs|subs_dist))?$/,
    /^(?:usr\/)?lib(?:64|\/[^/]+)?\/libselinux\.so\.1$/,
    /^(?:var|usr)\/lib\/containers\/storage\/overlay-(?:images\/images|layers\/layers)\.json$/,
    /^var\/lib\/containers\/storage\/overlay\/[^/]+\/(?:link|lower)$/,
    /^sysroot\/ostree\/repo\/objects\/[^/]+\/[^/]+\.file-xattrs$/,
  ]
    .map(({ source }) => source)
    .join("|"),
);

/** Whether a file's content may be needed for the plan. */
export function mayBePiece(path: BytePath): boolean {
  return CAPTURED.test(path);
}
