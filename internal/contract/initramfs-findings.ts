import { BOOT_WAYS } from "./boot-claims.ts";
import type { FindingText } from "./finding.ts";

const BUILD_AGAIN =
  "Build it again in the image: `dracut --no-hostonly --add dmsquash-live --kver KVER /usr/lib/modules/KVER/initramfs.img`.";

/** Findings about what the initramfs holds. */
export const INITRAMFS_FINDINGS = {
  F_INITRAMFS_UNREADABLE: {
    severity: "warning",
    title: "the initramfs is damaged, or of a kind that no kernel unpacks",
    why: "The kernel says `Initramfs unpacking failed` and goes on with what it has got by then, which rarely boots.",
    fix: "Build the initramfs again in the image, compressed with gzip, zstd, `xz --check=crc32` or `lz4 -l`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_CLOSED: {
    severity: "note",
    title: "the initramfs cannot be looked into",
    why: "platter cannot tell whether it finds the root file system on the medium.",
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
    why: "That program must find the medium, mount `/LiveOS/squashfs.img` and put an overlay over it; platter cannot see whether it does.",
    fix: "Try the ISO with `platter boot`, or build the initramfs with dracut's `dmsquash-live`.",
    boot: { effect: "limits", ways: BOOT_WAYS },
  },
  F_INITRAMFS_ARGUMENT: {
    severity: "warning",
    title: "a kernel argument asks for what the initramfs lacks",
    why: "Nothing in the initramfs knows what to do with that argument, so it does not find the root file system.",
    fix: BUILD_AGAIN,
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_LIVE_BOOT: {
    severity: "warning",
    title: "live-boot or casper does not find the squashfs",
    why: "Both look for files named `*.squashfs`, and the ISO has `/LiveOS/squashfs.img`, where dracut looks for it.",
    fix: "Make the initramfs with dracut's `dmsquash-live` (`dracut-live` in Debian and Ubuntu), and boot with `root=live:CDLABEL=LABEL rd.live.image`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_OVERLAY: {
    severity: "warning",
    title: "dracut needs `rd.live.overlay.overlayfs=1`",
    why: "This dracut puts an overlay over a plain squashfs only where the argument asks for it, and stops without one (`failed to resolve '/run/overlayfs'`).",
    fix: "Add `rd.live.overlay.overlayfs=1` to `kernel_args` in `iso.yaml`; other versions of dracut do not mind it.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_NESTED_LIVEOS: {
    severity: "warning",
    title: "a directory `/LiveOS` in the image",
    why: "dracut takes the squashfs for a wrapper around `/LiveOS/rootfs.img` then, and does not take it for a root file system.",
    fix: "Remove `/LiveOS` from the image, or leave it out with `--exclude LiveOS`.",
    boot: { effect: "breaks", ways: BOOT_WAYS },
  },
  F_INITRAMFS_KERNEL: {
    severity: "warning",
    title: "the initramfs is another kernel's",
    why: "A kernel loads only modules that were built with it, and so would have no drivers for the medium.",
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
    why: "Without it the ISO does not boot from a CD or DVD, nor from the virtual one of a virtual machine.",
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
    why: "Fast drives speak UAS, and machines of before 2012 have EHCI ports alone: from those it does not boot.",
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
    title: "booting from within a file is not prepared",
    why: "Ventoy and GRUB's loopback start the ISO from a file on a stick: dracut finds it there by `iso-scan`, and reads Ventoy's sticks with `exfat`.",
    fix: "Add `--add-drivers exfat` to the call of dracut, if people are to use the ISO that way; `iso-scan` comes with `dmsquash-live`.",
  },
} as const satisfies Record<string, FindingText>;
