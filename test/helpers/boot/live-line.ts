import { expect } from "bun:test";
import { readFileSync } from "node:fs";
import { type BootWay, wayName } from "../../../internal/boot/boot-result.ts";

/** The line of the first process inside the small live image's root file system. */
export const ROOT_OK = /PLATTER-ROOT-OK pid1/;
/** The line of the initramfs about the machine and the ISO. */
const LIVE_OK = /^PLATTER-LIVE-OK (.*)$/m;

/** Expects that the small live image found its medium, its firmware and its files as this way to boot has them. */
export function expectLive(
  serialLog: string,
  way: BootWay,
  own: { kver: string; cdBus: "ata" | "virtio" },
): void {
  const log = readFileSync(serialLog, "utf8").replaceAll("\r", "");
  const said = Object.fromEntries(
    (LIVE_OK.exec(log)?.[1] ?? "").split(" ").map((pair) => pair.split("=") as [string, string]),
  );
  expect({ way: wayName(way), ...said }).toMatchObject({
    way: wayName(way),
    label: "PLATTER_LIVE",
    dev: way.media === "cd" ? "sr0" : "sda",
    bus: way.media === "cd" ? own.cdBus : "usb",
    firmware: way.firmware === "bios" ? "bios" : "efi",
    secureboot: { bios: "none", uefi: "0", "secure-boot": "1" }[way.firmware],
    lockdown: way.firmware === "secure-boot" ? "integrity" : "none",
    kver: own.kver,
    rootfs: "squashfs",
    os: "debian-12",
    // Capability, device node, hard link, owner, mode, time, whiteouts: all as the image has them.
    checks: "ok",
  });
  if (way.firmware === "secure-boot") expect(log).toMatch(/secureboot: Secure boot enabled/i);
}
