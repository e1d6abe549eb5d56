import type { Command } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { checkedDocument, implantedDocument } from "../internal/documents/implant-document.ts";
import type { IsoMd5Check } from "../internal/isomd5/check.ts";
import { checkIsoMd5File, implantIsoMd5 } from "../internal/isomd5/file.ts";
import { jsonOption, showResult } from "./options/json.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { WorldOf } from "./world.ts";

export function addImplant(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("implant"),
    ["platter implant os.iso", "add the checksum"],
    ["platter implant --check os.iso", "compare the ISO with its checksum"],
  )
    .helpGroup(COMMAND_GROUPS.stages)
    .argument("<iso>", "any ISO")
    .summary("implant the checksum that checkisomd5 and rd.live.check read")
    .description(
      "Computes an ISO's checksum and implants it where checkisomd5 and dracut's rd.live.check look for it.",
    )
    .optionsGroup(OPTION_GROUPS.output)
    .option("--force", "replace an existing checksum", false)
    .option("--check", "check the implanted checksum instead of implanting one", false)
    .addOption(jsonOption("implant"))
    .action(async (iso, flags, self) => {
      refuseUnused(self, [
        {
          when: flags.check,
          options: ["--force"],
          reason: "--check writes nothing",
          hint: "Leave one of the two out.",
        },
      ]);
      const world = worldOf();
      const { signal, reporter } = world;
      const name = flags.check ? "check" : "implant";
      reporter.steps([name]);
      const task = reporter.task(name);
      const pass = { signal, onProgress: (done: number, total: number) => task.progress(done, total) };
      if (!flags.check) {
        const { md5 } = await implantIsoMd5(iso, { ...pass, present: flags.force ? "replace" : "keep" });
        task.done(`checksum in \`${iso}\``);
        await showResult(world, flags, {
          document: () => implantedDocument(iso, md5),
          print: () => world.printData(`${md5}\n`),
        });
        return;
      }
      const check = await checkIsoMd5File(iso, pass);
      if (flags.json) world.setResult(checkedDocument(iso, check));
      if (!check.ok) throw badChecksum(iso, check);
      task.done(check.message);
    });
}

function badChecksum(iso: string, check: IsoMd5Check): PlatterError {
  return new PlatterError({
    code: "E_ISOMD5",
    kind: "media",
    message: `Cannot confirm the checksum of \`${iso}\`: ${check.message}`,
    hint: hintFor(check),
  });
}

function hintFor({ isIso, present, actual }: IsoMd5Check): string {
  if (!isIso) return "Name the file of an ISO.";
  if (!present) return "Implant a checksum with `platter implant`.";
  // A new checksum would hide that the ISO is incomplete.
  if (actual === undefined) return "Make or download the ISO again.";
  return "Make or download the ISO again, or write a new checksum with `platter implant --force`.";
}
