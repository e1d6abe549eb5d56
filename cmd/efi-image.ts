import type { Command } from "@commander-js/extra-typings";
import { readEfiFolder } from "../internal/fat/efi-folder.ts";
import { makeEsp } from "../internal/fat/esp.ts";
import { planAlone } from "../internal/pipeline/basis.ts";
import { efiImageStage } from "../internal/pipeline/stage/efi-image.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { makeArtifact } from "./deliver.ts";
import { jsonOption, unusedJson } from "./options/json.ts";
import {
  IMAGE_OPTIONS,
  sourceDateEpoch,
  withoutImage,
  withPlanOptions,
  withWorkOptions,
} from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { IMAGE_ARGUMENT, refuseUnused, withoutDefaultWork } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addEfiImage(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("efi-image"),
    ["platter efi-image oci:os -o efiboot.img", "from the boot loaders of an image"],
    [
      "SOURCE_DATE_EPOCH=0 platter efi-image --efi-dir esp/ -o efiboot.img",
      "from a folder, with a fixed time",
    ],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("[image]", "image; not needed with --efi-dir, or a --work folder that holds a plan")
    .summary("make the FAT image of the EFI system partition")
    .description("Makes the FAT image of the EFI system partition, sized to its content.")
    .optionsGroup(OPTION_GROUPS.input)
    .option("--efi-dir <dir>", "folder with EFI/BOOT/BOOT*.EFI and all other files of the partition")
    .addOption(outputOption("file to write the image to (default: efiboot.img in the --work folder)"))
    .addOption(jsonOption("efi-image"));
  withWorkOptions(withPlanOptions(command)).action(async (image, given, self) => {
    const flags = withoutDefaultWork(self, { flags: given, replacedBy: ["--efi-dir"] });
    refuseUnused(self, [
      {
        when: flags.efiDir !== undefined,
        options: [IMAGE_ARGUMENT, ...IMAGE_OPTIONS],
        reason: "the image is made from --efi-dir only",
        hint: "Leave --efi-dir out to take the boot loaders of an image.",
      },
      withoutImage(image, flags),
      unusedJson(flags),
    ]);
    const world = worldOf();
    await makeArtifact(
      world,
      { image, flags, artifact: ARTIFACTS.espImage, stage: "efi-image" },
      async (session, runs) => {
        const { context, work } = session;
        if (flags.efiDir !== undefined) {
          const { files, newest, digest } = await readEfiFolder(flags.efiDir);
          const time = sourceDateEpoch(world.environment.SOURCE_DATE_EPOCH) ?? newest;
          await work.write(ARTIFACTS.espImage, makeEsp(files, { time, uuid: digest }));
        } else {
          const { efi, ...plan } = await planAlone(session, ["config", "efi"]);
          // The plan has boot loaders for EFI: if they were missing, a finding would have ended the run.
          const stage = efiImageStage({ ...plan, efi: efi! }, context);
          await runStage(stage, { context, freshness: "when-changed", runs });
        }
      },
    );
  });
}
