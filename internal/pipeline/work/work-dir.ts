import { closeSync, mkdirSync, openSync } from "node:fs";
import { mkdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import { PlatterError } from "../../base/error.ts";
import { errnoOf, machineError } from "../../base/machine-error.ts";
import type { HeldRange } from "../../bytes/byte-range.ts";
import { rangeBytesSync, writeAtSync } from "../../bytes/chunk.ts";
import { type Plan, parsePlan, printPlan } from "../../contract/plan/plan.ts";
import { HeldFolder } from "../../files/held-folder.ts";
import { readInputText } from "../../files/open-input.ts";
import { writeError, writeInHeldFolder } from "../../files/whole-file.ts";
import type { IsoContent } from "../../iso/layout.ts";
import { requireWorkFolder, type WorkNames } from "./work-folder.ts";
import { holdWorkFolder } from "./work-lock.ts";
import { WorkMemory } from "./work-memory.ts";

/** Files of the work directory that one stage writes and another stage reads. */
export const ARTIFACTS = {
  plan: "plan.json",
  efiConfig: "grub/grub-efi.cfg",
  biosConfig: "grub/grub-bios.cfg",
  stubConfig: "grub/grub-stub.cfg",
  loopbackConfig: "grub/loopback.cfg",
  rootfs: "squashfs.img",
  coreImage: "eltorito.img",
  espImage: "efiboot.img",
  /** An ISO that goes to standard output. */
  iso: "iso/output.iso",
} as const;

/** Most bytes of a plan, a receipt or a menu. */
export const MAX_TEXT = 64 * 1024 * 1024;

/** Folders of the work directory. The first is made first, because it marks a folder as a work directory. */
export const FOLDERS = ["stages", "image", "grub", "iso", "logs"];

const [RECEIPTS = "", ...OTHER_FOLDERS] = FOLDERS;
const FILES = Object.values(ARTIFACTS).filter((name) => !name.includes("/"));

/** Names at the top of a work directory. */
const NAMES: WorkNames = {
  receipts: RECEIPTS,
  lock: "lock",
  others: [...OTHER_FOLDERS, ...FILES, ...FILES.map((name) => `${name}.partial`)],
};

/** The folder for the outputs of stages: the user's with --work, otherwise a temporary one. */
export class WorkDir implements Disposable {
  readonly path: string;
  /** Whether the folder is kept for later runs. */
  readonly kept: boolean;
  /** Files of a temporary folder that do not use space in it. */
  readonly #memory: WorkMemory | undefined;
  /** Names of the unfinished files of a killed run. They have been removed. */
  readonly leftovers: readonly string[];
  readonly #held: Disposable;

  private constructor(
    path: string,
    options: { kept: boolean; held: Disposable; leftovers: readonly string[] },
  ) {
    this.path = path;
    this.kept = options.kept;
    this.#memory = options.kept ? undefined : new WorkMemory();
    this.leftovers = options.leftovers;
    this.#held = options.held;
    try {
      for (const folder of FOLDERS) mkdirSync(`${path}/${folder}`, { recursive: true });
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /**
   * Opens the user's folder, creating it if necessary, locks it, and removes the unfinished files of a killed run.
   * @throws PlatterError `E_WORK`, `E_WORK_FOREIGN`, `E_WORK_LOCKED`
   */
  static open(path: string): WorkDir {
    const absolute = resolve(path);
    try {
      requireWorkFolder(absolute, NAMES);
      const { held, leftovers } = holdWorkFolder(absolute, NAMES);
      return new WorkDir(absolute, { kept: true, held, leftovers });
    } catch (error) {
      throw workError(error, absolute);
    }
  }

  /** Makes a temporary folder inside `parent`. @throws PlatterError `E_WORK` */
  static temporary(parent: string): WorkDir {
    try {
      const held = HeldFolder.create(resolve(parent));
      return new WorkDir(held.path, { kept: false, held, leftovers: [] });
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

  /** Writes a small file. Other runs never see part of it. A temporary folder keeps it in memory. */
  async write(name: string, content: string | Uint8Array): Promise<void> {
    const bytes = typeof content === "string" ? Buffer.from(content) : content;
    if (this.#memory?.add(name, bytes) === true) return;
    await this.make(name, (partial) => writeFile(partial, content, { mode: 0o644 }));
  }

  /** Makes a file with `write`. Other runs never see part of it. @throws PlatterError `E_WORK`, `E_NO_SPACE` */
  async make<T>(name: string, write: (partial: string) => Promise<T>): Promise<T> {
    const path = this.file(name);
    await mkdir(dirname(path), { recursive: true }).catch((error) => {
      throw workError(error, path);
    });
    return writeInHeldFolder(path, { code: "E_WORK", write });
  }

  /**
   * Writes a new file directly, without a rename. Until a later file exists, no run reads it, so an incomplete one does
   * no harm.
   * @throws PlatterError `E_WORK`, `E_NO_SPACE`, and the errors of `content`
   */
  async add(name: string, content: AsyncIterable<Uint8Array>): Promise<void> {
    const path = this.file(name);
    try {
      mkdirSync(dirname(path), { recursive: true });
      const fd = openSync(path, "wx", 0o644);
      try {
        for await (const chunk of content) writeAtSync(fd, chunk);
      } finally {
        closeSync(fd);
      }
    } catch (error) {
      throw workError(error, path);
    }
  }

  /** Uses a range of an open file as a file of a temporary folder. Disposing of the folder disposes of the range. */
  lend(name: string, held: HeldRange): void {
    if (this.#memory === undefined)
      throw new TypeError(`\`${this.path}\` is kept, so it needs files of its own`);
    this.#memory.lend(name, held);
  }

  /** Checks that no lent file was written to after it was lent. @throws PlatterError `E_FILE_CHANGED` */
  requireUnchanged(): void {
    this.#memory?.requireUnchanged();
  }

  /** The content of a file in memory, or its path. The file may not exist. */
  content(name: string): IsoContent {
    return this.#memory?.get(name) ?? { path: this.file(name) };
  }

  /** Removes the plan and the pieces of the image, so that a plan is never next to the pieces of another image. */
  async removePlan(): Promise<void> {
    this.#memory?.clear();
    await rm(this.file(ARTIFACTS.plan), { force: true });
    await rm(this.file("image"), { recursive: true, force: true });
  }

  /** The content of a file that an earlier stage made. @throws PlatterError `E_WORK` */
  async readBytes(name: string): Promise<Uint8Array> {
    const content = this.content(name);
    if ("bytes" in content) return content.bytes;
    if ("range" in content) return rangeBytesSync(content.range);
    return readFile(this.file(name)).catch((error) => {
      throw machineError(error, {
        code: "E_WORK",
        message: `Cannot read \`${this.file(name)}\``,
        hint: "Run `platter inspect` again, and the stages after it.",
      });
    });
  }

  /** The error for a missing file that an earlier stage made. */
  missing(name: string): PlatterError {
    return machineError(Object.assign(new Error(), { code: "ENOENT" }), {
      code: "E_WORK",
      message: `Cannot read \`${this.file(name)}\``,
      hint: "Run `platter inspect` again, and the stages after it.",
    });
  }

  /** A file's text. Undefined if the file does not exist. */
  async read(name: string): Promise<string | undefined> {
    if (this.#memory?.get(name) !== undefined) return Buffer.from(await this.readBytes(name)).toString();
    try {
      return readInputText(this.file(name), { code: "E_WORK", limit: MAX_TEXT });
    } catch (error) {
      if (error instanceof PlatterError && errnoOf(error.cause) === "ENOENT") return undefined;
      throw error;
    }
  }

  async has(name: string): Promise<boolean> {
    if (this.#memory?.get(name) !== undefined) return true;
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
    this.#memory?.[Symbol.dispose]();
    this.#held[Symbol.dispose]();
  }
}

function workError(error: unknown, path: string): unknown {
  return writeError(error, { code: "E_WORK", path });
}
