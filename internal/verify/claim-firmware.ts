import { type Architecture, hasBios } from "../base/architecture.ts";
import type { ProblemCode } from "../bytes/problem-codes.ts";
/** How far firmware gets with an ISO, by its boot structures alone. */

import { type BootEffect, withoutBios } from "../contract/findings/boot-claims.ts";
import { SECTOR } from "../iso-format/units.ts";
import type { IsoParts } from "./verify.ts";
import type { CheckCode, VerifyReport } from "./verify-report.ts";

type Medium = "cd" | "usb";
type FirmwareWay = "bios" | "uefi";

/** Why firmware does not start the ISO from a medium. */
interface Fault {
  text: string;
  code: ProblemCode | null;
}

const MEDIUM_NAMES: Record<Medium, string> = { cd: "a CD", usb: "a USB stick" };
/** Problems of the catalogue that make all entries unusable. */
const BROKEN_CATALOG: readonly ProblemCode[] = ["validation-entry", "boot-catalog"];
/** Problems of the master boot record that keep its code from starting, or from finding the boot image. */
const BROKEN_MBR: readonly ProblemCode[] = ["mbr-signature", "mbr-pointer"];

/** Whether BIOS firmware has code to start, known to platter or not. */
export function hasBiosCode({ boot }: IsoParts): boolean {
  return hasBiosEntry(boot) || hasBootCode(boot);
}

/**
 * The effects of the structures that BIOS and UEFI firmware read. If one medium fails, a way is limited. If two fail,
 * it is broken.
 * @param architecture that of the EFI programs; undefined without EFI programs
 */
export function firmwareEffects(
  parts: IsoParts,
  report: VerifyReport,
  architecture: Architecture | undefined,
): BootEffect[] {
  return [
    ...(architecture !== undefined && !hasBios(architecture) && !hasBiosCode(parts)
      ? [withoutBios(architecture)]
      : wayEffects("bios", { cd: biosFromCd(parts, report), usb: biosFromUsb(parts, report) })),
    ...wayEffects("uefi", { cd: uefiFromCd(parts, report), usb: uefiFromUsb(parts) }),
    ...damageEffects(report, parts),
  ];
}

function wayEffects(way: FirmwareWay, faults: Record<Medium, Fault | undefined>): BootEffect[] {
  const { cd, usb } = faults;
  if (cd !== undefined && usb !== undefined) {
    const all = cd.text === usb.text ? [cd] : [cd, usb];
    return all.map((fault) => ({ effect: "breaks", ways: [way], ...fault }));
  }
  return (["cd", "usb"] as const).flatMap((medium): BootEffect[] => {
    const fault = faults[medium];
    if (fault === undefined) return [];
    return [
      {
        effect: "limits",
        ways: [way],
        text: `not from ${MEDIUM_NAMES[medium]}: ${fault.text}`,
        code: fault.code,
      },
    ];
  });
}

function problemIn(
  report: VerifyReport,
  check: CheckCode,
  codes?: readonly ProblemCode[],
): Fault | undefined {
  const problems = report.checks.find(({ code }) => code === check)?.problems ?? [];
  const found = problems.find(
    ({ code, severity }) => severity !== "warning" && (codes === undefined || codes.includes(code)),
  );
  return found === undefined ? undefined : { text: found.detail, code: found.code };
}

function biosFromCd({ boot }: IsoParts, report: VerifyReport): Fault | undefined {
  if (!hasBiosEntry(boot)) return { text: "the El Torito catalogue has no entry for BIOS", code: null };
  return problemIn(report, "el-torito", BROKEN_CATALOG) ?? problemIn(report, "bios-image");
}

function biosFromUsb({ boot }: IsoParts, report: VerifyReport): Fault | undefined {
  if (!hasBootCode(boot)) return { text: "the first block has no boot code", code: null };
  return problemIn(report, "mbr", BROKEN_MBR) ?? problemIn(report, "bios-image", ["boot-image"]);
}

function hasBiosEntry({ entries }: IsoParts["boot"]): boolean {
  return entries.some(({ platform }) => platform === "bios");
}

function hasBootCode({ mbr, biosLoader }: IsoParts["boot"]): boolean {
  // Unknown code may only print that the disk does not boot. Code that boots needs an image, which CDs use too.
  const isKnown = mbr?.loader === "grub" || mbr?.loader === "isolinux";
  return isKnown || (mbr?.loader === "unknown" && biosLoader !== undefined);
}

function uefiFromCd({ boot }: IsoParts, report: VerifyReport): Fault | undefined {
  const entries = boot.entries.filter(({ platform }) => platform === "uefi");
  if (entries.length === 0) return { text: "the El Torito catalogue has no entry for UEFI", code: null };
  const offsets = entries.map(({ lba }) => lba * SECTOR);
  const isRead = boot.esps.some(({ place }) => offsets.includes(place.start));
  if (!isRead)
    return { text: "its El Torito entry for UEFI does not lead to a readable file system", code: "esp" };
  return problemIn(report, "el-torito", BROKEN_CATALOG);
}

function uefiFromUsb({ boot }: IsoParts): Fault | undefined {
  if (boot.esps.some(({ place }) => place.isPartition)) return undefined;
  return { text: "no partition is a readable EFI system partition", code: null };
}

/** Damage after which the ISO may still boot, or which only stops the live system. */
function damageEffects(report: VerifyReport, { boot }: IsoParts): BootEffect[] {
  const limits = (check: CheckCode, ways: BootEffect["ways"]): BootEffect[] => {
    const fault = problemIn(report, check);
    return fault === undefined ? [] : [{ effect: "limits", ways, ...fault }];
  };
  const all = ["bios", "uefi"] as const;
  const root = problemIn(report, "squashfs") ?? problemIn(report, "erofs");
  return [
    ...(root === undefined ? [] : [{ effect: "breaks" as const, ways: all, ...root }]),
    ...limits("iso-tree", all),
    ...limits("checksum", all),
    ...(boot.esps.length > 0 ? limits("esp", ["uefi"]) : []),
  ];
}
