import { statSync } from "node:fs";
import type { Command } from "@commander-js/extra-typings";
import { sizesDocument } from "../internal/documents/sizes-document.ts";
import { openFileSource } from "../internal/files/byte-source.ts";
import { writeText } from "../internal/files/whole-file.ts";
import { sizesOfImage, sizesOfIso } from "../internal/pipeline/sizes.ts";
import { parseRootfsOptions } from "../internal/rootfs/rootfs-options.ts";
import { sizesPage } from "../internal/ui/sizes/page.ts";
import { renderSizes } from "../internal/ui/sizes/table.ts";
import { notAnIso } from "../internal/verify/verdict.ts";
import { claim } from "./claim.ts";
import { openCache, withCacheOptions } from "./options/cache.ts";
import { jsonOption, showResult } from "./options/json.ts";
import { openSession, withInputOptions } from "./options/options.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { positive } from "./options/values.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

/** Rows of a table if --top does not say otherwise. */
const TOP = 15;

export function addSizes(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("sizes"),
    ["platter sizes os.iso", "the largest folders and packages of an ISO"],
    ["platter sizes oci-archive:os.tar", "the same of an image, and its layers"],
    ["platter sizes os.iso --image oci-archive:os.tar", "an ISO, with the layers of its image"],
    ["platter sizes os.iso --html sizes.html", "a page with a treemap"],
    ["platter sizes os.iso --json | jq '.rootfs[0].packages[:5]'", "as data"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("<iso-or-image>", "ISO of any tool, or an image whose ISO is made in a temporary folder")
    .summary("show where the bytes of an ISO come from")
    .description(
      "Shows how many bytes of an ISO each folder, each package of dpkg or rpm, and each layer of the image takes. All numbers are bytes on the ISO, which are compressed.",
    )
    .optionsGroup(OPTION_GROUPS.report)
    .option("--top <number>", "most rows of a table", positive("--top"), TOP)
    .addOption(jsonOption("sizes"))
    .option("--html <file>", "also write a page with a treemap of the folders, which needs no other file")
    .optionsGroup(OPTION_GROUPS.input)
    .option("--image <image>", "image from which the ISO was made, for the sizes of its layers");
  withCacheOptions(withInputOptions(command)).action(async (name, flags, self) => {
    const world = worldOf();
    const isIso = await isIsoFile(name);
    refuseUnused(self, [
      {
        when: !isIso,
        options: ["--image"],
        reason: `\`${name}\` is not an ISO, so platter reads it as the image`,
        hint: "Leave --image out, or name an ISO first.",
      },
      {
        when: isIso,
        options: ["--cache", "--cache-size"],
        reason: "only an image is compressed, and not an ISO",
        hint: "Leave these options out.",
      },
      {
        when: isIso && flags.image === undefined,
        options: ["--arch", "--platform", "--pull"],
        reason: "an ISO without an image has one architecture",
        hint: "Leave these options out, or name the image with --image.",
      },
    ]);
    const image = isIso ? flags.image : name;
    using _ = claim(world, { image, flags, reads: isIso ? [name] : [] });
    const cache = isIso ? undefined : await openCache(flags, world);
    await using session = openSession(world, { image, flags });
    const squash = parseRootfsOptions({ rootfs: "squashfs", compression: undefined });
    const sizes = await session.during(() =>
      isIso ? sizesOfIso(session, name) : sizesOfImage(session, { squash, cache }),
    );
    if (flags.html !== undefined) await writeText(flags.html, sizesPage(name, sizes));
    await showResult(world, flags, {
      document: () => sizesDocument(sizes),
      print: () => world.print(renderSizes(name, sizes, flags)),
    });
  });
}

/** Whether the name is that of an ISO's file or disk, and not that of an image. */
async function isIsoFile(name: string): Promise<boolean> {
  const info = statSync(name, { throwIfNoEntry: false });
  if (info?.isFile() !== true && info?.isBlockDevice() !== true) return false;
  await using source = await openFileSource(name);
  return (await notAnIso(source)) === undefined;
}
