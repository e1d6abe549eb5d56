import { accessSync, constants } from "node:fs";
import { tmpdir } from "node:os";
import { type Architecture, hostArchitecture } from "../base/architecture.ts";

import { PlatterError } from "../base/error.ts";
import { HeldFolder } from "../files/held-folder.ts";
import { findFirmware, findQemu } from "./firmware/firmware.ts";
import type { FirmwareKind } from "./firmware/firmware-descriptor.ts";
import { type Machine, qemuArguments } from "./machine.ts";
import { prepareFirmware } from "./prepare-firmware.ts";
import type { BootWorld } from "./run.ts";

type AcceleratorChoice = "auto" | "kvm" | "tcg";

/** The accelerator of the machine, and the reason for the choice. */
export interface Accelerator {
  accelerator: Machine["accelerator"];
  reason: string;
}

/** Seconds that a boot may take without `--timeout`. */
export const DEFAULT_TIMEOUT: Record<Machine["accelerator"], number> = { kvm: 240, tcg: 900 };

/** Milliseconds to wait for the first output of firmware under KVM, twice the usual time. */
const PATIENCE = 10_000;

/**
 * Chooses KVM only if it runs the firmware. Some nested and sandboxed machines have a `/dev/kvm` that runs a kernel but
 * not firmware.
 * @throws PlatterError `E_BOOT_WAY` if KVM was asked for and cannot run this architecture
 */
export async function chooseAccelerator(
  choice: AcceleratorChoice,
  wanted: { architecture: Architecture; firmware: FirmwareKind },
  world: BootWorld & { kvm?: () => KvmAccess },
): Promise<Accelerator> {
  if (choice === "kvm" && wanted.architecture !== hostArchitecture()) {
    throw new PlatterError({
      code: "E_BOOT_WAY",
      kind: "usage",
      message: `Cannot boot with KVM: this machine is not ${wanted.architecture}`,
      hint: "Leave --accel out.",
    });
  }
  if (choice !== "auto") return { accelerator: choice, reason: `\`--accel ${choice}\` was given` };
  if (wanted.architecture !== hostArchitecture()) {
    return { accelerator: "tcg", reason: `this machine is not ${wanted.architecture}` };
  }
  const access = (world.kvm ?? kvmAccess)();
  if (access !== "usable") return { accelerator: "tcg", reason: access };
  const runs = await firmwareRuns("kvm", { ...wanted, firmware: probeFirmware(wanted) }, world);
  if (!runs) return { accelerator: "tcg", reason: "/dev/kvm exists but does not run the firmware" };
  return { accelerator: "kvm", reason: "/dev/kvm runs the firmware" };
}

/**
 * The firmware to try KVM with. SeaBIOS writes its first line in real mode, the only mode that some nested machines
 * run. UEFI firmware needs the same processor modes as GRUB and the kernel.
 */
function probeFirmware(wanted: { architecture: Architecture; firmware: FirmwareKind }): FirmwareKind {
  if (wanted.firmware !== "bios") return wanted.firmware;
  try {
    findFirmware({ kind: "uefi", architecture: wanted.architecture });
    return "uefi";
  } catch (error) {
    if (error instanceof PlatterError) return "bios";
    throw error;
  }
}

const NO_ACCESS = "this user cannot open /dev/kvm, and may need to join the group `kvm`";

type KvmAccess = "usable" | "/dev/kvm does not exist" | typeof NO_ACCESS;

function kvmAccess(): KvmAccess {
  try {
    accessSync("/dev/kvm", constants.R_OK | constants.W_OK);
    return "usable";
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
    return missing ? "/dev/kvm does not exist" : NO_ACCESS;
  }
}

/** Starts a machine without a medium, and returns whether its firmware writes to the serial line. */
export async function firmwareRuns(
  accelerator: Machine["accelerator"],
  { architecture, firmware: kind }: { architecture: Architecture; firmware: FirmwareKind },
  { run, signal, now }: BootWorld,
): Promise<boolean> {
  const qemu = findQemu(architecture);
  using folder = HeldFolder.create(tmpdir());
  const scratch = folder.path;
  const stop = new AbortController();
  let heard = false;
  const machine: Machine = {
    architecture,
    firmware: await prepareFirmware(kind, { architecture, scratch }),
    iso: undefined,
    media: "cd",
    memoryMiB: 512,
    cpus: 1,
    accelerator,
    network: "none",
    console: "stdout",
    qmpSocket: undefined,
  };
  const end = now() + PATIENCE;
  const timer = setInterval(() => now() >= end && stop.abort(), 100);
  try {
    await run({
      argv: [qemu, ...qemuArguments(machine)],
      signal: AbortSignal.any([signal, stop.signal]),
      onStdout: () => {
        heard = true;
        stop.abort();
      },
    });
  } catch (error) {
    // QEMU was ended, or it failed because it cannot use the accelerator. The output so far decides.
    if (signal.aborted || !(error instanceof PlatterError)) throw error;
  } finally {
    clearInterval(timer);
  }
  return heard;
}
