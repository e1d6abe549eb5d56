import type { Architecture } from "../../base/architecture.ts";
import type { FlashPair } from "./firmware-descriptor.ts";

/**
 * Folders of firmware descriptors, in order. A file in an earlier folder replaces files of the same name in later
 * folders.
 */
export const DESCRIPTOR_FOLDERS = ["/etc/qemu/firmware", "/usr/share/qemu/firmware"];

/** `CODE VARS`, both in the folder; a name that ends in .qcow2 is of that format. */
type Places = readonly (readonly [folder: string, code: string, vars: string])[];

const X86_UEFI: Places = [
  // Debian, Ubuntu
  ["/usr/share/OVMF", "OVMF_CODE_4M.fd", "OVMF_VARS_4M.fd"],
  ["/usr/share/OVMF", "OVMF_CODE.fd", "OVMF_VARS.fd"],
  // Fedora, CentOS, RHEL
  ["/usr/share/edk2/ovmf", "OVMF_CODE_4M.qcow2", "OVMF_VARS_4M.qcow2"],
  ["/usr/share/edk2/ovmf", "OVMF_CODE.fd", "OVMF_VARS.fd"],
  // Arch
  ["/usr/share/edk2/x64", "OVMF_CODE.4m.fd", "OVMF_VARS.4m.fd"],
  ["/usr/share/edk2-ovmf/x64", "OVMF_CODE.fd", "OVMF_VARS.fd"],
  // openSUSE, SLES
  ["/usr/share/qemu", "ovmf-x86_64-4m-code.bin", "ovmf-x86_64-4m-vars.bin"],
  ["/usr/share/qemu", "ovmf-x86_64-code.bin", "ovmf-x86_64-vars.bin"],
  // QEMU's own
  ["/usr/share/qemu", "edk2-x86_64-code.fd", "edk2-i386-vars.fd"],
];

/** Only pairs whose variables hold Microsoft's keys. Arch and QEMU do not ship such pairs. */
const X86_SECURE: Places = [
  ["/usr/share/OVMF", "OVMF_CODE_4M.ms.fd", "OVMF_VARS_4M.ms.fd"],
  ["/usr/share/OVMF", "OVMF_CODE.secboot.fd", "OVMF_VARS.ms.fd"],
  ["/usr/share/edk2/ovmf", "OVMF_CODE_4M.secboot.qcow2", "OVMF_VARS_4M.secboot.qcow2"],
  ["/usr/share/edk2/ovmf", "OVMF_CODE.secboot.fd", "OVMF_VARS.secboot.fd"],
  ["/usr/share/qemu", "ovmf-x86_64-smm-ms-code.bin", "ovmf-x86_64-smm-ms-vars.bin"],
];

const ARM_UEFI: Places = [
  ["/usr/share/AAVMF", "AAVMF_CODE.no-secboot.fd", "AAVMF_VARS.fd"],
  ["/usr/share/AAVMF", "AAVMF_CODE.fd", "AAVMF_VARS.fd"],
  ["/usr/share/edk2/aarch64", "QEMU_EFI-pflash.qcow2", "vars-template-pflash.qcow2"],
  ["/usr/share/edk2/aarch64", "QEMU_EFI-pflash.raw", "vars-template-pflash.raw"],
  ["/usr/share/edk2/aarch64", "QEMU_CODE.fd", "QEMU_VARS.fd"],
  ["/usr/share/qemu", "aavmf-aarch64-code.bin", "aavmf-aarch64-vars.bin"],
  ["/usr/share/qemu", "edk2-aarch64-code.fd", "edk2-arm-vars.fd"],
];

const ARM_SECURE: Places = [
  ["/usr/share/AAVMF", "AAVMF_CODE.ms.fd", "AAVMF_VARS.ms.fd"],
  ["/usr/share/AAVMF", "AAVMF_CODE.secboot.fd", "AAVMF_VARS.ms.fd"],
];

const PLACES: Readonly<
  Record<Architecture, Record<"uefi" | "secure-boot", Places> & { secureNeedsSmm: boolean }>
> = {
  x86_64: { uefi: X86_UEFI, "secure-boot": X86_SECURE, secureNeedsSmm: true },
  aarch64: { uefi: ARM_UEFI, "secure-boot": ARM_SECURE, secureNeedsSmm: false },
};

/** Paths of firmware on machines without a descriptor for it, the best first. */
export function firmwarePlaces({
  kind,
  architecture,
}: {
  kind: "uefi" | "secure-boot";
  architecture: Architecture;
}): FlashPair[] {
  const places = PLACES[architecture];
  return places[kind].map(([folder, code, vars]) => ({
    code: flashFile(`${folder}/${code}`),
    vars: flashFile(`${folder}/${vars}`),
    needsSmm: kind === "secure-boot" && places.secureNeedsSmm,
  }));
}

function flashFile(path: string): FlashPair["code"] {
  return { path, format: path.endsWith(".qcow2") ? "qcow2" : "raw" };
}

/** The programs of QEMU. */
export const QEMU_PROGRAMS: Readonly<Record<Architecture, string>> = {
  x86_64: "qemu-system-x86_64",
  aarch64: "qemu-system-aarch64",
};

/** The packages that hold QEMU and its firmware, for a hint. */
export const PACKAGES: Record<Architecture, string> = {
  x86_64:
    "`qemu-system-x86` and `ovmf` (Debian, Ubuntu), `qemu-system-x86-core` and `edk2-ovmf` (Fedora), `qemu-system-x86` and `edk2-ovmf` (Arch), `qemu-x86` and `qemu-ovmf-x86_64` (openSUSE)",
  aarch64:
    "`qemu-system-arm` and `qemu-efi-aarch64` (Debian, Ubuntu), `qemu-system-aarch64-core` and `edk2-aarch64` (Fedora), `qemu-system-aarch64` and `edk2-aarch64` (Arch), `qemu-arm` and `qemu-uefi-aarch64` (openSUSE)",
};
