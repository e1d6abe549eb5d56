import { runTogether } from "../../base/run-together.ts";
import type { FoundEfi } from "../pieces/locate-efi.ts";
import type { FoundKernel } from "../pieces/locate-kernel.ts";
import type { Decision } from "./decision.ts";
import type { PlanInputs } from "./make-plan.ts";
import { PIECES, type Piece, type Plan } from "./plan.ts";

/** Keeps the kernel with its initramfs. */
export async function keepKernel(kernel: FoundKernel, keep: PlanInputs["keep"]): Promise<Plan["kernel"]> {
  const { version, others } = kernel;
  const vmlinuz = await keep(kernel.vmlinuz, PIECES.vmlinuz);
  return { version, vmlinuz, initramfs: await keep(kernel.initramfs, PIECES.initramfs), others };
}

/** Keeps the boot loaders for UEFI. */
export async function keepEfi(efi: FoundEfi, keep: PlanInputs["keep"]): Promise<Plan["efi"]> {
  const { vendor, vendors, mm } = efi;
  return {
    vendor,
    vendors,
    shim: await keep(efi.shim, PIECES.shim),
    grub: await keep(efi.grub, PIECES.grub),
    mm: mm === undefined ? null : await keep(mm, PIECES.mm),
  };
}

/** Files that are kept at the same time: each waits more than it works. */
const TOGETHER = 16;

/** Keeps what no finding is about: GRUB's modules for BIOS and the font. */
export async function keepSmall(
  inputs: PlanInputs,
  found: Pick<Decision, "bios" | "font">,
): Promise<Pick<Plan, "bios" | "font">> {
  const { keep } = inputs;
  const { bios, font } = found;
  const modules: Piece[] = [];
  for (let at = 0; at < (bios?.modules.length ?? 0); at += TOGETHER) {
    const some = bios!.modules.slice(at, at + TOGETHER);
    const keeping = some.map((each) => () => keep(each, `${PIECES.bios}/${each.name}`));
    modules.push(...(await runTogether(keeping)));
  }
  return {
    bios: bios === undefined ? null : { ...bios, modules },
    font: font === undefined ? null : await keep(font, PIECES.font),
  };
}
