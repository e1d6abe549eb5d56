#!/usr/bin/env bash
# The chain of tools that image builders use, with the layout that platter's ISO has:
#
#   reference-chain.sh TREE MENU FOLDER OUT    MENU is a grub.cfg; FOLDER is for everything in between
#
# The tree is copied, squashed with mksquashfs's own settings for zstd, staged with everything else in a folder, written
# by xorrisofs, and the checksum is implanted into the finished file.
set -euo pipefail
tree=$1
menu=$2
work=$3
out=$4
label=BENCH

copy=$work/tree
iso=$work/iso
esp=$work/efiboot.img
cp -a "$tree" "$copy"
mkdir -p "$iso"/{images/pxeboot,LiveOS,EFI/BOOT/fonts,boot/grub2/i386-pc,boot/grub}
mksquashfs "$copy" "$iso/LiveOS/squashfs.img" -comp zstd -noappend -no-progress -quiet >&2

kernel=$(find "$copy/usr/lib/modules" -mindepth 2 -maxdepth 2 -name vmlinuz | head -n 1)
cp "$kernel" "$iso/images/pxeboot/vmlinuz"
cp "${kernel%/*}/initramfs.img" "$iso/images/pxeboot/initrd.img"
cp "$copy/usr/lib/shim/shimx64.efi.signed" "$iso/EFI/BOOT/BOOTX64.EFI"
cp "$copy/usr/lib/shim/mmx64.efi.signed" "$iso/EFI/BOOT/mmx64.efi"
cp "$copy/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed" "$iso/EFI/BOOT/grubx64.efi"
cp "$copy/usr/share/grub/unicode.pf2" "$iso/EFI/BOOT/fonts/"
cp "$copy"/usr/lib/grub/i386-pc/* "$iso/boot/grub2/i386-pc/"
for place in EFI/BOOT boot/grub2 boot/grub; do cp "$menu" "$iso/$place/grub.cfg"; done
grub-mkimage -O i386-pc-eltorito -d "$copy/usr/lib/grub/i386-pc" -p /boot/grub2 -o "$iso/images/eltorito.img" \
  biosdisk part_gpt iso9660

truncate -s 20M "$esp"
mkfs.vfat -n PLATTER-ESP "$esp" >&2
mcopy -s -i "$esp" "$iso/EFI" ::/

xorrisofs -quiet -o "$out" -V "$label" -sysid LINUX -iso-level 3 -r -J -joliet-long \
  --grub2-mbr "$copy/usr/lib/grub/i386-pc/boot_hybrid.img" -partition_offset 16 -appended_part_as_gpt \
  -append_partition 2 C12A7328-F81F-11D2-BA4B-00A0C93EC93B "$esp" \
  -iso_mbr_part_type EBD0A0A2-B9E5-4433-87C0-68B6B72699C7 --mbr-force-bootable -c images/boot.cat \
  -b images/eltorito.img -no-emul-boot -boot-load-size 4 -boot-info-table --grub2-boot-info \
  -eltorito-alt-boot -e --interval:appended_partition_2:all:: -no-emul-boot "$iso" >&2
implantisomd5 "$out" >&2
