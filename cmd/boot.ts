import { writeFile } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { type Command, Option } from "@commander-js/extra-typings";
import { parseArchitecture } from "../internal/base/architecture.ts";
import { PlatterError } from "../internal/base/error.ts";
import { chooseAccelerator, DEFAULT_TIMEOUT } from "../internal/boot/accelerator.ts";
import { BootLogs, logPaths } from "../internal/boot/boot-logs.ts";
import { type BootResult, type BootWay, resultLine, waysOn } from "../internal/boot/boot-result.ts";
import { bootInteractively } from "../internal/boot/interactive.ts";
import { bootMatrix } from "../internal/boot/matrix.ts";
import { jsonReport, junitReport, type ReportedResult } from "../internal/boot/report.ts";
import { bootOnce } from "../internal/boot/run.ts";
import { openFileSource } from "../internal/files/byte-source.ts";
import { requireApart } from "../internal/files/same-file.ts";
import { writeWhole } from "../internal/files/whole-file.ts";
import { commandLine } from "../internal/process/command-line.ts";
import { skippedLines } from "../internal/process/program.ts";
import { runTool } from "../internal/process/run.ts";
import { incompleteIso, notAnIso } from "../internal/verify/verdict.ts";
import { claim } from "./claim.ts";
import { parseMemory } from "./options/memory.ts";
import { isoIncomplete, notIso } from "./options/not-iso.ts";
import { refuseUnused, type Unused } from "./options/refuse-unused.ts";
import { pattern, positive } from "./options/values.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { World, WorldOf } from "./world.ts";

export function addBoot(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("boot"),
    ["platter boot os.iso", "boot on UEFI from CD"],
    ["platter boot os.iso --firmware secure-boot --media usb", "with Secure Boot, from a USB stick"],
    ["platter boot os.iso --all --junit report.xml", "in all six ways, with a report"],
    ["platter boot os.iso --interactive", "use the machine yourself"],
  )
    .helpGroup(COMMAND_GROUPS.main)
    .argument("<iso>", "ISO to boot")
    .summary("boot an ISO in a virtual machine")
    .description("Boots an ISO in QEMU, and reports from its console that it booted, or why it did not.")
    .optionsGroup(OPTION_GROUPS.machine)
    .addOption(
      new Option("--firmware <kind>", "firmware of the machine")
        .choices(["bios", "uefi", "secure-boot"] as const)
        .default("uefi" as const),
    )
    .addOption(
      new Option("--media <kind>", "kind of medium that holds the ISO")
        .choices(["cd", "usb"] as const)
        .default("cd" as const),
    )
    .option("--all", "boot in every way: each firmware, from CD and from USB", false)
    .optionsGroup(OPTION_GROUPS.success)
    .option(
      "--until <pattern>",
      "regular expression of the console line that means success (default: a login prompt, systemd's last target, or that the system switches the machine off)",
    )
    .option(
      "--timeout <seconds>",
      "seconds after which a boot counts as failed (default: 240 with KVM, 900 without)",
      positive("--timeout"),
    )
    .optionsGroup(OPTION_GROUPS.machine)
    .addOption(
      new Option("--memory <size>", "memory of the machine, in MiB or with a unit, such as 4G")
        .argParser(parseMemory)
        .default(2048),
    )
    .option("--cpus <number>", "processors of the machine", positive("--cpus"), 1)
    .option(
      "--jobs <number>",
      "machines that run together with --all (default: half the host's processors)",
      positive("--jobs"),
    )
    .addOption(
      new Option("--accel <kind>", "how QEMU runs the machine's processor")
        .choices(["auto", "kvm", "tcg"] as const)
        .default("auto" as const),
    )
    .option("--network", "connect the machine to the network", false)
    .option("--arch <arch>", "architecture of the machine (default: the host's)")
    .option("--no-menu", "do not edit GRUB's menu entry if the kernel has no serial console")
    .optionsGroup(OPTION_GROUPS.report)
    .option(
      "--keep <dir>",
      "keep serial logs and screenshots here (default: a new folder, kept if a boot fails)",
    )
    .option("--junit <file>", "write a JUnit report")
    .option("--json", "print the report as JSON", false)
    .optionsGroup(OPTION_GROUPS.machine)
    .option("--interactive", "use the machine yourself, in a window if there is a display", false)
    .action(async (iso, flags, self) => {
      refuseUnused(self, unusedInBoot(flags));
      const world = worldOf();
      using _ = claim(world, { image: undefined, flags: { junit: flags.junit }, reads: [iso] });
      const { reporter, environment } = world;
      const until = flags.until === undefined ? undefined : pattern(flags.until);
      const architecture = parseArchitecture(flags.arch ?? process.arch);
      const ways: readonly BootWay[] = flags.all
        ? waysOn(architecture)
        : [{ firmware: flags.firmware, media: flags.media }];
      if (flags.keep !== undefined) requireLogsApart(iso, flags.keep, ways);
      await expectIso(iso);
      for (const line of skippedLines()) reporter.warn(line);
      const bootWorld = toolWorld(world);
      const wanted = { architecture, firmware: flags.firmware };
      const { accelerator, reason } = await chooseAccelerator(flags.accel, wanted, bootWorld);
      reporter.verbose(`processor: ${accelerator}, since ${reason}`);
      const machine = {
        iso,
        architecture,
        accelerator,
        memoryMiB: flags.memory,
        cpus: flags.cpus,
        network: flags.network ? "user" : "none",
      } as const;
      if (flags.interactive) {
        const hasDisplay = (environment.DISPLAY ?? environment.WAYLAND_DISPLAY) !== undefined;
        const console = hasDisplay ? "window" : "terminal";
        await bootInteractively({ ...machine, ...ways[0]!, console }, world.signal);
        return;
      }
      using logs = new BootLogs(flags.keep);
      const results = await bootMatrix(ways, {
        atOnce: flags.jobs ?? Math.max(1, Math.floor(availableParallelism() / 2)),
        signal: world.signal,
        boot: async (way, signal) => {
          const request = {
            ...machine,
            ...way,
            timeout: flags.timeout ?? DEFAULT_TIMEOUT[accelerator],
            until,
            menu: flags.menu ? "add-console" : "leave-alone",
            keepIn: logs.folder,
          } as const;
          const result = await bootOnce(request, { ...bootWorld, signal });
          reporter.info(resultLine(result));
          return result;
        },
      });
      const failed = results.filter(({ failure }) => failure !== undefined);
      if (failed.length > 0) logs.keep();
      await writeReports(logs.kept ? results : results.map(withoutLog), { iso, flags, world });
      if (failed.length > 0) throw notBooted(iso, { failed, keepIn: logs.folder });
    });
}

