import { PlatterError } from "./error.ts";

/** The contract's `ARCH`. */
export type Architecture = "x86_64" | "aarch64";

/** A driver in an initramfs: a module, or one of several that serve. */
export type Driver = string | readonly string[];

interface ArchitectureFacts {
  /** Other names that users and images write. */
  aliases: readonly string[];
  /** The name that OCI images use. */
  oci: string;
  /** `process.arch` of a host. */
  processArch: string;
  /** Numbers of system calls (Linux, syscall_64.tbl and include/uapi/asm-generic/unistd.h). */
  systemCalls: { statx: number; getdents64: number };
  /** The suffix of the names of EFI programs, as `x64` in `shimx64.efi`. */
  efiSuffix: string;
  /** The file that UEFI firmware starts on removable media (UEFI 2.10, 3.5.1.1). */
  removableLoader: string;
  /** The machine in PE headers. */
  peMachine: number;
  /** The magic text in a kernel's header (Linux's Documentation/arch/x86/boot.rst, and booting.rst in arch/arm64). */
  kernelMagic: { offset: number; text: string };
  /** Whether GRUB starts kernels that are not EFI programs. */
  plainKernels: boolean;
  /** GRUB's platform, as in the names of its folders. `bios` is undefined for machines without BIOS. */
  grub: { efi: string; bios: string | undefined };
  drivers: {
    /** Drivers for USB storage. */
    usb: readonly Driver[];
    /** Drivers that some machines and drives also need. */
    usbSome: readonly Driver[];
  };
}

/** The only platform of GRUB for BIOS, as in the names of its folders. */
export const GRUB_BIOS_PLATFORM = "i386-pc";

/** All that differs by architecture. QEMU and its firmware are in tables of `internal/boot/`. */
export const ARCHITECTURES: Readonly<Record<Architecture, ArchitectureFacts>> = {
  x86_64: {
    aliases: ["amd64", "x64"],
    oci: "amd64",
    processArch: "x64",
    systemCalls: { statx: 332, getdents64: 217 },
    efiSuffix: "x64",
    removableLoader: "BOOTX64.EFI",
    peMachine: 0x8664,
    kernelMagic: { offset: 0x202, text: "HdrS" },
    plainKernels: true,
    grub: { efi: "x86_64-efi", bios: GRUB_BIOS_PLATFORM },
    drivers: {
      usb: ["usb_storage", "sd_mod", "xhci_hcd", "xhci_pci"],
      usbSome: ["uas", "ehci_hcd", "ehci_pci"],
    },
  },
  aarch64: {
    aliases: ["arm64", "arm64/v8"],
    oci: "arm64",
    processArch: "arm64",
    systemCalls: { statx: 291, getdents64: 61 },
    efiSuffix: "aa64",
    removableLoader: "BOOTAA64.EFI",
    peMachine: 0xaa64,
    kernelMagic: { offset: 0x38, text: "ARM\x64" },
    plainKernels: false,
    grub: { efi: "arm64-efi", bios: undefined },
    drivers: {
      usb: ["usb_storage", "sd_mod", "xhci_hcd", ["xhci_pci", "xhci_plat_hcd"]],
      usbSome: ["uas"],
    },
  },
};

/** All architectures; the first counts if nothing shows which one an ISO is for. */
export const ARCHITECTURE_NAMES = Object.keys(ARCHITECTURES) as [Architecture, ...Architecture[]];

/** Whether machines of the architecture can have BIOS firmware. */
export function hasBios(architecture: Architecture): boolean {
  return ARCHITECTURES[architecture].grub.bios !== undefined;
}

/** The architectures whose machines can have BIOS firmware, for a text. */
export function architecturesWithBios(): string {
  return ARCHITECTURE_NAMES.filter(hasBios).join(" and ");
}

/** The architecture of this machine, if platter knows it. */
export function hostArchitecture(): Architecture | undefined {
  return ARCHITECTURE_NAMES.find((name) => ARCHITECTURES[name].processArch === process.arch);
}

/** `x86_64 (amd64) or aarch64 (arm64)` */
const CHOICES = ARCHITECTURE_NAMES.map((name) => `${name} (${ARCHITECTURES[name].oci})`).join(" or ");

/**
 * The architecture by any of its usual names, or as a platform of an image index: `linux/arm64/v8`.
 * @throws PlatterError `E_ARCHITECTURE`
 */
export function parseArchitecture(name: string): Architecture {
  const known = knownArchitecture(name);
  if (known !== undefined) return known;
  throw new PlatterError({
    code: "E_ARCHITECTURE",
    kind: "usage",
    message: `Cannot make an ISO for architecture \`${name}\`: platter does not support it`,
    hint: `Choose ${CHOICES}.`,
  });
}

/** The architecture that an image's configuration names. @throws PlatterError `E_IMAGE_ARCH` */
export function imageArchitecture(name: string): Architecture {
  const known = knownArchitecture(name);
  if (known !== undefined) return known;
  throw new PlatterError({
    code: "E_IMAGE_ARCH",
    kind: "contract",
    message: `Cannot make an ISO of the image: its configuration names the architecture \`${name}\``,
    hint: `Name an image for ${CHOICES}.`,
  });
}

function knownArchitecture(name: string): Architecture | undefined {
  const plain = name.toLowerCase().replace(/^linux\//, "");
  return ARCHITECTURE_NAMES.find((each) => each === plain || ARCHITECTURES[each].aliases.includes(plain));
}

/** The name that OCI images use. */
export function ociArchitecture(architecture: Architecture): string {
  return ARCHITECTURES[architecture].oci;
}

/** The suffix in the names of EFI binaries, such as `x64` in `shimx64.efi`. */
export function efiSuffix(architecture: Architecture): string {
  return ARCHITECTURES[architecture].efiSuffix;
}

/** The file that UEFI firmware starts on removable media (UEFI specification 2.10, 3.5.1.1). */
export function removableLoader(architecture: Architecture): string {
  return ARCHITECTURES[architecture].removableLoader;
}

/** The path of MokManager on the ISO. */
export function mokManagerPath(architecture: Architecture): string {
  return `/EFI/BOOT/mm${efiSuffix(architecture)}.efi`;
}
