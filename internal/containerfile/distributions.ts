import type { PackagingDistribution } from "../base/packages.ts";

/** How a distribution installs packages in a container, and what its live systems need. */
export interface DistributionFacts {
  /** The package manager as users call it, which is in `/usr/bin`. */
  manager: string;
  /** The commands that install packages. The names of the packages follow the last one. */
  install: readonly string[];
  /** Options of the last command if init is among the packages, each with a space before it. */
  installInit: string;
  /** The commands that remove the package manager's own files. */
  clean: readonly string[];
  /** Assignments before the call of dracut, each with a space after it. */
  dracutEnvironment: string;
  /** Kernel arguments next to those that every live system needs. */
  kernelArguments: readonly string[];
}

const DEBIAN: DistributionFacts = {
  manager: "apt-get",
  // With INITRD=No the scripts of the kernel's package do not make another initramfs.
  install: [
    "apt-get update",
    "INITRD=No DEBIAN_FRONTEND=noninteractive apt-get install --yes --no-install-recommends",
  ],
  installInit: "",
  clean: ["apt-get clean", "rm -rf /var/lib/apt/lists/*"],
  dracutEnvironment: "",
  kernelArguments: [],
};

export const DISTRIBUTIONS: Readonly<Record<PackagingDistribution, DistributionFacts>> = {
  debian: DEBIAN,
  ubuntu: DEBIAN,
  fedora: {
    manager: "dnf",
    install: ["dnf --assumeyes --setopt=install_weak_deps=False install"],
    // Fedora's images have `systemd-standalone-sysusers`, which conflicts with systemd.
    installInit: " --allowerasing",
    clean: ["dnf clean all", "rm -rf /var/cache/libdnf5 /var/cache/dnf /var/log/dnf*"],
    // SELinux labels of files in a container come from the policy of the host.
    dracutEnvironment: "DRACUT_NO_XATTR=1 ",
    // docs/selinux.md has the reason.
    kernelArguments: ["enforcing=0"],
  },
  arch: {
    manager: "pacman",
    // Arch Linux supports new packages only together with the updates of all others.
    install: ["pacman --sync --refresh --sysupgrade --noconfirm --needed"],
    installInit: "",
    clean: ["rm -rf /var/cache/pacman/pkg/* /var/lib/pacman/sync/*"],
    dracutEnvironment: "",
    kernelArguments: [],
  },
};
