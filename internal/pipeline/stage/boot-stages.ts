import { MODULES_FOLDER } from "../../contract/pieces/locate-bios.ts";
import { mokManagerEntry } from "../../contract/plan/mok-manager.ts";
import { type PartialPlan, PIECES, type Plan } from "../../contract/plan/plan.ts";
import { type EspContent, espFiles, makeEsp } from "../../fat/esp.ts";
import { makeCoreImage } from "../../grub/core-image.ts";
import { type ModuleFolder, moduleFolder } from "../../grub/module-folder.ts";
import { renderGrub, renderLoopback, renderStub } from "../../grub/render.ts";
import { markerPath } from "../../iso/iso-files.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import { ARTIFACTS, type WorkDir } from "../work/work-dir.ts";
import type { Stage } from "./stage.ts";

type MenuPlan = Pick<PartialPlan, "menu" | "label" | "uuid" | "bios" | "architecture" | "efi" | "findings">;

/** The menus of a plan, by the file of the work directory that each goes into. */
export function renderMenus(plan: MenuPlan): Map<string, string> {
  const { menu, label } = plan;
  const marker = markerPath(plan.uuid);
  const mokManager = mokManagerEntry(plan);
  const texts = new Map([
    [ARTIFACTS.efiConfig as string, renderGrub({ menu, firmware: "efi", label, marker, mokManager })],
    [ARTIFACTS.stubConfig, renderStub({ label, marker })],
    [ARTIFACTS.loopbackConfig, renderLoopback(menu)],
  ]);
  if (plan.bios !== null)
    texts.set(ARTIFACTS.biosConfig, renderGrub({ menu, firmware: "bios", label, marker }));
  return texts;
}

export function renderGrubStage(plan: PartialPlan, { work }: Context): Stage {
  const texts = renderMenus(plan);
  return {
    name: "render-grub",
    tools: [],
    inputs: Object.fromEntries([...texts].map(([name, text]) => [name, sha256Text(text)])),
    outputs: [...texts.keys()].map((name) => work.file(name)),
    run: async () => {
      for (const [name, text] of texts) await work.write(name, text);
      return undefined;
    },
  };
}

export function biosImageStage(plan: Pick<Plan, "bios">, context: Context): Stage {
  const { work } = context;
  const modules = (plan.bios?.modules ?? []).map(({ file, sha256 }) => `${file} ${sha256}`);
  return {
    name: "bios-image",
    tools: [],
    inputs: { modules: sha256Text(modules.join("\n")) },
    outputs: [work.file(ARTIFACTS.biosImage)],
    run: async () => {
      await makeBiosImage(keptModules(plan, work), context);
      return undefined;
    },
  };
}

/** The image's modules, which may be in memory. A module of the plan that is gone is an error of the work directory. */
function keptModules({ bios }: Pick<Plan, "bios">, work: WorkDir): ModuleFolder {
  const planned = new Set(bios?.modules.map(({ file }) => file));
  const { place, read } = moduleFolder(work.file(PIECES.bios), `/${MODULES_FOLDER}`);
  const readKept = (name: string) => {
    const file = `${PIECES.bios}/${name}`;
    const content = work.content(file);
    const bytes = "bytes" in content ? content.bytes : read(name);
    if (bytes === undefined && planned.has(file)) throw work.missing(file);
    return bytes;
  };
  return { place, read: readKept };
}

/** Makes the El Torito image in the work directory from a folder of modules. */
export async function makeBiosImage(modules: ModuleFolder, { work }: Context): Promise<void> {
  await work.write(ARTIFACTS.biosImage, makeCoreImage(modules));
}

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
    outputs: [work.file(ARTIFACTS.efiImage)],
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
      await work.write(ARTIFACTS.efiImage, makeEsp(espFiles(content), plan));
      return undefined;
    },
  };
}
