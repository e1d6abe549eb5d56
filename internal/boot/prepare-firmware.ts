import { chmod, copyFile } from "node:fs/promises";
import { join } from "node:path";
import { type Architecture, hasBios } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import { findFirmware } from "./firmware/firmware.ts";
import type { FirmwareKind } from "./firmware/firmware-descriptor.ts";
import type { MachineFirmware } from "./machine.ts";

/**
 * Finds the firmware, and copies its variables to `scratch`.
 * @throws PlatterError `E_FIRMWARE_MISSING`, `E_BOOT_WAY`
 */
export async function prepareFirmware(
  kind: FirmwareKind,
  { architecture, scratch }: { architecture: Architecture; scratch: string },
): Promise<MachineFirmware> {
  if (kind !== "bios") {
    const found = findFirmware({ kind, architecture });
    const copy = join(scratch, `vars.${found.vars.format}`);
    await copyFile(found.vars.path, copy);
    // The template may be read-only, and the copy has its mode.
    await chmod(copy, 0o600);
    return { kind, flash: { ...found, vars: { ...found.vars, path: copy } } };
  }
  if (hasBios(architecture)) return { kind };
  throw new PlatterError({
    code: "E_BOOT_WAY",
    kind: "usage",
    message: `Cannot boot with BIOS: machines for ${architecture} do not have BIOS firmware`,
    hint: "Choose `--firmware uefi` or `--firmware secure-boot`.",
  });
}
