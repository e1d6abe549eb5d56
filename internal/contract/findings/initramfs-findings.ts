import { BOOT_WAYS } from "./boot-claims.ts";
import type { FindingText } from "./finding.ts";

const BUILD_AGAIN =
  "Build it again in the image: `dracut --no-hostonly --add dmsquash-live --kver KVER /usr/lib/modules/KVER/initramfs.img`.";

/** Findings about what the initramfs holds. */
export const INITRAMFS_FINDINGS = {
  F_INITRAMFS_UNREADABLE: {
    severity: "warning",
    title: "the initramfs is damaged, or has a format that no kernel reads",
    why: "The kernel reports `Initramfs unpacking failed` and continues with the files unpacked so far, which rarely boots.",
    fix: "Build the initramfs again in the image, compressed with gzip, zstd, `xz --check=crc32` or `lz4 -l`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_CLOSED: {
    severity: "note",
    title: "platter cannot read the files of the initramfs",
    why: "platter cannot check whether it finds the root file system on the medium.",
    fix: "Make the initramfs with zstd or gzip and without dracut's `squash` modules, or try the ISO with `platter boot`.",
    boot: { effect: "limits", ways: BOOT_WAYS },
  },
  F_INITRAMFS_NO_LIVE: {
    severity: "warning",
    title: "no live support in the initramfs",
    why: "Something in the initramfs must find the medium, mount `/LiveOS/squashfs.img` and put an overlay over it.",
    fix: BUILD_AGAIN,
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_OWN_INIT: {
    severity: "note",
    title: "the initramfs has an `init` of its own",
    why: "That program must find the medium, mount `/LiveOS/squashfs.img` and put an overlay over it; platter cannot check that.",
    fix: "Try the ISO with `platter boot`, or build the initramfs with dracut's `dmsquash-live`.",
    boot: { effect: "limits", ways: BOOT_WAYS },
  },
  F_INITRAMFS_ARGUMENT: {
    severity: "warning",
    title: "a kernel argument asks for what the initramfs lacks",
    why: "No program in the initramfs understands that argument, so the root file system is not found.",
    fix: BUILD_AGAIN,
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_LIVE_BOOT: {
    severity: "warning",
    title: "live-boot or casper does not find the squashfs",
    why: "Both look for files named `*.squashfs`, but the ISO has `/LiveOS/squashfs.img`, as dracut expects.",
    fix: "Make the initramfs with dracut's `dmsquash-live` (`dracut-live` in Debian and Ubuntu), and boot with `root=live:CDLABEL=LABEL rd.live.image`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_OVERLAY: {
    severity: "warning",
    title: "dracut needs `rd.live.overlay.overlayfs=1`",
    why: "This dracut puts an overlay over a plain squashfs only if the argument asks for it, and stops otherwise (`failed to resolve '/run/overlayfs'`).",
    fix: "Add `rd.live.overlay.overlayfs=1` to `kernel_args` in `iso.yaml`; other versions of dracut ignore it.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_NESTED_LIVEOS: {
    severity: "warning",
    title: "a directory `/LiveOS` in the image",
    why: "dracut then takes the squashfs for a wrapper around `/LiveOS/rootfs.img`, not for a root file system.",
    fix: "Remove `/LiveOS` from the image, or leave it out with `--exclude LiveOS`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_KERNEL: {
    severity: "warning",
    title: "the initramfs was made for another kernel",
    why: "A kernel loads only modules that were built with it, so it would have no drivers for the medium.",
    fix: BUILD_AGAIN,
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_MODULES: {
    severity: "warning",
    title: "modules for the live medium are missing in the initramfs",
    why: "The kernel needs `isofs` to read the medium, `loop` and `squashfs` to mount the root file system, and `overlay` to make it writable.",
    fix: BUILD_AGAIN,
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_OPTICAL: {
    severity: "warning",
    title: "no driver for optical drives in the initramfs",
    why: "Without it the ISO does not boot from a CD or DVD, real or virtual.",
    fix: BUILD_AGAIN,
    boot: { effect: "limits", ways: BOOT_WAYS },
  },
  F_INITRAMFS_USB: {
    severity: "warning",
    title: "no driver for USB storage in the initramfs",
    why: "Without it the ISO does not boot from a USB stick.",
    fix: BUILD_AGAIN,
    boot: { effect: "limits", ways: BOOT_WAYS },
  },
  F_INITRAMFS_USB_SOME: {
    severity: "note",
    title: "not all drivers for USB storage are in the initramfs",
    why: "Fast drives use UAS, and machines from before 2012 have only EHCI ports: without these drivers the ISO does not boot there.",
    fix: BUILD_AGAIN,
  },
  F_INITRAMFS_LARGE: {
    severity: "note",
    title: "a large initramfs",
    why: "GRUB reads all of it into memory: that takes minutes from a slow stick, and some firmware runs out of memory.",
    fix: "Leave firmware and drivers for graphics out of it; the root file system has them.",
  },
  F_INITRAMFS_VENTOY: {
    severity: "note",
    title: "the initramfs cannot boot from an ISO file on a stick",
    why: "Ventoy and GRUB's loopback start an ISO file on a stick: dracut finds it with `iso-scan`, and reads Ventoy's sticks with `exfat`.",
    fix: "Add `--add-drivers exfat` to the dracut call to support this; `iso-scan` comes with `dmsquash-live`.",
  },
} as const satisfies Record<string, FindingText>;
