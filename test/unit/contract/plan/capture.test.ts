import { expect, test } from "bun:test";
import { toBytePath } from "../../../../internal/bytes/byte-path.ts";
import { mayBePiece } from "../../../../internal/contract/plan/capture.ts";

const captured = (path: string) => mayBePiece(toBytePath(path));

test.each([
  "usr/lib/modules/6.10.3-200.fc40.x86_64/vmlinuz",
  "usr/lib/modules/6.10/initramfs.img",
  "usr/lib/module/6.10/vmlinuz",
  "lib/modules/6.10/vmlinuz",
  "usr/lib/efi/shim/15.8/EFI/fedora/shimx64.efi",
  "usr/lib/efi/grub2/2.12/EFI/fedora/gcdx64.efi",
  "usr/lib/bootupd/updates/EFI/fedora/mmx64.efi",
  "boot/efi/EFI/fedora/gcdx64.efi",
  "boot/vmlinuz-6.10",
  "boot/initrd.img-6.10",
  "boot/initramfs-6.10.img",
  "usr/lib/shim/shimx64.efi.signed",
  "usr/lib/shim/mmx64.efi",
  "usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
  "usr/lib/grub/arm64-efi/monolithic/gcdaa64.efi",
  "usr/lib/grub/i386-pc/iso9660.mod",
  "usr/share/grub/unicode.pf2",
  "usr/share/grub2/unicode.pf2",
  "etc/os-release",
  "usr/lib/os-release",
  "usr/lib/bootc-image-builder/iso.yaml",
  "usr/lib/image-builder/bootc/iso.yaml",
])("%s is kept from the first reading on", (path) => expect(captured(path)).toBe(true));

test.each([
  "usr/bin/bash",
  "usr/lib/modules/6.10/kernel/fs/ext4/ext4.ko.xz",
  "usr/lib/modules/6.10/build/vmlinuz",
  "usr/lib/grub/x86_64-efi/iso9660.mod",
  "home/boot/vmlinuz",
  "boot/grub2/grub.cfg",
  "usr/lib/firmware/vmlinuz",
  "etc/os-release.d/x",
])("%s is not", (path) => expect(captured(path)).toBe(false));
