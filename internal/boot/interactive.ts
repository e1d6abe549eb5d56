import { tmpdir } from "node:os";
import { resolve } from "node:path";
import { PlatterError } from "../base/error.ts";
import { throwIfAborted } from "../base/interrupt.ts";
import { HeldFolder } from "../files/held-folder.ts";
import type { BootWay } from "./boot-result.ts";
import { findQemu } from "./firmware/firmware.ts";
import { type Machine, qemuArguments } from "./machine.ts";
import { prepareFirmware } from "./prepare-firmware.ts";

type InteractiveRequest = BootWay &
  Pick<Machine, "architecture" | "accelerator" | "memoryMiB" | "cpus" | "network"> & {
    iso: string;
    console: "terminal" | "window";
  };

/**
 * Runs the machine for the user, until the user or the machine ends it. QEMU stays in platter's own process group,
 * since otherwise it could not read from the terminal.
 * @throws PlatterError `E_TOOL_MISSING`, `E_FIRMWARE_MISSING`, `E_TOOL_FAILED`, `E_INTERRUPTED`
 */
export async function bootInteractively(request: InteractiveRequest, signal: AbortSignal): Promise<void> {
  const { architecture } = request;
  const qemu = findQemu(architecture);
  using folder = HeldFolder.create(tmpdir());
  const scratch = folder.path;
  const firmware = await prepareFirmware(request.firmware, { architecture, scratch });
  const machine: Machine = { ...request, firmware, iso: resolve(request.iso), qmpSocket: undefined };
  const child = Bun.spawn([qemu, ...qemuArguments(machine)], {
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
    signal,
  });
  const exitCode = await child.exited;
  throwIfAborted(signal, "the virtual machine");
  if (exitCode !== 0) throw failed(exitCode);
}

function failed(exitCode: number): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `Cannot run the virtual machine: QEMU failed with exit code ${exitCode}`,
    hint: "Read the messages of QEMU above.",
  });
}
