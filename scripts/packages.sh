# shellcheck shell=bash
# Lists of Debian packages by their purpose, and functions to install them. The other scripts source this file.

# Packages to make the small live image.
# shellcheck disable=SC2034
FIXTURE_PACKAGES=(cpio zstd libcap2-bin)
# Packages to check the results.
# shellcheck disable=SC2034
TEST_PACKAGES=(
  squashfs-tools grub-common bubblewrap
  podman buildah skopeo uidmap fuse-overlayfs mmdebstrap
  grub-pc-bin grub-emu grub-efi-amd64-bin grub-efi-amd64-signed shim-signed
  qemu-system-x86 ovmf mtools dosfstools isomd5sum xorriso genisoimage libarchive-tools isolinux erofs-utils
  sbsigntool openssl fdisk gdisk xfsprogs btrfs-progs file binutils attr acl xz-utils bzip2 lz4 git shellcheck procps
  faketime strace selinux-policy-default selinux-utils policycoreutils
  zsh fish man-db mandoc python3-jsonschema
)
# Packages that scripts/release uses to make packages.
# shellcheck disable=SC2034
RELEASE_PACKAGES=(dpkg rpm xz-utils zstd ca-certificates)
# Packages that only the tests of PLATTER_TEST=full need: for machines of aarch64, packages, another C library, and pages.
# shellcheck disable=SC2034
FULL_TEST_PACKAGES=(qemu-system-arm qemu-efi-aarch64 qemu-user-static libc6-arm64-cross musl rpm chromium)

# The names of a package in Debian, Fedora, Arch and openSUSE. A dash stands for a missing package.
PACKAGE_NAMES='
squashfs-tools squashfs-tools squashfs-tools squashfs
xorriso xorriso libisoburn xorriso
grub-common grub2-tools grub grub2
bubblewrap bubblewrap bubblewrap bubblewrap
cpio cpio cpio cpio
zstd zstd zstd zstd
libcap2-bin libcap libcap libcap-progs
podman podman podman podman
skopeo skopeo skopeo skopeo
qemu-system-x86 qemu-system-x86-core qemu-system-x86 qemu-x86
ovmf edk2-ovmf edk2-ovmf qemu-ovmf-x86_64
mtools mtools mtools mtools
dosfstools dosfstools dosfstools dosfstools
isomd5sum isomd5sum - isomd5sum
mmdebstrap mmdebstrap - -
'

# Prints how this distribution installs the Debian packages named: `dnf install xorriso`.
install_command() {
  local os_release=${PLATTER_OS_RELEASE:-/etc/os-release} ids column=1 command='apt-get install' package names
  ids=$(sed -n 's/^ID\(_LIKE\)\{0,1\}=//p' "$os_release" 2>/dev/null | tr -d "\"'" | tr '\n' ' ')
  case " $ids " in
    *' fedora '* | *' rhel '*) column=2 command='dnf install' ;;
    *' arch '*) column=3 command='pacman -S' ;;
    *suse*) column=4 command='zypper install' ;;
  esac
  for package in "$@"; do
    names=$(printf '%s' "$PACKAGE_NAMES" | sed -n "s/^$package /$package /p" | cut -d ' ' -f "$column")
    [ "$names" = - ] || command="$command ${names:-$package}"
  done
  printf '%s' "$command"
}

# Ends with one line if apt-get is missing, which installs and downloads Debian packages.
require_apt() {
  command -v apt-get >/dev/null && return
  printf '%s is for Debian and Ubuntu, and apt-get is not here. For platter alone: %s, then scripts/build\n' \
    "$1" "$(install_command nodejs npm)" >&2
  return 1
}

# Installs those of the named packages that are missing. Without apt-get it only prints how to install them.
install_packages() {
  local missing=() package
  if ! command -v apt-get >/dev/null; then
    printf 'Not checked without apt-get; if something is missing: %s\n' "$(install_command "$@")" >&2
    return
  fi
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

# Prints the comment at the beginning of a script, which describes its purpose and its options.
usage_of() {
  sed -n '2,/^set /s/^# \{0,1\}//p' "$1"
}

# Ends a script with its usage, because it does not have this option.
refuse_option() { # SCRIPT OPTION
  {
    printf 'Unknown option: %s\n\n' "$2"
    usage_of "$1"
  } >&2
  exit 2
}

# Ends with one line if npm is missing.
require_npm() {
  command -v npm >/dev/null && return
  printf 'npm is missing; install it: %s\n' "$(install_command nodejs npm)" >&2
  return 1
}

# Installs the packages from npm, the compiler among them.
install_modules() {
  if ! [ -x node_modules/.bin/bun ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
    require_npm || return 1
    npm ci --no-fund --no-audit >&2
  fi
}