/** Options that have no effect in a run with these flags. */
function unusedInBoot(flags: { all: boolean; interactive: boolean }): Unused[] {
  return [
    {
      when: flags.interactive,
      options: ["--all", "--until", "--timeout", "--jobs", "--no-menu", "--keep", "--junit", "--json"],
      reason: "`--interactive` gives the machine to you, and platter watches and records nothing",
      hint: "Leave out --interactive or the other option.",
    },
    {
      when: flags.all,
      options: ["--firmware", "--media"],
      reason: "`--all` boots with every firmware from each medium",
      hint: "Leave --all out to boot in one way.",
    },
    {
      when: !flags.all,
      options: ["--jobs"],
      reason: "only one machine runs without `--all`",
      hint: "Leave --jobs out, or add --all.",
    },
  ];
}

/** Refuses a --keep folder in which a log or picture would replace the ISO. @throws PlatterError `E_SAME_FILE` */
function requireLogsApart(iso: string, folder: string, ways: readonly BootWay[]): void {
  const files = ways.flatMap((way) => Object.values(logPaths(folder, way)));
  const writes = files.map((path) => ({ option: "--keep", path }));
  requireApart({ reads: [{ option: "the ISO", path: iso }], writes, fills: [] });
}

/**
 * Refuses a file that is not a complete ISO before any machine starts.
 * @throws PlatterError `E_ISO_OPEN`, `E_NOT_AN_ISO`, `E_ISO_INCOMPLETE`
 */
async function expectIso(path: string): Promise<void> {
  await using source = await openFileSource(path);
  const other = await notAnIso(source);
  if (other !== undefined) throw notIso(path, other.reason);
  const cut = await incompleteIso(source);
  if (cut !== undefined) throw isoIncomplete(path, cut);
}

function toolWorld({ reporter, signal, clock }: World) {
  const run: typeof runTool = (call) => {
    reporter.verbose(commandLine(call.argv));
    return runTool(call);
  };
  return { run, signal, now: clock };
}

function withoutLog({ serialLog: _, ...result }: BootResult): ReportedResult {
  return result;
}

async function writeReports(
  results: readonly ReportedResult[],
  options: { iso: string; flags: { junit?: string | undefined; json: boolean }; world: World },
): Promise<void> {
  const { iso, flags, world } = options;
  const subject = { iso, time: world.now().toISOString() };
  if (flags.junit !== undefined) {
    const report = junitReport(results, subject);
    await writeWhole(flags.junit, { code: "E_OUTPUT", write: (partial) => writeFile(partial, report) });
  }
  if (flags.json) await world.printData(jsonReport(results, subject));
}

function notBooted(iso: string, options: { failed: readonly BootResult[]; keepIn: string }): PlatterError {
  const { failed, keepIn } = options;
  const [first] = failed;
  const tail = failed.length === 1 ? (first?.failure?.lastLines ?? []).slice(-10) : [];
  const hints = failed.flatMap(({ failure }) => failure?.hint ?? []);
  return new PlatterError({
    code: "E_NOT_BOOTED",
    kind: "media",
    message: `\`${iso}\` did not boot in ${failed.length} ${failed.length === 1 ? "way" : "ways"}`,
    detail: [...failed.map(resultLine), ...tail],
    hint: [...new Set(hints), `Look at the serial logs and screenshots in \`${keepIn}\`.`].join(" "),
  });
}
