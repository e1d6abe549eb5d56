/** Findings about what an image holds, clauses C1 to C5, C8 and C9. */
export const IMAGE_FINDINGS = {
  F_KERNEL_MISSING: {
    severity: "error",
    title: "no kernel",
    why: "Without a kernel nothing boots.",
    fix: "Install a kernel in the image so that it lies at `/usr/lib/modules/KVER/vmlinuz`.",
  },
  F_KERNEL_UNKNOWN: {
    severity: "error",
    title: "the chosen kernel is not in the image",
    why: "`--kernel` must name a module directory that holds a `vmlinuz`.",
    fix: "Choose one of the kernels that the image has, or leave `--kernel` out.",
  },
  F_KERNEL_SEVERAL: {
    severity: "note",
    title: "several kernels",
    why: "Only one kernel boots from the ISO: the newest that has an initramfs.",
    fix: "Choose another one with `--kernel KVER`, or remove the spare ones from the image to make the ISO smaller.",
  },
  F_INITRAMFS_MISSING: {
    severity: "error",
    title: "no initramfs",
    why: "The kernel cannot find the root file system on the medium without an initramfs.",
    fix: "Make it in the image: `dracut --no-hostonly --add dmsquash-live --kver KVER /usr/lib/modules/KVER/initramfs.img`.",
  },
  F_VENDOR_MISSING: {
    severity: "error",
    title: "no UEFI vendor",
    why: "The signed boot loaders lie in a directory named after the vendor.",
    fix: "Install the distribution's `shim` package in the image.",
  },
  F_VENDOR_UNKNOWN: {
    severity: "error",
    title: "the chosen vendor is not in the image",
    why: "`--vendor` must name a directory that holds EFI binaries.",
    fix: "Choose one of the vendors that the image has, or leave `--vendor` out.",
  },
  F_VENDOR_SEVERAL: {
    severity: "note",
    title: "several UEFI vendors",
    why: "Only one vendor's boot loaders go onto the ISO: the first that has them all.",
    fix: "Choose another one with `--vendor NAME`.",
  },
  F_SHIM_MISSING: {
    severity: "error",
    title: "no shim",
    why: "UEFI firmware starts shim, which starts GRUB; without it nothing boots on UEFI.",
    fix: "Install `shim-x64` (Fedora, CentOS) or `shim-signed` (Debian, Ubuntu) in the image.",
  },
  F_GCD_MISSING: {
    severity: "error",
    title: "no GRUB for optical media",
    why: "`gcd*.efi` is the build of GRUB that looks for its menu on optical media and USB sticks.",
    fix: "Install `grub2-efi-x64-cdboot` (Fedora, CentOS) or `grub-efi-amd64-signed` (Debian, Ubuntu) in the image.",
  },
  F_MM_MISSING: {
    severity: "warning",
    title: "no MOK manager",
    why: "Without it nobody can enrol a key for their own kernel modules from this ISO.",
    fix: "Install the package of shim that holds `mmx64.efi`.",
  },
  F_BIOS_MODULES_MISSING: {
    severity: "error",
    title: "no GRUB modules for BIOS",
    why: "Booting on BIOS needs GRUB's modules from the image.",
    fix: "Install `grub2-pc-modules` (Fedora, CentOS) or `grub-pc-bin` (Debian, Ubuntu) in the image, or ask for a UEFI-only ISO with `--no-bios`.",
  },
  F_FONT_MISSING: {
    severity: "warning",
    title: "no GRUB font",
    why: "Without `unicode.pf2` the menu stays in text mode, and letters outside ASCII are not shown.",
    fix: "Install `grub2-common` (Fedora, CentOS) or `grub-common` (Debian, Ubuntu) in the image.",
  },
  F_ISO_YAML_TWICE: {
    severity: "note",
    title: "two `iso.yaml` files",
    why: "Only `/usr/lib/image-builder/bootc/iso.yaml` is read where both exist.",
    fix: "Remove the one that is not meant.",
  },
  F_PAYLOAD_MOUNT: {
    severity: "warning",
    title: "payload, but no `fuse-overlayfs`",
    why: "The live system's root is an overlayfs, and podman refuses a storage on one without `fuse-overlayfs`.",
    fix: "Install `fuse-overlayfs` in the image.",
  },
  F_NO_USR: {
    severity: "error",
    title: "no `/usr` directory",
    why: "dracut knows a root file system by its `/usr` directory, and would not boot this one.",
    fix: "Check that the reference names an operating system image.",
  },
} as const;
