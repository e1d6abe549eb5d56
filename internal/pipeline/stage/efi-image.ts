import type { Plan } from "../../contract/plan/plan.ts";
import { type EspContent, espFiles, makeEsp } from "../../fat/esp.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import { ARTIFACTS } from "../work/work-dir.ts";
import { renderMenus } from "./render-grub.ts";
import type { Stage } from "./stage.ts";

/** Makes the ESP from the boot loaders that the plan kept, with the menus for EFI in it. */
export function efiImageStage(plan: Omit<Plan, "kernel">, { work }: Context): Stage {
  const { efi, font } = plan;
  const menus = renderMenus(plan);
  const config = menus.get(ARTIFACTS.efiConfig)!;
  const stub = menus.get(ARTIFACTS.stubConfig)!;
  const pieces = [efi.shim, efi.grub, efi.mm, font].map((piece) => piece?.sha256 ?? "none");
  return {
    name: "efi-image",
    tools: [],
    inputs: {
      pieces: pieces.join(" "),
      config: sha256Text(config + stub),
      time: String(plan.time),
      uuid: plan.uuid,
    },
    outputs: [work.file(ARTIFACTS.espImage)],
    run: async () => {
      const read = (file: string) => work.readBytes(file);
      const content: EspContent = {
        architecture: plan.architecture,
        shim: await read(efi.shim.file),
        grub: await read(efi.grub.file),
        mm: efi.mm === null ? undefined : await read(efi.mm.file),
        font: font === null ? undefined : await read(font.file),
        config,
        stub,
      };
      await work.write(ARTIFACTS.espImage, makeEsp(espFiles(content), plan));
      return {};
    },
  };
}
