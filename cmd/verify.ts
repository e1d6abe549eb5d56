import { statSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "@commander-js/extra-typings";
import { PlatterError } from "../internal/base/error.ts";
import { BOOT_WAYS, type BootWay } from "../internal/contract/findings/boot-claims.ts";
import { parsePlan } from "../internal/contract/plan/plan.ts";
import { verifyDocument } from "../internal/documents/verify-document.ts";
import { openFileSource } from "../internal/files/byte-source.ts";
import { plannedFiles } from "../internal/iso/planned-files.ts";
import { planInStatement } from "../internal/pipeline/provenance.ts";
import { ARTIFACTS } from "../internal/pipeline/work/work-dir.ts";
import { counted } from "../internal/text/counted.ts";
import { BOOT_WAY_NAMES, bootClaimText } from "../internal/ui/boot-claims-text.ts";
import { problemText, renderVerification } from "../internal/ui/verification.ts";
import { notAnIso, unmetWays, type Verdict } from "../internal/verify/verdict.ts";
import type { VerifyReport } from "../internal/verify/verify-report.ts";
import { judge } from "./iso/judge.ts";
import { jsonOption, showResult } from "./options/json.ts";
import { isoIncomplete, notIso } from "./options/not-iso.ts";
import { readText } from "./options/options.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { World, WorldOf } from "./world.ts";

/** The words that --require accepts. */
const WAY_WORDS: ReadonlyMap<string, BootWay> = new Map([
  ["bios", "bios"],
  ["uefi", "uefi"],
  ["secure-boot", "secureBoot"],
]);

export function addVerify(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("verify"),
    ["platter verify os.iso", "where the ISO boots, and what is wrong with it"],
    ["platter verify os.iso --require bios,uefi,secure-boot", "fail if a way to boot is missing"],
    ["platter verify os.iso --against work", "compare with the plan in a work directory"],
    ["platter verify debian-12-netinst.iso --json | jq .boots", "an ISO of another tool, as data"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("<iso>", "ISO to check, made by platter or another tool")
    .summary("check a finished ISO, and report where it boots")
    .description(
      "Reads a finished ISO and reports where it boots: on BIOS, on UEFI, and with Secure Boot on. It checks every structure that booting depends on. An ISO that boots nowhere fails.",
    )
    .optionsGroup(OPTION_GROUPS.success)
    .option(
      "--require <ways>",
      "fail unless the ISO boots in each of these ways: bios, uefi, secure-boot, separated by commas",
    )
    .option(
      "--against <plan>",
      "also compare with a plan: plan.json, the --work folder that holds it, or the file that build --report wrote",
    )
    .addOption(jsonOption("verify"))
    .action(async (iso, flags) => {
      const world = worldOf();
      const required = flags.require === undefined ? [] : waysOf(flags.require);
      const expected = flags.against === undefined ? undefined : expectedFrom(flags.against);
      await using source = await openFileSource(iso);
      const other = await notAnIso(source);
      if (other !== undefined) {
        if (flags.json) world.setResult(verifyDocument({ verdict: other, required, report: undefined }));
        throw notIso(iso, other.reason);
      }
      const { report, verdict } = await judge(source, { world, expected });
      await showResult(world, flags, {
        document: () => verifyDocument({ verdict, required, report }),
        print: async () => {
          if (verdict.kind !== "incomplete")
            await world.print(renderVerification(iso, { report, verdict }, world.style));
        },
      });
      const failure = failureOf(iso, { report, verdict, required, verbosity: world.verbosity });
      if (failure !== undefined) throw failure;
    });
}

/** The boot ways of a --require text. @throws PlatterError `E_REQUIRE` */
function waysOf(text: string): BootWay[] {
  const words = text.split(",").map((word) => word.trim());
  const wanted = words.map((word) => {
    const way = WAY_WORDS.get(word.toLowerCase());
    if (way !== undefined) return way;
    throw new PlatterError({
      code: "E_REQUIRE",
      kind: "usage",
      message: `Cannot require \`${word}\`: it is not a way to boot`,
      hint: `Write any of ${[...WAY_WORDS.keys()].join(", ")}, separated by commas.`,
    });
  });
  return BOOT_WAYS.filter((way) => wanted.includes(way));
}

/** Most bytes of a plan or a build report. */
const MAX_PLAN = 16 * 1024 * 1024;

/** The required content of the ISO according to the plan. @throws PlatterError `E_INPUT`, `E_PLAN` */
function expectedFrom(path: string) {
  const isFolder = statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
  const file = isFolder ? join(path, ARTIFACTS.plan) : path;
  const text = readText(file, MAX_PLAN);
  const plan = parsePlan(planInStatement(text) ?? text, file);
  const files = plannedFiles(plan).map(({ isoPath, piece: { size, sha256 } }) => ({ isoPath, size, sha256 }));
  const espFiles = files.filter(({ isoPath }) => isoPath.startsWith("/EFI/"));
  return { label: plan.label, files, espFiles };
}

/** The error for the gravest failure. Undefined if nothing failed. */
function failureOf(
  iso: string,
  options: {
    report: VerifyReport;
    verdict: Verdict;
    required: readonly BootWay[];
    verbosity: World["verbosity"];
  },
): PlatterError | undefined {
  const { report, verdict, required, verbosity } = options;
  if (verdict.kind === "not-an-iso") return notIso(iso, verdict.reason);
  if (verdict.kind === "incomplete") return isoIncomplete(iso, verdict);
  const failed = report.checks.filter(({ status }) => status === "problem");
  // The report is not shown with --quiet, so the error contains all problems.
  const problems = failed.flatMap((check) => check.problems.map(problemText));
  const detail = verbosity === "quiet" ? problems.slice(0, 20) : [];
  const unmet = unmetWays(verdict, verdict.kind === "boots-nowhere" ? BOOT_WAYS : required);
  if (unmet.length > 0) {
    const reasons = unmet.map((way) => `${BOOT_WAY_NAMES[way]}: ${bootClaimText(verdict.boots[way])}`);
    const names = unmet.map((way) => BOOT_WAY_NAMES[way]).join(" and ");
    return new PlatterError({
      code: verdict.kind === "boots-nowhere" ? "E_BOOTS_NOWHERE" : "E_REQUIRED",
      kind: "media",
      message:
        verdict.kind === "boots-nowhere"
          ? `\`${iso}\` boots nowhere`
          : `\`${iso}\` does not boot with ${names}`,
      detail: verbosity === "quiet" || verdict.kind === "boots" ? [...reasons, ...detail] : detail,
    });
  }
  if (report.ok) return undefined;
  return new PlatterError({
    code: "E_VERIFY",
    kind: "media",
    message: `\`${iso}\` failed ${counted(failed.length, "check")}`,
    detail,
    hint: "Make or download the ISO again.",
  });
}
