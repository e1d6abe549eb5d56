/** What platter can do on this machine, by the programs and devices that it has. */
import { accessSync, constants } from "node:fs";
import { ARCHITECTURE_NAMES, type Architecture, hasBios, hostArchitecture } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import { runTogether } from "../base/run-together.ts";
import { findProgram } from "../process/program.ts";
import type { Toolbox } from "../process/toolbox.ts";
import { findFirmware, findQemu } from "./firmware/firmware.ts";

export interface Ability {
  /** The task, as a phrase: `build from a registry`. */
  task: string;
  ready: boolean;
  /** The program that does the task, or what is missing. */
  detail: string;
  /** What to do, as a sentence. Undefined if the machine is ready. */
  hint?: string | undefined;
}

const DEVICE = "/dev/kvm";

/** All tasks that need something of the machine. The order is that of a user's work: read, build, boot. */
export async function abilities(toolbox: Toolbox): Promise<Ability[]> {
  const host = hostArchitecture();
  return [
    { task: "build from a file, a folder or standard input", ready: true, detail: "needs no other program" },
    byProgram("build from podman's storage", ["podman"]),
    byProgram("build from a registry", ["skopeo", "podman"]),
    byProgram("build from Docker's daemon", ["docker"]),
    await attempt("build with --rootfs erofs", async () => {
      const { path, version } = await toolbox.find("mkfs.erofs");
      return `${path} ${version}`;
    }),
    ...(await runTogether(ARCHITECTURE_NAMES.flatMap(bootAbilities))),
    ...(host === undefined ? [] : [kvm(host)]),
  ];
}

function byProgram(task: string, programs: readonly string[]): Ability {
  const found = programs.map(findProgram).find((path) => path !== undefined);
  if (found !== undefined) return { task, ready: true, detail: found };
  const names = programs.map((name) => `\`${name}\``).join(" or ");
  return { task, ready: false, detail: `${names} is missing`, hint: `Install ${names}.` };
}

/** A function for each way to boot. */
function bootAbilities(architecture: Architecture): (() => Promise<Ability>)[] {
  const ways = [
    ...(hasBios(architecture) ? [["BIOS", undefined] as const] : []),
    ["UEFI", "uefi"] as const,
    ["Secure Boot", "secure-boot"] as const,
  ];
  return ways.map(
    ([name, kind]) =>
      () =>
        attempt(`boot an ISO for ${architecture} with ${name}`, () => {
          const qemu = findQemu(architecture);
          return kind === undefined ? qemu : `${qemu}, ${findFirmware({ kind, architecture }).code.path}`;
        }),
  );
}

/** Whether the firmware runs in KVM is only known when a machine is started. */
function kvm(host: Architecture): Ability {
  const task = `boot an ISO for ${host} with KVM`;
  try {
    accessSync(DEVICE, constants.R_OK | constants.W_OK);
    return { task, ready: true, detail: `${DEVICE} can be opened` };
  } catch {
    const hint = "Load the KVM module, or join the group of the device. Without KVM a boot takes minutes.";
    return { task, ready: false, detail: `${DEVICE} cannot be opened`, hint };
  }
}

/** An error that names what is missing becomes the reason. */
async function attempt(task: string, find: () => string | Promise<string>): Promise<Ability> {
  try {
    return { task, ready: true, detail: await find() };
  } catch (error) {
    if (!(error instanceof PlatterError) || error.kind !== "tool") throw error;
    return { task, ready: false, detail: error.message, hint: error.hint };
  }
}
