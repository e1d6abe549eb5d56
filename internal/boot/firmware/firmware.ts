import { readdirSync, readFileSync, statSync } from "node:fs";
import { type Architecture, hostArchitecture } from "../../base/architecture.ts";
import { PlatterError } from "../../base/error.ts";
import { findProgram } from "../../process/program.ts";
import {
  type FirmwareKind,
  type FlashPair,
  flashPair,
  parseFirmwareDescriptor,
  suits,
} from "./firmware-descriptor.ts";
import { DESCRIPTOR_FOLDERS, firmwarePlaces, PACKAGES, QEMU_PROGRAMS } from "./firmware-places.ts";

/** Access to the host's files, for finding firmware. */
export interface FirmwareFiles {
  /** Names in a folder; an empty list if it does not exist. */
  list(folder: string): string[];
  read(path: string): string;
  exists(path: string): boolean;
}

const hostFiles: FirmwareFiles = {
  list(folder) {
    try {
      return readdirSync(folder);
    } catch {
      // Most machines lack one of the folders.
      return [];
    }
  },
  read: (path) => readFileSync(path, "utf8"),
  exists: (path) => statSync(path, { throwIfNoEntry: false })?.isFile() === true,
};

/**
 * Finds UEFI firmware: first by QEMU's firmware descriptors, in their order, then in the folders of the distributions.
 * For `secure-boot` only firmware whose variables hold Microsoft's keys counts.
 * @throws PlatterError `E_FIRMWARE_MISSING`
 */
export function findFirmware(
  wanted: { kind: "uefi" | "secure-boot"; architecture: Architecture },
  files: FirmwareFiles = hostFiles,
): FlashPair {
  const there = (pair: FlashPair) => files.exists(pair.code.path) && files.exists(pair.vars.path);
  const described = descriptorPaths(files)
    .map((path) => parseFirmwareDescriptor(files.read(path)))
    .filter((each) => each !== undefined && suits(each, wanted))
    .map((each) => flashPair(each!))
    // Plain UEFI without system management mode is faster, and does not announce Secure Boot to the system.
    .sort((a, b) => (wanted.kind === "uefi" ? Number(a.needsSmm) - Number(b.needsSmm) : 0));
  const places = firmwarePlaces(wanted);
  const found = described.find(there) ?? places.find(there);
  if (found !== undefined) return found;
  const what =
    wanted.kind === "uefi" ? "UEFI firmware" : "UEFI firmware with Secure Boot and Microsoft's keys";
  throw new PlatterError({
    code: "E_FIRMWARE_MISSING",
    kind: "tool",
    message: `Cannot boot: no ${what} for ${wanted.architecture} found`,
    hint: `Install ${PACKAGES[wanted.architecture]}.`,
    detail: [
      `looked at the firmware descriptors in ${DESCRIPTOR_FOLDERS.join(" and ")}`,
      ...[...described, ...places].map((pair) => `looked for ${pair.code.path} with ${pair.vars.path}`),
    ],
  });
}

/** Descriptors sorted by name; one in an earlier folder replaces one of the same name in a later folder. */
function descriptorPaths(files: FirmwareFiles): string[] {
  const byName = new Map<string, string>();
  for (const folder of DESCRIPTOR_FOLDERS) {
    for (const name of files.list(folder).filter((each) => each.endsWith(".json"))) {
      if (!byName.has(name)) byName.set(name, `${folder}/${name}`);
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Refuses machines for which a program or firmware is missing. @throws PlatterError `E_TOOL_MISSING`, `E_FIRMWARE_MISSING` */
export function requireMachine(kinds: readonly FirmwareKind[], architecture: Architecture): void {
  findQemu(architecture);
  for (const kind of kinds) if (kind !== "bios") findFirmware({ kind, architecture });
}

/**
 * The path of QEMU for the architecture.
 * @throws PlatterError `E_TOOL_MISSING`
 */
export function findQemu(architecture: Architecture): string {
  const program = QEMU_PROGRAMS[architecture];
  // Red Hat's only emulator is outside of PATH.
  const redHat = "/usr/libexec/qemu-kvm";
  const path =
    findProgram(program) ??
    (architecture === hostArchitecture() && hostFiles.exists(redHat) ? redHat : undefined);
  if (path !== undefined) return path;
  throw new PlatterError({
    code: "E_TOOL_MISSING",
    kind: "tool",
    message: `Cannot run QEMU: neither \`${program}\` nor \`${redHat}\` is in PATH`,
    hint: `Install ${PACKAGES[architecture]}.`,
  });
}
