import { PlatterError } from "../base/error.ts";

const HINT =
  "Install GRUB's modules for BIOS again (`grub2-pc-modules`, or `grub-pc-bin` on Debian and Ubuntu), or build with --no-bios.";

/** Why a core image cannot be made from a folder of modules; the message is the end of a sentence. */
export class ModuleProblem extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ModuleProblem";
  }
}

/** The error for such a problem. `place` is the folder. */
export function badModules(place: string, problem: ModuleProblem): PlatterError {
  return new PlatterError({
    code: "E_GRUB_MODULES",
    kind: "contract",
    message: `Cannot make GRUB's core image from \`${place}\`: ${problem.message}`,
    hint: HINT,
  });
}
