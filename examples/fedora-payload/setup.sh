#!/usr/bin/bash
# Runs in the container, after the packages are there.
set -euo pipefail

# On a bootc system /root leads into /var, which is empty in the image.
mkdir -p "$(realpath --canonicalize-missing /root)"

# The container is not the machine that boots, so the initramfs takes every driver, and finds its root on the ISO.
kver=$(find /usr/lib/modules -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
DRACUT_NO_XATTR=1 dracut --force --no-hostonly --zstd --add dmsquash-live --kver "$kver" \
  "/usr/lib/modules/$kver/initramfs.img"

# The installer is all that runs: nothing is updated, and nobody is asked to set this system up.
systemctl mask bootc-fetch-apply-updates.timer bootloader-update.service systemd-firstboot.service
