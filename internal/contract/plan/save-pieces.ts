import { runTogether } from "../../base/run-together.ts";
import type { FoundEfi } from "../pieces/locate-efi.ts";
import type { FoundKernel } from "../pieces/locate-kernel.ts";
import type { Decision } from "./decision.ts";
import { addedFile, PIECES, type Piece, type Plan } from "./plan.ts";
import type { PlanInputs } from "./plan-inputs.ts";

/** Saves the kernel with its initramfs. */
export async function saveKernel(kernel: FoundKernel, save: PlanInputs["save"]): Promise<Plan["kernel"]> {
  const { version, others } = kernel;
  const vmlinuz = await save(kernel.vmlinuz, PIECES.vmlinuz);
  return { version, vmlinuz, initramfs: await save(kernel.initramfs, PIECES.initramfs), others };
}

/** Saves the boot loaders for UEFI. */
export async function saveEfi(efi: FoundEfi, save: PlanInputs["save"]): Promise<Plan["efi"]> {
  const { vendor, vendors, mm } = efi;
  return {
    vendor,
    vendors,
    shim: await save(efi.shim, PIECES.shim),
    grub: await save(efi.grub, PIECES.grub),
    mm: mm === undefined ? null : await save(mm, PIECES.mm),
  };
}

/** Files that are saved together: each waits more than it works. */
const TOGETHER = 16;

/** Saves the files without findings: GRUB's modules for BIOS, the font, and files of the host. */
export async function saveSmallPieces(
  inputs: PlanInputs,
  found: Pick<Decision, "bios" | "font" | "added">,
): Promise<Pick<Plan, "bios" | "font" | "added">> {
  const { save, saveAdded } = inputs;
  const { bios, font } = found;
  const added: NonNullable<Plan["added"]> = [];
  for (const [index, file] of found.added.entries())
    added.push({ ...(await saveAdded(file, addedFile(index))), isoPath: file.isoPath });
  const modules: Piece[] = [];
  for (let at = 0; at < (bios?.modules.length ?? 0); at += TOGETHER) {
    const some = bios!.modules.slice(at, at + TOGETHER);
    const saving = some.map((each) => () => save(each, `${PIECES.bios}/${each.name}`));
    modules.push(...(await runTogether(saving)));
  }
  return {
    bios: bios === undefined ? null : { ...bios, modules },
    font: font === undefined ? null : await save(font, PIECES.font),
    ...(added.length === 0 ? {} : { added }),
  };
}
