import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { removeAtExit } from "../base/at-exit.ts";
import { type BootWay, wayName } from "./boot-result.ts";

/** The files that a boot writes into the folder for its logs. */
interface LogPaths {
  serial: string;
  qemu: string;
  /** Pictures of the screen at the end, and of GRUB's menu. A machine may end before there is one. */
  picture: string;
  menuPicture: string;
}

export function logPaths(folder: string, way: BootWay): LogPaths {
  const name = join(folder, wayName(way));
  return {
    serial: `${name}.serial.log`,
    qemu: `${name}.qemu.log`,
    picture: `${name}.png`,
    menuPicture: `${name}.menu.png`,
  };
}

/**
 * The folder for serial logs and screenshots: the one that the user named, or a new one. A new one is removed at the
 * end unless `keep` was called.
 */
export class BootLogs implements Disposable {
  readonly folder: string;
  readonly #spare: () => void;
  #isKept: boolean;

  constructor(named: string | undefined) {
    this.#isKept = named !== undefined;
    this.folder = named === undefined ? mkdtempSync(join(tmpdir(), "platter-boot-logs-")) : resolve(named);
    this.#spare = named === undefined ? removeAtExit(this.folder) : () => undefined;
  }

  /** Whether the folder stays after the run. */
  get kept(): boolean {
    return this.#isKept;
  }

  /** Call this before reporting the folder's path to the user. */
  keep(): void {
    this.#isKept = true;
    this.#spare();
  }

  [Symbol.dispose](): void {
    this.#spare();
    if (!this.#isKept) rmSync(this.folder, { recursive: true, force: true });
  }
}
