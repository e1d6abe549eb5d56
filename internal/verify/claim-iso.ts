/** Decides where a finished ISO boots, without booting it. */

import { ARCHITECTURE_NAMES } from "../base/architecture.ts";
import {
  type BootClaims,
  type BootEffect,
  type BootWay,
  claimsFrom,
} from "../contract/findings/boot-claims.ts";
import type { ByteSource } from "../files/byte-source.ts";
import type { KernelEntry } from "../grub/kernel-entries.ts";
import type { InitramfsSummary } from "../initramfs/summary.ts";
import { entriesEffects } from "./claim-entries.ts";
import { firmwareEffects, hasBiosCode } from "./claim-firmware.ts";
import { type IsoPrograms, readPrograms } from "./claim-programs.ts";
import type { IsoParts } from "./verify.ts";
import { EFI_PLATFORM_MENUS } from "./verify-menus.ts";
import type { VerifyReport } from "./verify-report.ts";

/** Menus in the order in which GRUB on BIOS and GRUB on UEFI use them; the first that has a kernel counts. */
const MENU_ORDER: Record<"bios" | "uefi", readonly string[]> = {
  bios: ["/boot/grub2/grub.cfg", "/boot/grub/grub.cfg", "/EFI/BOOT/grub.cfg"],
  uefi: ["/EFI/BOOT/grub.cfg", ...EFI_PLATFORM_MENUS, "/boot/grub/grub.cfg", "/boot/grub2/grub.cfg"],
};

export interface ClaimOptions {
  /** Reads an initramfs; undefined if platter cannot decompress it. */
  summarize: (input: AsyncIterable<Uint8Array>) => Promise<InitramfsSummary | undefined>;
}

/** @throws PlatterError `E_INTERRUPTED` */
export async function claimIso(
  source: ByteSource,
  { parts, report }: { parts: IsoParts; report: VerifyReport },
  options: ClaimOptions,
): Promise<BootClaims> {
  const programs = await readPrograms(parts);
  return claimsFrom([
    ...firmwareEffects(parts, report, programs.architecture),
    ...programs.effects,
    ...(hasBiosCode(parts) ? await menuEffects(source, "bios", { parts, programs, ...options }) : []),
    ...(await menuEffects(source, "uefi", { parts, programs, ...options })),
  ]);
}

async function menuEffects(
  source: ByteSource,
  way: "bios" | "uefi",
  options: { parts: IsoParts; programs: IsoPrograms } & ClaimOptions,
): Promise<BootEffect[]> {
  const { parts, programs, summarize } = options;
  const { tree, primary, menus } = parts;
  const found = menuOf(parts, way);
  if (tree === undefined || primary === undefined || found === undefined) return [];
  const isUefi = way === "uefi";
  const ways: readonly BootWay[] = isUefi ? ["uefi", "secureBoot"] : ["bios"];
  return await entriesEffects(found, ways, {
    source,
    tree,
    volumeId: primary.volumeId,
    architecture: (isUefi ? programs.architecture : undefined) ?? ARCHITECTURE_NAMES[0],
    shim: isUefi ? programs.shim : undefined,
    summarize,
    has: (path) => menus.some((menu) => menu.has(path)),
  });
}

/** The entries of the menu that GRUB shows; undefined if no menu is known, such as isolinux's. */
function menuOf({ menus, boot }: IsoParts, way: "bios" | "uefi"): readonly KernelEntry[] | undefined {
  if (way === "bios" && (boot.biosLoader ?? boot.mbr?.loader) === "isolinux") return undefined;
  for (const path of MENU_ORDER[way]) {
    const found = menus.filter((menu) => menu.path === path && menu.kernels.length > 0);
    // The menu of the EFI system partition is the last in the list. GRUB on UEFI reads it first.
    const menu = way === "uefi" ? found.at(-1) : found[0];
    if (menu !== undefined) return menu.kernels;
  }
  return undefined;
}
