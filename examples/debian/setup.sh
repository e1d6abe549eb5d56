#!/bin/sh
# Runs in the container, after the packages are there.
set -eu

# Kernel and initramfs lie together where they are looked for.
kver=$(find /usr/lib/modules -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
mv "/boot/vmlinuz-$kver" "/usr/lib/modules/$kver/vmlinuz"
rm -f /boot/initrd.img* /boot/vmlinuz* /vmlinuz* /initrd.img*
# The container is not the machine that boots, so the initramfs takes every driver, and finds its root on the ISO.
dracut --force --no-hostonly --zstd --add dmsquash-live --kver "$kver" "/usr/lib/modules/$kver/initramfs.img"

useradd --create-home --groups sudo --shell /bin/bash liveuser
passwd --delete liveuser
chmod 440 /etc/sudoers.d/liveuser
# Each machine makes an id of its own when it boots.
: >/etc/machine-id
