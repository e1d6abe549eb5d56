import type { Architecture } from "./architecture.ts";

/** Distributions whose packages platter knows. `fedora` stands for CentOS and RHEL too, whose packages have the same names. */
export type PackagingDistribution = "fedora" | "debian" | "ubuntu" | "arch";

/**
 * Files of an image that packages add: the pieces of clauses C1 to C5, and the programs that make an initramfs or lead to a
 * login prompt. They are in the order in which a list names them.
 */
export const PIECES = [
  "kernel",
  "init",
  "udev",
  "getty",
  "login",
  "dracut",
  "zstd",
  "shim",
  "mm",
  "grub",
  "bios",
  "font",
] as const;
export type PackagedPiece = (typeof PIECES)[number];

/** Packages that have a piece. Undefined if no package of the distribution has it. */
type Packages = readonly string[] | undefined;

/** The packages of each piece, for all architectures or by architecture. */
type PackageTable = Readonly<Record<PackagedPiece, Packages | Readonly<Record<Architecture, Packages>>>>;

const DEBIAN: PackageTable = {
  kernel: { x86_64: ["linux-image-amd64"], aarch64: ["linux-image-arm64"] },
  dracut: ["dracut", "dracut-live"],
  zstd: ["zstd"],
  shim: ["shim-signed"],
  grub: { x86_64: ["grub-efi-amd64-signed"], aarch64: ["grub-efi-arm64-signed"] },
  mm: { x86_64: ["shim-helpers-amd64-signed"], aarch64: ["shim-helpers-arm64-signed"] },
  bios: ["grub-pc-bin"],
  font: ["grub-common"],
  init: ["systemd-sysv"],
  udev: ["udev"],
  getty: ["util-linux"],
  login: ["login"],
};

/** The packages of each distribution. `docs/containerfile.md` names the sources. */
const PACKAGES: Readonly<Record<PackagingDistribution, PackageTable>> = {
  fedora: {
    kernel: ["kernel"],
    dracut: ["dracut-live"],
    zstd: ["zstd"],
    shim: { x86_64: ["shim-x64"], aarch64: ["shim-aa64"] },
    grub: { x86_64: ["grub2-efi-x64-cdboot"], aarch64: ["grub2-efi-aa64-cdboot"] },
    mm: { x86_64: ["shim-x64"], aarch64: ["shim-aa64"] },
    bios: ["grub2-pc-modules"],
    font: ["grub2-common"],
    init: ["systemd"],
    udev: ["systemd-udev"],
    getty: ["util-linux"],
    login: ["util-linux"],
  },
  debian: DEBIAN,
  // `linux-image-virtual` is the signed kernel of `linux-image-generic` without its firmware of half a gigabyte.
  ubuntu: { ...DEBIAN, kernel: ["linux-image-virtual"], mm: ["shim-signed"] },
  arch: {
    // Arch Linux is only for x86_64.
    kernel: { x86_64: ["linux"], aarch64: undefined },
    dracut: ["dracut"],
    zstd: ["zstd"],
    shim: undefined,
    grub: undefined,
    mm: undefined,
    bios: ["grub"],
    font: ["grub"],
    init: ["systemd-sysvcompat"],
    udev: ["systemd"],
    getty: ["util-linux"],
    login: ["util-linux"],
  },
};

/** The packages that have a piece. Undefined if no package of the distribution has it. */
export function packagesOf(
  piece: PackagedPiece,
  { distribution, architecture }: { distribution: PackagingDistribution; architecture: Architecture },
): Packages {
  const names = PACKAGES[distribution][piece];
  return names === undefined || isList(names) ? names : names[architecture];
}

function isList(names: Packages | Readonly<Record<Architecture, Packages>>): names is readonly string[] {
  return Array.isArray(names);
}
