import { mkdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import type { Architecture } from "../base/architecture.ts";
import { machineError } from "../base/machine-error.ts";
import { HeldFolder } from "../files/held-folder.ts";
import type { RunTool } from "../process/run.ts";
import { logPaths } from "./boot-logs.ts";
import type { BootFailure, BootResult, BootWay } from "./boot-result.ts";
import { ConsoleWatcher } from "./console.ts";
import { BootMonitor } from "./control/monitor.ts";
import { encodePng, type Picture } from "./control/png.ts";
import { findQemu } from "./firmware/firmware.ts";
import { type Machine, qemuArguments, serialConsoleArgument } from "./machine.ts";
import { attendMenu } from "./menu-work.ts";
import type { Phase } from "./phase.ts";
import { prepareFirmware } from "./prepare-firmware.ts";
import { Screen } from "./screen.ts";
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
  /** Called when a phase begins, the first time when the machine is switched on. */
  onPhase?: (phase: Phase) => void;
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
  const socket = join(scratch, "qmp");
  const machine: Machine = {
    ...request,
    firmware,
    iso: resolve(request.iso),
    console: "stdout",
    qmpSocket: socket,
  };
  return await watch([qemu, ...qemuArguments(machine)], { request, world, socket });
}

interface Watch {
  request: BootRequest;
  world: BootWorld;
  /** Path of QEMU's socket. */
  socket: string;
}

async function watch(argv: string[], { request, world, socket }: Watch): Promise<BootResult> {
  const { keepIn, until, timeout } = request;
  const { now } = world;
  const { serial: serialLog, qemu: log, picture, menuPicture } = logPaths(keepIn, request);
  using serial = new SerialLog(serialLog);
  const stop = new AbortController();
  const drive = request.menu === "add-console" && (await isoHasSerialConsole(request.iso)) === false;
  const start = now();
  const expected = new Set(drive ? ["B_GRUB_PROMPT"] : []);
  const watcher = new ConsoleWatcher({ start, until, expected, onPhase: world.onPhase });
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
        watcher.feed(chunk, now());
      },
    })
    .finally(() => {
      over = true;
    });
  // Prevents an unhandled rejection; the error is handled below, after the machine has ended.
  machine.catch(() => undefined);
  const isOver = () => over || stop.signal.aborted || watcher.verdict !== undefined;
  await using monitor = new BootMonitor(socket, { over: isOver });
  const menu = attendMenu(drive ? serialConsoleArgument(request.architecture) : undefined, {
    screen,
    phase: () => watcher.phase,
    over: isOver,
    monitor,
  });
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
    const screenshot = await savePicture(picture, over ? undefined : await monitor.screen());
    stop.abort();
    const { outcome, picture: menuScreen } = await menu;
    return {
      firmware: request.firmware,
      media: request.media,
      accelerator: request.accelerator,
      seconds: (ended - start) / 1000,
      phases: watcher.phaseTimes(ended),
      menu: outcome,
      reached: watcher.verdict?.outcome === "booted" ? watcher.verdict.line : undefined,
      failure,
      serialLog,
      screenshot,
      menuScreenshot: await savePicture(menuPicture, menuScreen),
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

/** Writes a picture as PNG, and returns the path. Without a picture it removes that of an earlier run. */
async function savePicture(path: string, picture: Picture | undefined): Promise<string | undefined> {
  await rm(path, { force: true });
  if (picture === undefined) return undefined;
  await writeFile(path, encodePng(picture));
  return path;
}
