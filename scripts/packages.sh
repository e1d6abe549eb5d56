# shellcheck shell=bash
# Debian packages by what they are for; sourced by the other scripts.

# What platter itself calls.
# shellcheck disable=SC2034
RUN_PACKAGES=(squashfs-tools xorriso grub-common bubblewrap)
# What the small live image is made with.
# shellcheck disable=SC2034
FIXTURE_PACKAGES=(cpio zstd libcap2-bin)
# What judges the results.
# shellcheck disable=SC2034
TEST_PACKAGES=(
  podman buildah skopeo uidmap fuse-overlayfs mmdebstrap
  grub-pc-bin grub-emu grub-efi-amd64-bin grub-efi-amd64-signed shim-signed
  qemu-system-x86 ovmf mtools dosfstools isomd5sum genisoimage isolinux erofs-utils
  sbsigntool openssl fdisk xfsprogs btrfs-progs file binutils attr acl xz-utils bzip2 lz4 git shellcheck procps
  faketime strace
)

# Installs what is missing of the packages named.
install_packages() {
  local missing=() package
  for package in "$@"; do
    dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q '^install ok installed$' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" != 0 ]; then
    printf 'These packages are missing; install them, or run this as root:\n  apt-get install %s\n' "${missing[*]}" >&2
    return 1
  fi
  printf 'Installing %s\n' "${missing[*]}" >&2
  apt-get update -q >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends "${missing[@]}" >&2
}

# Installs the packages from npm, the compiler among them.
install_modules() {
  if ! [ -x node_modules/.bin/bun ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    npm ci --no-fund --no-audit >&2
  fi
}
