import { statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { parsePlan } from "../internal/contract/plan.ts";
import { PlatterError } from "../internal/error.ts";
import { plannedFiles } from "../internal/iso/planned-files.ts";
import { openFileSource } from "../internal/iso/read/byte-source.ts";
import { verifyIso } from "../internal/iso/read/verify.ts";
import { planInStatement } from "../internal/pipeline/provenance.ts";
import { ARTIFACTS } from "../internal/pipeline/work-dir.ts";
import { renderVerification } from "../internal/ui/verification.ts";
import { readText } from "./options.ts";
import type { WorldOf } from "./world.ts";

export function addVerify(program: Command, worldOf: WorldOf): void {
  program
    .command("verify")
    .argument("<iso>", "any ISO, platter's or another tool's")
    .summary("check a finished ISO")
    .description("Reads a finished ISO and checks every structure that booting depends on.")
    .option(
      "--against <plan>",
      "also compare with a plan: plan.json, the --work folder that holds it, or what build --report wrote",
    )
    .option("--json", "print the report as JSON", false)
    .addHelpText(
      "after",
      "\nExamples:\n  platter verify os.iso\n  platter verify os.iso --against work\n  platter verify os.iso --against os.provenance.json\n  platter verify debian-12-netinst.iso --json | jq .checks",
    )
    .action(async (iso, flags) => {
      const { signal, reporter, print, printData } = worldOf();
      const expected = flags.against === undefined ? undefined : expectedFrom(flags.against);
      const task = reporter.task("verify");
      await using source = await openFileSource(iso);
      const onProgress = (done: number, total: number) => task.progress(done, total);
      const report = await verifyIso(source, { expected, onProgress, signal });
      task.failed();
      const { structures, ...told } = report;
      if (flags.json) await printData(`${JSON.stringify(told, null, 2)}\n`);
      else await print(renderVerification(report));
      if (!report.ok) throw unsound(iso, report.checks.filter(({ status }) => status === "problem").length);
    });
}

/** Bytes that a plan or a build report may have. */
const MAX_PLAN = 16 * 1024 * 1024;

/** What the plan says of the ISO. @throws PlatterError `E_INPUT`, `E_PLAN` */
function expectedFrom(path: string) {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(path, ARTIFACTS.plan) : path;
  const text = readText(file, MAX_PLAN);
  const plan = parsePlan(planInStatement(text) ?? text, file);
  const files = plannedFiles(plan).map(({ isoPath, piece: { size, sha256 } }) => ({ isoPath, size, sha256 }));
  const espFiles = files.filter(({ isoPath }) => isoPath.startsWith("/EFI/"));
  return { label: plan.label, files, espFiles };
}

function unsound(iso: string, count: number): PlatterError {
  return new PlatterError({
    code: "E_VERIFY",
    kind: "media",
    message: `\`${iso}\` failed ${count} ${count === 1 ? "check" : "checks"}`,
    hint: "Make or download the ISO again; what is wrong is listed above.",
  });
}
