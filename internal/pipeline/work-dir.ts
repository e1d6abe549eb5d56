import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { mkdir, readFile, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { writeAtOnce } from "../chunk.ts";
import { type Plan, parsePlan, printPlan } from "../contract/plan.ts";
import { PlatterError } from "../error.ts";
import { machineError } from "../machine-error.ts";
import { removeAtExit, writeError, writeWhole } from "../whole-file.ts";

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

/** The folder where stages leave what they made: the user's with --work, else a temporary one. */
export class WorkDir implements Disposable {
  readonly path: string;
  /** Whether it stays, so that a later run can use what it holds. */
  readonly kept: boolean;
  /** Takes what goes at the end from the list of what goes at a sudden end. */
  readonly #spare: () => void;

  private constructor(path: string, kept: boolean) {
    this.path = path;
    this.kept = kept;
    this.#spare = removeAtExit(kept ? this.file("lock") : path);
    try {
      for (const folder of FOLDERS) mkdirSync(`${path}/${folder}`, { recursive: true });
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Opens the user's folder, making it where needed, and locks it. @throws PlatterError `E_WORK`, `E_WORK_LOCKED` */
  static open(path: string): WorkDir {
    const absolute = resolve(path);
    try {
      mkdirSync(absolute, { recursive: true });
      lock(`${absolute}/lock`);
      return new WorkDir(absolute, true);
    } catch (error) {
      throw workError(error, absolute);
    }
  }

  /** Makes a temporary folder inside `parent`. @throws PlatterError `E_WORK` */
  static temporary(parent: string): WorkDir {
    try {
      return new WorkDir(mkdtempSync(`${resolve(parent)}/.platter-`), false);
    } catch (error) {
      throw workError(error, parent);
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
    await this.make(name, (partial) => writeFile(partial, content, { mode: 0o644 }));
  }

  /** Makes a file that is there whole or not at all. @throws PlatterError `E_WORK`, `E_NO_SPACE` */
  async make<T>(name: string, write: (partial: string) => Promise<T>): Promise<T> {
    const path = this.file(name);
    await mkdir(dirname(path), { recursive: true }).catch((error) => {
      throw workError(error, path);
    });
    return writeWhole(path, { code: "E_WORK", write });
  }

  /**
   * Writes a file where none is and which counts for nothing before a later one is there: that spares the renaming.
   * @throws PlatterError `E_WORK`, `E_NO_SPACE`, and whatever `content` throws
   */
  async add(name: string, content: AsyncIterable<Uint8Array>, mode: number): Promise<void> {
    const path = this.file(name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      const fd = openSync(path, "wx", mode);
      try {
        for await (const chunk of content) writeAtOnce(fd, chunk);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw workError(error, path);
    }
  }

  /** A file that a stage before has left. @throws PlatterError `E_WORK` */
  async readBytes(name: string): Promise<Uint8Array> {
    return readFile(this.file(name)).catch((error) => {
      throw machineError(error, {
        code: "E_WORK",
        message: `Cannot read \`${this.file(name)}\``,
        hint: "Run `platter inspect` again, and the stages after it.",
      });
    });
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
    rmSync(this.kept ? this.file("lock") : this.path, { recursive: true, force: true });
    this.#spare();
  }
}

function workError(error: unknown, path: string): unknown {
  return writeError(error, { code: "E_WORK", path });
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
