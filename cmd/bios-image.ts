import { resolve } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { moduleFolder } from "../internal/grub/module-folder.ts";
import { planAlone } from "../internal/pipeline/basis.ts";
import { biosImageStage, writeCoreImage } from "../internal/pipeline/stage/bios-image.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { makeArtifact } from "./deliver.ts";
import { jsonOption, unusedJson } from "./options/json.ts";
import { noBios } from "./options/no-bios.ts";
import { IMAGE_OPTIONS, withoutImage, withWorkOptions } from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { IMAGE_ARGUMENT, refuseUnused, withoutDefaultWork } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addBiosImage(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("bios-image"),
    ["platter bios-image oci:os -o eltorito.img", "from the modules of an image"],
    ["platter bios-image --modules /usr/lib/grub/i386-pc -o eltorito.img", "from modules of this machine"],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("[image]", "image; not needed with --modules, or a --work folder that holds a plan")
    .summary("make GRUB's El Torito core image for BIOS")
    .description("Makes GRUB's core image for BIOS El Torito, from the image's GRUB modules.")
    .optionsGroup(OPTION_GROUPS.input)
    .option("--modules <dir>", "folder of GRUB modules (i386-pc) to use instead of an image's")
    .addOption(outputOption("file to write the core image to (default: eltorito.img in the --work folder)"))
    .addOption(jsonOption("bios-image"));
  withWorkOptions(command).action(async (image, given, self) => {
    const flags = withoutDefaultWork(self, { flags: given, replacedBy: ["--modules"] });
    refuseUnused(self, [
      {
        when: flags.modules !== undefined,
        options: [IMAGE_ARGUMENT, ...IMAGE_OPTIONS],
        reason: "the core image is made from --modules only",
        hint: "Leave --modules out to take the modules of an image.",
      },
      withoutImage(image, flags),
      unusedJson(flags),
    ]);
    await makeArtifact(
      worldOf(),
      { image, flags, artifact: ARTIFACTS.coreImage, stage: "bios-image" },
      async (session, runs) => {
        const { context } = session;
        if (flags.modules !== undefined) {
          await writeCoreImage(moduleFolder(resolve(flags.modules), flags.modules), context);
        } else {
          const plan = await planAlone(session, ["bios"]);
          if (plan.bios === null) throw noBios();
          await runStage(biosImageStage(plan, context), { context, freshness: "when-changed", runs });
        }
      },
    );
  });
}
