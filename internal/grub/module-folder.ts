import { statSync } from "node:fs";
import { PlatterError } from "../base/error.ts";
import { errnoOf } from "../base/machine-error.ts";
import { readInput } from "../files/open-input.ts";
import { ModuleProblem } from "./core-error.ts";

/** More bytes than any file that is part of a core image. */
export const MAX_FILE = 512 * 1024;

/** A folder of GRUB's modules. */
export interface ModuleFolder {
  /** Its path for messages. */
  place: string;
  /** The content of a file; undefined if the folder does not have it. */
  read: (name: string) => Uint8Array | undefined;
}

/** A folder on this machine, which may be missing. Its `read` throws ModuleProblem, or PlatterError `E_GRUB_MODULES` if the system refuses. */
export function moduleFolder(path: string, place = path): ModuleFolder {
  const read = (name: string) => {
    if (!isFolder(path)) throw new ModuleProblem("the folder does not exist");
    const file = `${path}/${name}`;
    if (statSync(file, { throwIfNoEntry: false }) === undefined) return undefined;
    try {
      return readInput(file, { code: "E_GRUB_MODULES", limit: MAX_FILE });
    } catch (error) {
      // An error without a cause is about the file itself, not about the system.
      if (error instanceof PlatterError && error.cause === undefined) throw new ModuleProblem(error.message);
      throw error;
    }
  };
  return { place, read };
}

function isFolder(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    if (["ENOENT", "ENOTDIR"].includes(errnoOf(error) ?? "")) return false;
    throw error;
  }
}

/** A file that a core image needs. @throws ModuleProblem */
export function requireFile({ read }: ModuleFolder, name: string): Uint8Array {
  const bytes = read(name);
  if (bytes === undefined) throw new ModuleProblem(`\`${name}\` is missing`);
  return bytes;
}
