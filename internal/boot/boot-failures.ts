/** Why a boot in a virtual machine fails: stable codes, and what happened as a phrase. */
export const BOOT_FAILURES = {
  B_ACCESS_DENIED: "the firmware refused to start shim, because no key that it trusts signed shim",
  B_BOOT_ENTRY: "the firmware could not start the medium",
  B_EMERGENCY: "the system gave up and opened a shell",
  B_ENDED: "the machine switched itself off, or reset, before the system was up",
  B_GRUB_ERROR: "GRUB reported an error and did not go on",
  B_GRUB_PROMPT: "GRUB found no menu and waits for commands",
  B_GRUB_RESCUE: "GRUB could not read its own modules and waits for commands",
  B_NO_BOOT_DEVICE: "the firmware found no program on the medium that it could start",
  B_PANIC: "the kernel panicked",
  B_SBAT: "shim or GRUB is of a revoked generation",
  B_SECURE_BOOT_VIOLATION:
    "shim refused to start GRUB or the kernel, because no key that it trusts signed them",
  B_SHIM: "shim could not start GRUB",
  B_TIMEOUT: "the system was not up in time",
} as const satisfies Record<string, string>;

export type BootFailureCode = keyof typeof BOOT_FAILURES;
