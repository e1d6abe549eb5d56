/** The programs that UEFI firmware starts from an ISO, without and with Secure Boot. */
import type { Architecture } from "../base/architecture.ts";
import { ARCHITECTURE_NAMES, efiSuffix, removableLoader } from "../base/architecture.ts";
import type { BootProgram } from "../contract/checks/boot-program.ts";
import { checkSecureBoot } from "../contract/checks/check-secure-boot.ts";
import type { BootEffect } from "../contract/findings/boot-claims.ts";
import type { Finding } from "../contract/findings/finding.ts";
import type { FatEntry } from "../fat/fat-walk.ts";
import { readFatFile } from "../fat/read.ts";
import { findNodeAnyCase } from "../iso/read/iso-node.ts";
import { type EfiProgram, readEfiProgram } from "../pe/efi-program.ts";
import { isFault } from "../pe/pe-image.ts";
import { issuersOf, MICROSOFT_2011, MICROSOFT_2023 } from "../pe/trust.ts";
import { findingEffects } from "./claim-findings.ts";
import type { EfiSystemPartition } from "./efi-system-partition.ts";
import type { IsoParts } from "./verify.ts";

/** Most bytes of a boot program. */
const MAX_PROGRAM = 64 * 1024 * 1024;
const FOLDER = "EFI/BOOT";

export interface IsoPrograms {
  architecture: Architecture | undefined;
  /** Undefined if firmware starts something else, or nothing. */
  shim: BootProgram | undefined;
  effects: BootEffect[];
}

/** Reads the program that firmware starts, and the next one if the first is shim. */
export async function readPrograms(parts: IsoParts): Promise<IsoPrograms> {
  for (const architecture of ARCHITECTURE_NAMES) {
    for (const esp of parts.boot.esps) {
      const entry = findEntry(esp, `${FOLDER}/${removableLoader(architecture)}`);
      if (entry !== undefined) return await startFrom(entry, { architecture, esp, parts });
    }
  }
  const none = { architecture: undefined, shim: undefined };
  if (parts.boot.esps.length === 0) return { ...none, effects: [] };
  const loaders = ARCHITECTURE_NAMES.map(removableLoader).join(" or ");
  const text = `the EFI system partition has no ${FOLDER}/${loaders}`;
  return { ...none, effects: [{ effect: "breaks", ways: ["uefi"], text, code: "esp-no-program" }] };
}

async function startFrom(
  entry: FatEntry,
  { architecture, esp, parts }: { architecture: Architecture; esp: EfiSystemPartition; parts: IsoParts },
): Promise<IsoPrograms> {
  const first = await readProgram(esp, entry);
  if (first.program !== undefined && first.program.vendor === undefined)
    return {
      architecture,
      shim: undefined,
      effects: withoutShim(first.program, { path: first.path, architecture }),
    };
  const second = await secondStage(esp, architecture);
  const found = checkSecureBoot({ architecture, shim: first, grub: second, kernel: undefined });
  const effects = findingEffects(found.filter((each) => !isPlatterOnly(each, { second, esp, parts })));
  if (second === undefined) {
    const text = "the program that shim starts is missing";
    effects.push({ effect: "breaks", ways: ["uefi"], text, code: "shim-second-stage" });
  }
  return { architecture, shim: first, effects };
}

/**
 * The program that shim starts. In the folder of removable media this is its fallback program, if that is GRUB under
 * another name; otherwise GRUB.
 */
async function secondStage(
  esp: EfiSystemPartition,
  architecture: Architecture,
): Promise<BootProgram | undefined> {
  const suffix = efiSuffix(architecture);
  const fallback = findEntry(esp, `${FOLDER}/fb${suffix}.efi`);
  const program = fallback && (await readProgram(esp, fallback));
  if (program?.program?.grub !== undefined) return program;
  const grub = findEntry(esp, `${FOLDER}/grub${suffix}.efi`);
  return grub && (await readProgram(esp, grub));
}

/** A program that is not shim, such as GRUB or systemd-boot, must be trusted by the firmware itself. */
function withoutShim(
  program: EfiProgram,
  { path, architecture }: { path: string; architecture: Architecture },
): BootEffect[] {
  if (program.machine !== efiSuffix(architecture).toUpperCase())
    return [
      {
        effect: "breaks",
        ways: ["uefi"],
        text: `${path} is a program for ${program.machine}`,
        code: "efi-machine",
      },
    ];
  const ways = ["secureBoot"] as const;
  if (program.signatures.length === 0)
    return [{ effect: "breaks", ways, text: `${path} is not signed`, code: "efi-unsigned" }];
  const isTrusted = issuersOf(program).some((name) => name === MICROSOFT_2011 || name === MICROSOFT_2023);
  if (!isTrusted)
    return [
      {
        effect: "limits",
        ways,
        text: `${path} is not signed with Microsoft's key for other vendors`,
        code: "efi-signer",
      },
    ];
  return [{ effect: "limits", ways, text: `platter does not know what ${path} starts`, code: null }];
}

/** GRUB's built-in menu path matters only if no menu is at that path. platter's own ISOs have their menu elsewhere. */
function isPlatterOnly(
  { code }: Finding,
  { second, esp, parts }: { second: BootProgram | undefined; esp: EfiSystemPartition; parts: IsoParts },
): boolean {
  const prefix = second?.program?.grub?.prefix?.replace(/^\([^)]*\)/, "");
  if (code !== "F_GCD_PREFIX" || prefix === undefined || prefix === "") return false;
  const menu = `${prefix.replace(/^\/+|\/+$/g, "")}/grub.cfg`;
  const onIso = parts.tree === undefined ? undefined : findNodeAnyCase(parts.tree, menu);
  return onIso !== undefined || findEntry(esp, menu) !== undefined;
}

async function readProgram({ source, volume }: EfiSystemPartition, entry: FatEntry): Promise<BootProgram> {
  const bytes = await readFatFile(source, volume, { entry, length: MAX_PROGRAM });
  const read = readEfiProgram(bytes);
  const path = `/${entry.path}`;
  return isFault(read)
    ? { path, program: undefined, fault: read.fault }
    : { path, program: read, fault: undefined };
}

/** The file at a path. Case is ignored. */
function findEntry({ volume }: EfiSystemPartition, path: string): FatEntry | undefined {
  return volume.entries.find((one) => one.kind === "file" && one.path.toLowerCase() === path.toLowerCase());
}
