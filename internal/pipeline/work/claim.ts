import { sweep } from "../../files/held-folder.ts";
import { holdOutput, type OutputPlace } from "../../files/output-place.ts";
import { type NamedPath, requireApart } from "../../files/same-file.ts";
import { writeError } from "../../files/whole-file.ts";
import { formatBytes } from "../../ui/format.ts";
import { checkOutput, folderOf } from "./output.ts";
import { ARTIFACTS, FOLDERS } from "./work-dir.ts";

/** The files that a command reads and writes, by the paths that the user wrote. */
export interface FileUse {
  reads: readonly NamedPath[];
  /** Files that will be written as a whole. */
  writes: readonly NamedPath[];
  work?: string | undefined;
  cache?: string | undefined;
  /** Called with a sentence for each leftover of a killed run that was removed. */
  report: (text: string) => void;
}

/**
 * Checks that outputs can be written, that no file is both read and written, and that no other process writes one of
 * the outputs. The outputs are locked until the result is disposed.
 * @throws PlatterError `E_OUTPUT`, `E_OUTPUT_LOCKED`, `E_SAME_FILE`
 */
export function claimFiles(use: FileUse): Disposable {
  const targets = use.writes.map(({ path }) => checkOutput(path));
  const fills = use.cache === undefined ? [] : [{ option: "--cache", path: use.cache }];
  requireApart({ reads: use.reads, writes: [...use.writes, ...writtenIn(use.work)], fills });
  const places: OutputPlace[] = [];
  const claim = {
    [Symbol.dispose]() {
      for (const place of places) place[Symbol.dispose]();
    },
  };
  for (const folder of new Set(targets.map(folderOf))) reportSwept(folder, use.report);
  for (const [index, target] of targets.entries()) {
    try {
      places.push(holdOutput(target));
    } catch (error) {
      claim[Symbol.dispose]();
      throw writeError(error, { code: "E_OUTPUT", path: use.writes[index]!.path });
    }
  }
  return claim;
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
