import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { type Plan, parsePlan, printPlan } from "../contract/plan.ts";
import { PlatterError } from "../error.ts";
import { machineError } from "../image/machine-error.ts";

/** Files of the work directory that stages hand to each other. */
export const ARTIFACTS = {
  plan: "plan.json",
  efiConfig: "grub/grub-efi.cfg",
  biosConfig: "grub/grub-bios.cfg",
  stubConfig: "grub/grub-stub.cfg",
  loopbackConfig: "grub/loopback.cfg",
  squashfs: "squashfs.img",
  biosImage: "eltorito.img",
  efiImage: "efiboot.img",
} as const;

const FOLDERS = ["image", "grub", "iso", "logs", "stages"];

/** Folders to remove at any end of the process, even one that runs no cleanup. */
const temporary = new Set<string>();
process.on("exit", () => {
  for (const path of temporary) rmSync(path, { recursive: true, force: true });
});

/** The folder where stages leave what they made: the user's with --work, else a temporary one. */
export class WorkDir implements Disposable {
  readonly path: string;
  /** Whether it stays, so that a later run can use what it holds. */
  readonly kept: boolean;

  private constructor(path: string, kept: boolean) {
    this.path = path;
    this.kept = kept;
    for (const folder of FOLDERS) mkdirSync(`${path}/${folder}`, { recursive: true });
  }

  /** Opens the user's folder, making it where needed, and locks it. @throws PlatterError `E_WORK`, `E_WORK_LOCKED` */
  static open(path: string): WorkDir {
    const absolute = resolve(path);
    try {
      mkdirSync(absolute, { recursive: true });
      lock(`${absolute}/lock`);
      return new WorkDir(absolute, true);
    } catch (error) {
      throw machineError(error, { code: "E_WORK", message: `Cannot use the work directory \`${path}\`` });
    }
  }

  /** Makes a temporary folder inside `parent`. @throws PlatterError `E_WORK` */
  static temporary(parent: string): WorkDir {
    try {
      const path = mkdtempSync(`${resolve(parent)}/.platter-`);
      temporary.add(path);
      return new WorkDir(path, false);
    } catch (error) {
      throw machineError(error, { code: "E_WORK", message: `Cannot write in \`${parent}\`` });
    }
  }

  file(name: string): string {
    return `${this.path}/${name}`;
  }

  log(name: string): string {
    return this.file(`logs/${name}.log`);
  }

  /** Writes a small file so that it is there whole or not at all. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const path = this.file(name);
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(`${path}.partial`, content, { mode: 0o644 });
      await rename(`${path}.partial`, path);
    } catch (error) {
      await rm(`${path}.partial`, { force: true });
      throw machineError(error, { code: "E_WORK", message: `Cannot write \`${path}\`` });
    }
  }

  /** A file's text; undefined if it is not there. */
  async read(name: string): Promise<string | undefined> {
    try {
      return await readFile(this.file(name), "utf8");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw machineError(error, { code: "E_WORK", message: `Cannot read \`${this.file(name)}\`` });
    }
  }

  async has(name: string): Promise<boolean> {
    return (await stat(this.file(name)).catch(() => undefined)) !== undefined;
  }

  async readPlan(): Promise<Plan | undefined> {
    const text = await this.read(ARTIFACTS.plan);
    return text === undefined ? undefined : parsePlan(text, this.file(ARTIFACTS.plan));
  }

  async writePlan(plan: Plan): Promise<void> {
    await this.write(ARTIFACTS.plan, printPlan(plan));
  }

  [Symbol.dispose](): void {
    if (this.kept) {
      rmSync(this.file("lock"), { force: true });
      return;
    }
    rmSync(this.path, { recursive: true, force: true });
    temporary.delete(this.path);
  }
}

/** One run at a time: the lock names the process that holds it, and one of a process that is gone does not count. */
function lock(path: string): void {
  for (let attempt = 0; ; attempt++) {
    try {
      writeFileSync(path, `${process.pid}\n`, { flag: "wx" });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EEXIST" || attempt > 0) throw error;
    }
    const holder = Number(readFileSync(path, "utf8"));
    if (Number.isInteger(holder) && holder > 0 && isRunning(holder)) {
      throw new PlatterError({
        code: "E_WORK_LOCKED",
        kind: "usage",
        message: `The work directory is in use by process ${holder}`,
        hint: `Wait for it to end; if it is no platter, remove \`${path}\`.`,
      });
    }
    rmSync(path, { force: true });
  }
}

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}
