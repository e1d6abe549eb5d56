/** A page of `platter boot --html` whose texts try to be something else. */

import type { BootResult } from "../../../internal/boot/boot-result.ts";
import type { BootEvidence } from "../../../internal/boot/evidence.ts";
import { claimsFrom } from "../../../internal/contract/findings/boot-claims.ts";
import type { BootPage } from "../../../internal/ui/boot-page.ts";
import type { FoundMenu } from "../../../internal/verify/verify-menus.ts";
import { bootResult } from "./boot-result.ts";

export const HOSTILE = `</pre></details><script src="https://evil.example/x.js"></script><img src=x onerror="alert(1)">\x1b[2J\u202e`;

export const BOOTED = bootResult({
  seconds: 20,
  phases: [
    { phase: "firmware", start: 0, seconds: 5 },
    { phase: "grub", start: 5, seconds: 15 },
  ],
  menu: { kind: "console-added" },
  reached: HOSTILE,
});
export const FAILED: BootResult = {
  ...BOOTED,
  firmware: "secure-boot",
  media: "usb",
  seconds: 10,
  phases: [{ phase: "firmware", start: 0, seconds: 10 }],
  menu: { kind: "not-driven", why: HOSTILE },
  reached: undefined,
  failure: {
    phase: "shim",
    code: "B_SBAT",
    message: "shim is revoked.",
    hint: "Update shim.",
    line: HOSTILE,
    lastLines: ["one", HOSTILE],
  },
};

export const evidence = (result: BootResult, own: Partial<BootEvidence> = {}): BootEvidence => ({
  result,
  menu: Uint8Array.of(1, 2, 3),
  end: Uint8Array.of(4, 5, 6),
  log: { lines: ["SeaBIOS", HOSTILE], leftOut: 0 },
  ...own,
});

const ISO = {
  name: HOSTILE,
  report: {
    ok: false,
    size: 48_220_160,
    volumeId: HOSTILE,
    checks: [
      { code: "squashfs", name: "squashfs", status: "ok", detail: HOSTILE, problems: [] },
      { code: "checksum", name: "implanted checksum", status: "absent", detail: "no checksum", problems: [] },
      {
        code: "gpt",
        name: "GPT",
        status: "problem",
        detail: HOSTILE,
        problems: [{ code: "gpt-header-crc", detail: HOSTILE, offset: 512 }],
      },
    ],
    structures: [],
  },
  verdict: {
    kind: "boots",
    boots: claimsFrom([{ effect: "breaks", ways: ["bios"], text: HOSTILE, code: null }]),
  },
  menus: [
    {
      where: "the menu",
      kernels: [{ title: HOSTILE, kernel: "/vmlinuz", initramfsPaths: [], kernelArgs: ["quiet", HOSTILE] }],
    } as unknown as FoundMenu,
  ],
} satisfies BootPage["iso"];

export const about = (boots: readonly BootEvidence[]): BootPage => ({
  iso: ISO,
  boots,
  machine: { accelerator: "tcg", reason: "/dev/kvm does not exist", memoryMiB: 2048, cpus: 1 },
  time: new Date("2026-01-02T03:04:05Z"),
  version: "1.2.3",
});
