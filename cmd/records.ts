import { resolve } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { checksumPath, renderChecksum } from "../internal/files/checksum-file.ts";
import { writeText } from "../internal/files/whole-file.ts";
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

/** The digest of an ISO, and the absolute paths of the files that were written about it. */
interface Records {
  /** Undefined if no file needed the digest: it takes about a second for 2 GiB. */
  sha256: string | undefined;
  records: string[];
}

/** Writes the files that the flags name. @throws PlatterError `E_OUTPUT`, `E_STDOUT` */
export async function writeRecords(
  flags: RecordFlags,
  options: { output: string; record: Omit<BuildRecord, "iso">; world: World },
): Promise<Records> {
  const { checksum, report } = flags;
  const { output, record, world } = options;
  if (!checksum && report === undefined) return { sha256: undefined, records: [] };
  const task = world.reporter.task("sha256");
  const iso = await recordFile(output);
  task.done();
  const written: string[] = [];
  const write = async (path: string, text: string) => {
    await writeText(path, text);
    written.push(resolve(path));
  };
  if (checksum) await write(checksumPath(output), renderChecksum(iso));
  if (report !== undefined) {
    const text = `${JSON.stringify(provenance({ ...record, iso }), null, 2)}\n`;
    await (report === "-" ? world.printData(text) : write(report, text));
  }
  return { sha256: iso.sha256, records: written };
}
