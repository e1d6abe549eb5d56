#!/usr/bin/bash
# Runs in the container, after the packages are there.
set -euo pipefail

# On an ostree system /root and /home lead into /var, which is empty in the image.
mkdir -p "$(realpath --canonicalize-missing /root)" "$(realpath --canonicalize-missing /home)"

# The container is not the machine that boots, so the initramfs takes every driver, and finds its root on the ISO.
kver=$(find /usr/lib/modules -mindepth 1 -maxdepth 1 -printf '%f\n' | sort -V | tail -n 1)
DRACUT_NO_XATTR=1 dracut --force --no-hostonly --zstd --add dmsquash-live --kver "$kver" \
  "/usr/lib/modules/$kver/initramfs.img"

# livesys makes liveuser, logs it in, and turns off what makes no sense on a live medium.
sed -i 's/^livesys_session=.*/livesys_session="kde"/' /etc/sysconfig/livesys
systemctl enable livesys.service livesys-late.service

# A live system is not updated, and has no owner who would set up Homebrew.
systemctl mask bootloader-update.service rpm-ostree-countme.timer uupd.timer \
  brew-setup.service ublue-system-setup.service
systemctl --global mask podman-auto-update.timer ublue-user-setup.service

# The apps are there without a network, since /var/lib/flatpak is part of the squashfs.
flatpak remote-add --system --if-not-exists flathub https://dl.flathub.org/repo/flathub.flatpakrepo
xargs --arg-file=/run/flatpaks flatpak install --system --noninteractive flathub
