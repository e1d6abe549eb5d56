import { basename } from "node:path";
import { runTogether } from "../../internal/base/run-together.ts";
import type { BootResult } from "../../internal/boot/boot-result.ts";
import { readEvidence } from "../../internal/boot/evidence.ts";
import { junitReport, type ReportedResult } from "../../internal/boot/report.ts";
import { bootDocument } from "../../internal/documents/boot-document.ts";
import { openFileSource } from "../../internal/files/byte-source.ts";
import { writeText } from "../../internal/files/whole-file.ts";
import { type BootPage, bootPage } from "../../internal/ui/boot-page.ts";
import { bootTable, finishedRow } from "../../internal/ui/boot-table.ts";
import type { World } from "../world.ts";
import { judge } from "./judge.ts";

/** Options of `boot` for its reports. */
interface ReportFlags {
  junit?: string | undefined;
  html?: string | undefined;
  json: boolean;
}

/**
 * Writes the reports that the flags ask for, also of failed boots.
 * @throws PlatterError `E_OUTPUT`, `E_NO_SPACE`, `E_STDOUT`, `E_INTERRUPTED`
 */
export async function writeBootReports(
  results: readonly BootResult[],
  options: {
    iso: string;
    machine: BootPage["machine"];
    flags: ReportFlags;
    /** Whether the logs and pictures stay after the run. */
    kept: boolean;
    world: World;
  },
): Promise<void> {
  const { iso, machine, flags, kept, world } = options;
  const time = world.now();
  const subject = { iso, time: time.toISOString() };
  const reported = kept ? results : results.map(withoutFiles);
  if (flags.junit !== undefined) await writeText(flags.junit, junitReport(reported, subject));
  if (flags.html !== undefined) {
    await using source = await openFileSource(iso);
    const judged = await judge(source, { world });
    const boots = await runTogether(results.map((result) => () => readEvidence(result)));
    const facts = { ...judged, name: basename(iso) };
    await writeText(flags.html, bootPage({ iso: facts, boots, machine, time, version: world.version }));
  }
  if (flags.json) world.setResult(bootDocument(reported, subject));
  else await world.print(`${bootTable(results.map(finishedRow), { paint: world.style.paint }).join("\n")}\n`);
}

/** A result whose files are removed at the end of the run. */
function withoutFiles(result: BootResult): ReportedResult {
  return { ...result, serialLog: undefined, screenshot: undefined, menuScreenshot: undefined };
}
