import { MODULES_FOLDER } from "../../contract/pieces/locate-bios.ts";
import { PIECES, type Plan } from "../../contract/plan/plan.ts";
import { makeCoreImage } from "../../grub/core-image.ts";
import { type ModuleFolder, moduleFolder } from "../../grub/module-folder.ts";
import type { Context } from "../work/context.ts";
import { sha256Text } from "../work/receipt.ts";
import { ARTIFACTS, type WorkDir } from "../work/work-dir.ts";
import type { Stage } from "./stage.ts";

/** Makes the core image for BIOS from the GRUB modules that the plan kept. */
export function biosImageStage(plan: Pick<Plan, "bios">, context: Context): Stage {
  const { work } = context;
  const modules = (plan.bios?.modules ?? []).map(({ file, sha256 }) => `${file} ${sha256}`);
  return {
    name: "bios-image",
    tools: [],
    inputs: { modules: sha256Text(modules.join("\n")) },
    outputs: [work.file(ARTIFACTS.coreImage)],
    run: async () => {
      await writeCoreImage(keptModules(plan, work), context);
      return {};
    },
  };
}

/** The image's GRUB modules, which may be in memory. A missing module of the plan is an error of the work directory. */
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
export async function writeCoreImage(modules: ModuleFolder, { work }: Context): Promise<void> {
  await work.write(ARTIFACTS.coreImage, makeCoreImage(modules));
}
