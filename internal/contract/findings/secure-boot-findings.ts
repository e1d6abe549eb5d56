import type { FindingText } from "./finding.ts";

/** Findings about the programs that UEFI firmware, shim and GRUB start, and whether Secure Boot lets them. */
const NO_SECURE_BOOT = "On a machine with Secure Boot on, the ISO will not start.";
const SHIM_PACKAGE =
  "Install `shim-x64` (Fedora, CentOS; `shim-aa64` on aarch64) or `shim-signed` (Debian, Ubuntu) in the image.";
const GRUB_PACKAGE =
  "Install `grub2-efi-x64-cdboot` (Fedora, CentOS) or `grub-efi-amd64-signed` (Debian, Ubuntu) in the image; on aarch64 `grub2-efi-aa64-cdboot` or `grub-efi-arm64-signed`.";
const DISTRIBUTION = "Use unchanged files from the packages of one distribution.";

export const SECURE_BOOT_FINDINGS = {
  F_SHIM_FORMAT: {
    severity: "error",
    title: "shim is not a program for UEFI",
    why: "Firmware starts only programs in PE format.",
    fix: SHIM_PACKAGE,
  },
  F_GCD_FORMAT: {
    severity: "error",
    title: "GRUB is not a program for UEFI",
    why: "shim starts only programs in PE format.",
    fix: GRUB_PACKAGE,
  },
  F_KERNEL_FORMAT: {
    severity: "error",
    title: "the kernel file does not hold a kernel",
    why: "GRUB starts only a Linux kernel, and this file has another format.",
    fix: "Install the kernel's package again, so that the file is as the distribution built it.",
  },
  F_SHIM_MACHINE: {
    severity: "error",
    title: "shim is for another architecture",
    why: "Firmware starts only programs for its own architecture.",
    fix: "Install the shim of the image's architecture, or choose the architecture with `--arch`.",
  },
  F_GCD_MACHINE: {
    severity: "error",
    title: "GRUB is for another architecture",
    why: "shim starts only programs for its own architecture.",
    fix: "Install the GRUB of the image's architecture, or choose the architecture with `--arch`.",
  },
  F_KERNEL_MACHINE: {
    severity: "error",
    title: "the kernel is for another architecture",
    why: "GRUB cannot start a kernel for another architecture.",
    fix: "Install the kernel of the image's architecture, or choose the architecture with `--arch`.",
  },
  F_SHIM_UNSIGNED: {
    severity: "warning",
    title: "shim is not signed",
    why: NO_SECURE_BOOT,
    fix: SHIM_PACKAGE,
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_GCD_UNSIGNED: {
    severity: "warning",
    title: "GRUB is not signed",
    why: NO_SECURE_BOOT,
    fix: GRUB_PACKAGE,
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_KERNEL_UNSIGNED: {
    severity: "warning",
    title: "the kernel is not signed",
    why: "On a machine with Secure Boot on, GRUB will not start it.",
    fix: "Use the distribution's signed kernel, or sign it with a key that shim knows.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_KERNEL_GZIP: {
    severity: "warning",
    title: "the kernel is compressed with gzip",
    why: "With Secure Boot on, shim checks the file before GRUB decompresses it, and reports `bad shim signature`.",
    fix: "Decompress it in the image: `gzip -dc < vmlinuz > vmlinuz.new && mv vmlinuz.new vmlinuz`.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_SHIM_MODIFIED: {
    severity: "warning",
    title: "shim's signature is not valid",
    why: NO_SECURE_BOOT,
    fix: "Install the package again; a signed program must not be stripped or changed.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_GCD_MODIFIED: {
    severity: "warning",
    title: "GRUB's signature is not valid",
    why: NO_SECURE_BOOT,
    fix: "Install the package again; a signed program must not be stripped or changed.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_KERNEL_MODIFIED: {
    severity: "warning",
    title: "the kernel's signature is not valid",
    why: "On a machine with Secure Boot on, GRUB will not start it.",
    fix: "Install the package again; a signed kernel must not be stripped or changed.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_SHIM_SIGNER: {
    severity: "warning",
    title: "shim is not signed by Microsoft",
    why: "Machines trust Microsoft's certificates; with Secure Boot on, any other must be enrolled in each machine first.",
    fix: "Use the distribution's signed shim, or enrol its certificate in each machine.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_SHIM_ONLY_2011: {
    severity: "warning",
    title: "shim is signed only by Microsoft's certificate of 2011",
    why: "It expired in June 2026, and a machine that knows only its successor of 2023 will not start this shim with Secure Boot on.",
    fix: "Update the image's shim to a version that both certificates have signed, once the distribution has it.",
    boot: { effect: "limits", ways: ["secureBoot"] },
  },
  F_SHIM_ONLY_2023: {
    severity: "warning",
    title: "shim is signed only by Microsoft's certificate of 2023",
    why: "A machine without a later firmware update knows only the certificate of 2011, and will not start this shim with Secure Boot on.",
    fix: "Use a shim that both certificates have signed, or update the keys of the machines.",
    boot: { effect: "limits", ways: ["secureBoot"] },
  },
  F_GCD_UNTRUSTED: {
    severity: "warning",
    title: "GRUB is not signed by shim's vendor",
    why: "shim starts only programs that one of its own certificates has signed: with Secure Boot on, it stops here.",
    fix: DISTRIBUTION,
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_KERNEL_UNTRUSTED: {
    severity: "warning",
    title: "the kernel is not signed by shim's vendor",
    why: "GRUB asks shim, which knows its own certificates only: with Secure Boot on, the kernel is refused.",
    fix: DISTRIBUTION,
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_SHIM_SBAT_MISSING: {
    severity: "warning",
    title: "shim does not name its generation",
    why: "Such a shim is from before 2021 and revoked: a machine with Secure Boot on will not start it.",
    fix: "Update the image's shim.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_GCD_SBAT_MISSING: {
    severity: "warning",
    title: "GRUB does not name its generation",
    why: "With Secure Boot on, shim refuses a GRUB without a `.sbat` section.",
    fix: "Update the image's GRUB.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_SHIM_REVOKED: {
    severity: "warning",
    title: "shim is of a revoked generation",
    why: "A machine that has installed the revocations will not start it with Secure Boot on.",
    fix: "Update the image's shim.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_GCD_REVOKED: {
    severity: "warning",
    title: "GRUB is revoked",
    why: "A machine that has installed the revocations will not start it with Secure Boot on.",
    fix: "Update the image's GRUB.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_KERNEL_REVOKED: {
    severity: "warning",
    title: "the kernel is revoked",
    why: "shim's own list of forbidden programs has it: with Secure Boot on, the kernel is refused.",
    fix: "Update the image's kernel.",
    boot: { effect: "breaks", ways: ["secureBoot"] },
  },
  F_GCD_PREFIX: {
    severity: "warning",
    title: "GRUB does not look where the menu is",
    why: "It looks for its menu only at a built-in path, does not find it there, and stops at its prompt.",
    fix: GRUB_PACKAGE,
    boot: { effect: "breaks", ways: ["uefi"] },
  },
} as const satisfies Record<string, FindingText>;
