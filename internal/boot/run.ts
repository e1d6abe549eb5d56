import { mkdir } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Architecture } from "../base/architecture.ts";
import { machineError } from "../base/machine-error.ts";
import { HeldFolder } from "../files/held-folder.ts";
import type { RunTool } from "../process/run.ts";
import { logPaths } from "./boot-logs.ts";
import type { BootFailure, BootResult, BootWay } from "./boot-result.ts";
import { ConsoleWatcher } from "./console.ts";
import { findQemu } from "./firmware/firmware.ts";
import { press } from "./keyboard.ts";
import { type Machine, qemuArguments, serialConsoleArgument } from "./machine.ts";
import { addSerialConsole, type MenuOutcome } from "./menu-drive.ts";
import type { Phase } from "./phase.ts";
import { prepareFirmware } from "./prepare-firmware.ts";
import { Qmp, QmpError } from "./qmp.ts";
import { Screen } from "./screen.ts";
import { takeScreenshot } from "./screenshot.ts";
import { isoHasSerialConsole } from "./serial-console.ts";
import { SerialLog } from "./serial-log.ts";
import { switchedOff, timedOut } from "./verdict.ts";

export interface BootRequest extends BootWay {
  iso: string;
  architecture: Architecture;
  accelerator: Machine["accelerator"];
  memoryMiB: number;
  cpus: number;
  network: Machine["network"];
  /** Seconds until the boot counts as failed. */
  timeout: number;
  /**
   * The pattern of a line on the console that shows a successful boot; by default a login prompt or systemd's last
   * target.
   */
  until?: RegExp | undefined;
  /** Whether GRUB's default entry gets a serial console for this boot, if it does not have one. */
  menu: "leave-alone" | "add-console";
  /** Folder for the serial log and the screenshot; created if it is missing. */
  keepIn: string;
}

export interface BootWorld {
  run: RunTool;
  signal: AbortSignal;
  /** Milliseconds of a monotonic clock. */
  now: () => number;
  /** Called when a phase begins, with the seconds since the machine was switched on. */
  onPhase?: (phase: Phase, at: number) => void;
}

/** Milliseconds between two checks of a running boot. */
const LOOK = 200;

/**
 * Boots an ISO in a virtual machine until the console shows success or failure, then ends the machine.
 * @throws PlatterError `E_TOOL_MISSING`, `E_FIRMWARE_MISSING`, `E_TOOL_FAILED` if QEMU itself failed, `E_BOOT_LOGS` if
 * `keepIn` cannot be made, `E_INTERRUPTED`
 */
export async function bootOnce(request: BootRequest, world: BootWorld): Promise<BootResult> {
  const { architecture, keepIn } = request;
  const qemu = findQemu(architecture);
  await mkdir(keepIn, { recursive: true }).catch((error: unknown) => {
    throw machineError(error, {
      code: "E_BOOT_LOGS",
      message: `Cannot make \`${keepIn}\` for the boot's logs`,
    });
  });
  using folder = HeldFolder.create(tmpdir());
  const scratch = folder.path;
  const firmware = await prepareFirmware(request.firmware, { architecture, scratch });
  const machine: Machine = {
    ...request,
    firmware,
    iso: resolve(request.iso),
    console: "stdout",
    qmpSocket: join(scratch, "qmp"),
  };
  return await watch([qemu, ...qemuArguments(machine)], { request, world, scratch });
}

interface Watch {
  request: BootRequest;
  world: BootWorld;
  scratch: string;
}

async function watch(argv: string[], { request, world, scratch }: Watch): Promise<BootResult> {
  const { keepIn, until, timeout } = request;
  const { now } = world;
  const { serial: serialLog, qemu: log, picture } = logPaths(keepIn, request);
  using serial = new SerialLog(serialLog);
  const stop = new AbortController();
  const drive = request.menu === "add-console" && (await isoHasSerialConsole(request.iso)) === false;
  const start = now();
  const watcher = new ConsoleWatcher({ start, until, expected: new Set(drive ? ["B_GRUB_PROMPT"] : []) });
  const screen = new Screen();
  let over = false;
  const machine = world
    .run({
      argv,
      signal: AbortSignal.any([world.signal, stop.signal]),
      log,
      onStdout: (chunk) => {
        serial.write(chunk);
        screen.feed(chunk);
        const before = watcher.phase;
        watcher.feed(chunk, now());
        if (watcher.phase !== before) world.onPhase?.(watcher.phase, (now() - start) / 1000);
      },
    })
    .finally(() => {
      over = true;
    });
  // Prevents an unhandled rejection; the error is handled below, after the machine has ended.
  machine.catch(() => undefined);
  const isOver = () => over || stop.signal.aborted || watcher.verdict !== undefined;
  const menu: Promise<MenuOutcome> = drive
    ? withQmp(scratch, (qmp) =>
        addSerialConsole(
          {
            screen,
            phase: () => watcher.phase,
            press: (chords) => press(qmp, chords),
            sleep: Bun.sleep,
            over: isOver,
          },
          serialConsoleArgument(request.architecture),
        ),
      ).catch((error: Error) => ({ kind: "not-driven", why: error.message }))
    : Promise.resolve({ kind: "left-alone" });
  try {
    while (!over && watcher.verdict === undefined && now() - start < timeout * 1000) {
      await Promise.race([machine.catch(() => undefined), Bun.sleep(LOOK)]);
      watcher.tick(now());
    }
    const ended = now();
    // If QEMU ended by itself, it may have failed. Then this throws.
    if (over) await machine;
    if (over) watcher.end(ended);
    const failure = failureOf(watcher, { over, timeout, architecture: request.architecture });
    const screenshot =
      failure !== undefined && !over && (await photograph(picture, scratch)) ? picture : undefined;
    stop.abort();
    return {
      firmware: request.firmware,
      media: request.media,
      accelerator: request.accelerator,
      seconds: (ended - start) / 1000,
      phases: watcher.phaseTimes(ended),
      menu: await menu,
      reached: watcher.verdict?.outcome === "booted" ? watcher.verdict.line : undefined,
      failure,
      serialLog,
      screenshot,
    };
  } finally {
    stop.abort();
    await Promise.all([machine.catch(() => undefined), menu]);
  }
}

function failureOf(
  watcher: ConsoleWatcher,
  options: { over: boolean; timeout: number; architecture: Architecture },
): BootFailure | undefined {
  const { verdict, lastLines } = watcher;
  if (verdict === undefined)
    return {
      ...(options.over ? switchedOff(watcher, options.architecture) : timedOut(watcher, options)),
      lastLines,
    };
  if (verdict.outcome === "booted") return undefined;
  const { phase, code, message, hint, line } = verdict;
  return { phase, code, message, hint, line, lastLines };
}

/** Takes a screenshot. False if the machine has just ended. */
async function photograph(to: string, scratch: string): Promise<boolean> {
  try {
    await withQmp(scratch, (qmp) => takeScreenshot(qmp, { to, scratch: join(scratch, "screen.ppm") }));
    return true;
  } catch (error) {
    if (error instanceof QmpError) return false;
    throw error;
  }
}

async function withQmp<T>(scratch: string, use: (qmp: Qmp) => Promise<T>): Promise<T> {
  const qmp = await Qmp.connect(join(scratch, "qmp"), 5000);
  try {
    return await use(qmp);
  } finally {
    qmp.close();
  }
}
