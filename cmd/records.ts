import { writeFile } from "node:fs/promises";
import type { Command } from "@commander-js/extra-typings";
import { checksumPath, renderChecksum } from "../internal/files/checksum-file.ts";
import { writeWhole } from "../internal/files/whole-file.ts";
import { type BuildRecord, provenance } from "../internal/pipeline/provenance.ts";
import { recordFile } from "../internal/pipeline/work/receipt.ts";
import { OPTION_GROUPS } from "./reference/groups.ts";
import type { World } from "./world.ts";

/** Adds the options for files that are written next to the ISO. */
export function withRecordOptions<A extends unknown[], O extends {}>(command: Command<A, O>) {
  return command
    .optionsGroup(OPTION_GROUPS.output)
    .option("--checksum", "write OUTPUT-CHECKSUM next to the ISO, for `sha256sum --check`", false)
    .option(
      "--report <file>",
      "write the SLSA provenance of the ISO, an in-toto statement in JSON (- for standard output)",
    );
}

interface RecordFlags {
  checksum: boolean;
  report?: string | undefined;
}

/** Writes the files that the flags name. @throws PlatterError `E_OUTPUT`, `E_STDOUT` */
export async function writeRecords(
  flags: RecordFlags,
  options: { output: string; record: Omit<BuildRecord, "iso">; world: World },
): Promise<void> {
  const { checksum, report } = flags;
  if (!checksum && report === undefined) return;
  const iso = await recordFile(options.output);
  if (checksum) await writeText(checksumPath(options.output), renderChecksum(iso));
  if (report === undefined) return;
  const text = `${JSON.stringify(provenance({ ...options.record, iso }), null, 2)}\n`;
  await (report === "-" ? options.world.printData(text) : writeText(report, text));
}

function writeText(path: string, text: string): Promise<void> {
  return writeWhole(path, { code: "E_OUTPUT", write: (partial) => writeFile(partial, text) });
}
