import { makeFolders } from "../../files/folders-above.ts";
import { sweep } from "../../files/held-folder.ts";
import { holdOutput } from "../../files/output-place.ts";
import { type NamedPath, requireApart } from "../../files/same-file.ts";
import { writeError } from "../../files/whole-file.ts";
import { formatBytes } from "../../ui/format.ts";
import { checkOutput, checkOutputFolder, folderOf } from "./output.ts";
import { ARTIFACTS, FOLDERS } from "./work-dir.ts";

/** The files that a command reads and writes, by the paths that the user wrote. */
export interface FileUse {
  reads: readonly NamedPath[];
  /** Files that will be written as a whole. */
  writes: readonly NamedPath[];
  /** A folder for a file whose name is not known yet. */
  folder?: string | undefined;
  work?: string | undefined;
  cache?: string | undefined;
  /** Called with a sentence for each leftover of a killed run that was removed. */
  report: (text: string) => void;
}

/**
 * Outputs that are locked until disposal, so that no other process writes them. Their missing folders are created, and
 * disposal removes those that are still empty.
 */
export class Claim implements Disposable {
  readonly #use: FileUse;
  readonly #writes: NamedPath[] = [];
  readonly #swept = new Set<string>();
  readonly #held = new DisposableStack();

  /**
   * Checks that outputs can be written, that no file is both read and written, and that no other process writes one of
   * the outputs.
   * @throws PlatterError `E_OUTPUT`, `E_OUTPUT_LOCKED`, `E_SAME_FILE`
   */
  constructor(use: FileUse) {
    this.#use = use;
    try {
      this.add(use.writes);
      if (use.folder !== undefined) this.#claimFolder(use.folder);
    } catch (error) {
      this[Symbol.dispose]();
      throw error;
    }
  }

  /** Claims more files. @throws PlatterError `E_OUTPUT`, `E_OUTPUT_LOCKED`, `E_SAME_FILE` */
  add(writes: readonly NamedPath[]): void {
    const { reads, work, cache, folder } = this.#use;
    const targets = writes.map(({ path }) => checkOutput(path));
    this.#writes.push(...writes);
    const fills = [...named("--cache", cache), ...named("-o", folder)];
    requireApart({ reads, writes: [...this.#writes, ...writtenIn(work)], fills });
    for (const target of targets) this.#sweep(folderOf(target));
    for (const [index, target] of targets.entries())
      this.#hold(writes[index]!.path, () => holdOutput(target));
  }

  [Symbol.dispose](): void {
    this.#held[Symbol.dispose]();
  }

  #claimFolder(path: string): void {
    const folder = checkOutputFolder(path);
    this.#hold(path, () => makeFolders(folder));
    this.#sweep(folder);
  }

  #hold(path: string, open: () => Disposable): void {
    try {
      this.#held.use(open());
    } catch (error) {
      throw writeError(error, { code: "E_OUTPUT", path });
    }
  }

  #sweep(folder: string): void {
    if (!this.#swept.has(folder)) reportSwept(folder, this.#use.report);
    this.#swept.add(folder);
  }
}

function named(option: string, path: string | undefined): NamedPath[] {
  return path === undefined ? [] : [{ option, path }];
}

/** Removes the leftovers of killed runs from a folder, and reports them. */
export function reportSwept(folder: string, report: (text: string) => void): void {
  for (const { path, bytes } of sweep(folder))
    report(`Removed \`${path}\` (${formatBytes(bytes)}), left by a run that was killed`);
}

/** The files and folders that the stages write in the folder of --work. */
function writtenIn(work: string | undefined): NamedPath[] {
  if (work === undefined) return [];
  const names = [...FOLDERS, ...Object.values(ARTIFACTS), "lock"].filter((name) => !name.includes("/"));
  return names.map((name) => ({ option: "--work", path: `${work}/${name}` }));
}
