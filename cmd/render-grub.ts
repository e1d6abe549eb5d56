import { basename, join } from "node:path";
import { type Command, Option } from "@commander-js/extra-typings";
import { parseArchitecture } from "../internal/base/architecture.ts";
import { PlatterError } from "../internal/base/error.ts";
import { renderGrubDocument } from "../internal/documents/render-grub-document.ts";
import { writeText } from "../internal/files/whole-file.ts";
import { planAlone } from "../internal/pipeline/basis.ts";
import { renderFromTexts } from "../internal/pipeline/render-menus.ts";
import { renderGrubStage, renderMenus } from "../internal/pipeline/stage/render-grub.ts";
import { runStage } from "../internal/pipeline/stage/stage.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { claim } from "./claim.ts";
import { jsonOption, unusedJson } from "./options/json.ts";
import { noBios } from "./options/no-bios.ts";
import {
  IMAGE_OPTIONS,
  openSession,
  readConfig,
  readText,
  withoutImage,
  withPlanOptions,
  withWorkOptions,
} from "./options/options.ts";
import { outputPath } from "./options/output-option.ts";
import { isGiven, refuseUnused, withoutDefaultWork } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import { reportWritten } from "./report-written.ts";
import type { WorldOf } from "./world.ts";

/** Options about an image that also have an effect without an image. */
const TEXT_OPTIONS = ["--config", "--label", "--karg", "--arch", "--platform"];

/** Options of which one must be given without an image. Else the whole menu would be invented. */
const FROM_TEXTS = ["--config", "--os-release", "--label"];

export function addRenderGrub(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("render-grub"),
    ["platter render-grub oci:os", "the menu of an image"],
    [
      "platter render-grub --config iso.yaml --os-release /etc/os-release --label MY_OS --firmware bios",
      "a menu without an image",
    ],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("[image]", "image; not needed with --work, nor with --config, --os-release or --label")
    .summary("print the boot menu")
    .description("Prints the boot menu as GRUB reads it.")
    .optionsGroup(OPTION_GROUPS.output)
    .addOption(
      new Option("--firmware <kind>", "firmware whose menu is printed")
        .choices(["efi", "bios"] as const)
        .default("efi" as const),
    )
    .optionsGroup(OPTION_GROUPS.input)
    .option("--os-release <file>", "os-release file with name and version, if no image is given")
    .addOption(
      new Option("-o, --output <dir>", "write grub-efi.cfg and grub-bios.cfg into this folder instead")
        .argParser(outputPath)
        .helpGroup(OPTION_GROUPS.output),
    )
    .addOption(jsonOption("render-grub"));
  withWorkOptions(withPlanOptions(command)).action(async (image, given, self) => {
    const flags = withoutDefaultWork(self, {
      flags: given,
      replacedBy: FROM_TEXTS,
    });
    /** Whether the menus are written into the work folder only. */
    const keepsMenus = flags.work !== undefined && flags.output === undefined;
    const isFromTexts = image === undefined && flags.work === undefined;
    refuseUnused(self, [
      {
        when: isFromTexts,
        options: IMAGE_OPTIONS.filter((name) => !TEXT_OPTIONS.includes(name)),
        reason:
          "without an image the menu is made from --config, --os-release, --label, --karg and --arch only",
        hint: "Name an image, or a --work folder that holds a plan.",
      },
      {
        when: !isFromTexts,
        options: ["--os-release"],
        reason: "the image has an os-release of its own",
        hint: "Leave --os-release out.",
      },
      {
        when: flags.output !== undefined && flags.output !== "-",
        options: ["--firmware"],
        reason: "-o writes the menus of both kinds of firmware",
        hint: "Leave one of the two out.",
      },
      {
        when: keepsMenus && !flags.json,
        options: ["--firmware"],
        reason: "--work keeps the menus of both kinds of firmware",
        hint: "Leave --firmware out, or print a menu with `-o -`.",
      },
      {
        when: flags.json,
        options: ["--firmware"],
        reason: "--json prints the menus of both kinds of firmware",
        hint: "Leave one of the two out.",
      },
      unusedJson(flags),
      withoutImage(image, flags),
    ]);
    if (isFromTexts && !FROM_TEXTS.some((name) => isGiven(self, name))) throw nothingToRender();
    const world = worldOf();
    const folder = flags.output === "-" ? undefined : flags.output;
    const outputs =
      folder === undefined
        ? []
        : [ARTIFACTS.efiConfig, ARTIFACTS.biosConfig].map((name) => `${folder}/${basename(name)}`);
    using _ = claim(world, { image, flags, outputs });
    let menus: ReadonlyMap<string, string>;
    if (isFromTexts) {
      const config = readConfig(flags.config);
      const osRelease = flags.osRelease === undefined ? "" : readText(flags.osRelease);
      const { label, karg: kernelArgs } = flags;
      const architecture = parseArchitecture(flags.arch ?? flags.platform ?? process.arch);
      menus = renderFromTexts({
        config,
        osRelease,
        label,
        kernelArgs,
        architecture,
        reporter: world.reporter,
      });
    } else {
      await using session = openSession(world, { image, flags });
      menus = await session.during(async () => {
        const plan = await planAlone(session, ["config"]);
        if (session.work.kept)
          await runStage(renderGrubStage(plan, session.context), {
            context: session.context,
            freshness: "when-changed",
          });
        return renderMenus(plan);
      });
    }
    const [efi, bios] = [menus.get(ARTIFACTS.efiConfig)!, menus.get(ARTIFACTS.biosConfig)];
    if (folder === undefined && !flags.json && !keepsMenus) {
      const text = flags.firmware === "bios" ? bios : efi;
      if (text === undefined) throw noBios();
      await world.printData(text);
      return;
    }
    const files: string[] = [];
    for (const [index, text] of [efi, bios].entries()) {
      const path = outputs[index];
      if (text === undefined || path === undefined) continue;
      await writeText(path, text);
      files.push(path);
    }
    const kept = keepsMenus ? [...menus.keys()].map((name) => join(flags.work!, name)) : [];
    for (const path of [...files, ...kept]) await reportWritten(world, path);
    if (flags.json) world.setResult(renderGrubDocument({ efi, bios, files }));
  });
}

function nothingToRender(): PlatterError {
  return new PlatterError({
    code: "E_NO_IMAGE",
    kind: "usage",
    message: "Cannot render a menu: no image given, and nothing that replaces it",
    hint: "Name an image, a --work folder that holds a plan, or texts with --config, --os-release and --label.",
  });
}
