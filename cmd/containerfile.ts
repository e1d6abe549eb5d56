import type { Command } from "@commander-js/extra-typings";
import { containerfileFor } from "../internal/containerfile/containerfile.ts";
import { containerfileDocument } from "../internal/documents/containerfile-document.ts";
import { writeText } from "../internal/files/whole-file.ts";
import { requireBaseImage } from "../internal/image/base-image.ts";
import { inspectImage } from "../internal/pipeline/inspect.ts";
import { checkOutput, outputTarget } from "../internal/pipeline/work/output.ts";
import { claim } from "./claim.ts";
import { jsonOption, showResult, unusedJson } from "./options/json.ts";
import { openSession, withInputOptions } from "./options/options.ts";
import { outputOption } from "./options/output-option.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addContainerfile(program: Command, worldOf: WorldOf): void {
  const command = withExamples(
    program.command("containerfile"),
    [
      "platter containerfile debian:12 | podman build -t my-live -",
      "an image that `platter build my-live` boots",
    ],
    ["platter containerfile docker://ubuntu:24.04 -o Containerfile", "a file to change and keep"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("<image>", "image, such as containers-storage:REF, docker://NAME or oci-archive:FILE")
    .summary("print a Containerfile that adds what an image lacks")
    .description(
      "Inspects an image and prints a Containerfile that begins with it and adds what it lacks for an ISO that boots to a login prompt: packages, the kernel's place, an initramfs and iso.yaml. It knows the packages of Debian, Ubuntu, Fedora, CentOS and Arch Linux.",
    )
    .addOption(
      outputOption(
        "file to write the Containerfile to, a folder for it, or - for standard output (default: -)",
      ),
    )
    .addOption(jsonOption("containerfile"));
  withInputOptions(command).action(async (image, flags, self) => {
    refuseUnused(self, [unusedJson(flags)]);
    const world = worldOf();
    const target = outputTarget(flags.output ?? "-", "Containerfile");
    requireBaseImage(image);
    using _ = claim(world, { image, flags: {}, target });
    await using session = openSession(world, { image, flags });
    const text = containerfileFor(await session.during(() => inspectImage(session, image)));
    const file = target.kind === "file" ? checkOutput(target.path) : undefined;
    if (file !== undefined) await writeText(file, text);
    await showResult(world, flags, {
      document: () => containerfileDocument({ containerfile: text, file }),
      print: async () => {
        if (file === undefined) await world.printData(text);
      },
    });
  });
}
