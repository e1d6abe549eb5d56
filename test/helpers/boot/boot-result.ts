import type { BootResult } from "../../../internal/boot/boot-result.ts";

/** A result of a boot from CD with BIOS that succeeded, with these differences. */
export function bootResult(own: Partial<BootResult> = {}): BootResult {
  return {
    firmware: "bios",
    media: "cd",
    accelerator: "tcg",
    seconds: 14.5,
    phases: [
      { phase: "firmware", start: 0, seconds: 1.5 },
      { phase: "grub", start: 1.5, seconds: 13 },
    ],
    menu: { kind: "left-alone" },
    reached: "localhost login:",
    failure: undefined,
    serialLog: "/logs/bios-cd.serial.log",
    screenshot: undefined,
    menuScreenshot: undefined,
    ...own,
  };
}
