import { availableParallelism } from "node:os";
import { type Command, Option } from "@commander-js/extra-typings";
import { parseArchitecture } from "../internal/base/architecture.ts";
import { PlatterError } from "../internal/base/error.ts";
import { type Accelerator, chooseAccelerator, DEFAULT_TIMEOUT } from "../internal/boot/accelerator.ts";
import { BootLogs, logPaths } from "../internal/boot/boot-logs.ts";
import { type BootResult, type BootWay, waysOn } from "../internal/boot/boot-result.ts";
import { requireMachine } from "../internal/boot/firmware/firmware.ts";
import { bootInteractively } from "../internal/boot/interactive.ts";
import { bootMatrix } from "../internal/boot/matrix.ts";
import { type BootWorld, bootOnce } from "../internal/boot/run.ts";
import { requireApart } from "../internal/files/same-file.ts";
import { commandLine } from "../internal/process/command-line.ts";
import { skippedLines } from "../internal/process/program.ts";
import { runTool } from "../internal/process/run.ts";
import { notBooted } from "../internal/ui/boot-error.ts";
import { BootProgress, drawRepeatedly } from "../internal/ui/boot-progress.ts";
import { claim } from "./claim.ts";
import { writeBootReports } from "./iso/boot-reports.ts";
import { examineBeforeBoot } from "./iso/prospects.ts";
import { jsonOption } from "./options/json.ts";
import { parseMemory } from "./options/memory.ts";
import { refuseUnused } from "./options/refuse-unused.ts";
import { seconds } from "./options/seconds.ts";
import { unusedInBoot } from "./options/unused-in-boot.ts";
import { pattern, positive } from "./options/values.ts";
import { withVariable } from "./reference/environment.ts";
import { withExamples } from "./reference/examples.ts";
import { COMMAND_GROUPS, OPTION_GROUPS } from "./reference/groups.ts";
import type { World, WorldOf } from "./world.ts";

export function addBoot(program: Command, worldOf: WorldOf): void {
  withExamples(
    program.command("boot"),
    ["platter boot os.iso", "boot on UEFI from CD"],
    ["platter boot os.iso --firmware secure-boot --media usb", "with Secure Boot, from a USB stick"],
    ["platter boot os.iso --all --html report.html", "in all six ways, with a page to look at"],
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
    .addOption(
      withVariable(
        new Option(
          "--timeout <time>",
          "time after which a boot counts as failed, in seconds or with a unit, such as 5m (default: 240 with KVM, 900 without)",
        ),
      ).argParser(seconds("--timeout")),
    )
    .optionsGroup(OPTION_GROUPS.machine)
    .addOption(
      withVariable(new Option("--memory <size>", "memory of the machine, in MiB or with a unit, such as 4G"))
        .argParser(parseMemory)
        .default(2048),
    )
    .addOption(
      withVariable(new Option("--cpus <number>", "processors of the machine"))
        .argParser(positive("--cpus"))
        .default(1),
    )
    .addOption(
      withVariable(
        new Option(
          "--jobs <number>",
          "machines that run together with --all (default: half the host's processors)",
        ),
      ).argParser(positive("--jobs")),
    )
    .addOption(
      withVariable(new Option("--accel <kind>", "how QEMU runs the machine's processor"))
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
    .option("--html <file>", "write a page with screenshots, times, failures and serial logs")
    .option("--junit <file>", "write a JUnit report")
    .addOption(jsonOption("boot"))
    .optionsGroup(OPTION_GROUPS.machine)
    .option("--interactive", "use the machine yourself, in a window if there is a display", false)
    .action(async (iso, flags, self) => {
      refuseUnused(self, unusedInBoot(flags));
      const world = worldOf();
      const { junit, html } = flags;
      using _ = claim(world, { image: undefined, flags: { junit, html }, reads: [iso] });
      const { reporter, environment } = world;
      const until = flags.until === undefined ? undefined : pattern(flags.until);
      const architecture = parseArchitecture(flags.arch ?? process.arch);
      const ways: readonly BootWay[] = flags.all
        ? waysOn(architecture)
        : [{ firmware: flags.firmware, media: flags.media }];
      if (flags.keep !== undefined) requireLogsApart(flags.keep, { ways, iso, junit, html });
      const prospects = await examineBeforeBoot(iso, { ways, world });
      for (const line of skippedLines()) reporter.warn(line);
      requireMachine(
        ways.map(({ firmware }) => firmware),
        architecture,
      );
      const bootWorld = toolWorld(world);
      const wanted = { architecture, firmware: flags.firmware };
      const chosen = await announceAccelerator(flags.accel, { wanted, world, bootWorld });
      const machine = {
        iso,
        architecture,
        accelerator: chosen.accelerator,
        memoryMiB: flags.memory,
        cpus: flags.cpus,
        network: flags.network ? "user" : "none",
      } as const;
      if (flags.interactive) {
        const hasDisplay = (environment.DISPLAY ?? environment.WAYLAND_DISPLAY) !== undefined;
        const console = hasDisplay ? "window" : "terminal";
        reporter.info("Ctrl-A X in this terminal ends the machine. Ctrl-C goes to the system in it.");
        await bootInteractively({ ...machine, ...ways[0]!, console }, world.signal);
        return;
      }
      using logs = new BootLogs(flags.keep);
      const results = await runMachines(ways, {
        world,
        atOnce: flags.jobs ?? Math.max(1, Math.floor(availableParallelism() / 2)),
        boot: (way, { signal, onPhase }) => {
          const request = {
            ...machine,
            ...way,
            timeout: flags.timeout ?? DEFAULT_TIMEOUT[chosen.accelerator],
            until,
            menu: flags.menu ? "add-console" : "leave-alone",
            keepIn: logs.folder,
          } as const;
          return bootOnce(request, { ...bootWorld, signal, onPhase });
        },
      }).catch((error: unknown) => {
        // The error names a log of QEMU.
        if (error instanceof PlatterError && error.code === "E_TOOL_FAILED") logs.keep();
        throw error;
      });
      const failed = results.some(({ failure }) => failure !== undefined);
      if (failed) logs.keep();
      await writeBootReports(results, {
        iso,
        machine: { ...machine, ...chosen },
        flags,
        kept: logs.kept,
        world,
      });
      if (failed) {
        throw notBooted(iso, { results, keepIn: logs.folder, doubts: prospects.doubts(results) });
      }
    });
}

/** Chooses how QEMU runs the processor, and reports it, since a boot without KVM takes minutes. */
async function announceAccelerator(
  choice: "auto" | "kvm" | "tcg",
  options: { wanted: Parameters<typeof chooseAccelerator>[1]; world: World; bootWorld: BootWorld },
): Promise<Accelerator> {
  const { wanted, world, bootWorld } = options;
  const { reporter } = world;
  const trying = "trying KVM with a machine without a medium";
  if (choice === "auto" && reporter.width === undefined) reporter.info(trying);
  using _ =
    choice === "auto" ? drawRepeatedly(world, (time) => [`${trying}: ${time.toFixed(1)} s`]) : undefined;
  const chosen = await chooseAccelerator(choice, wanted, bootWorld);
  const { accelerator, reason } = chosen;
  reporter.info(accelerator === "kvm" ? `with KVM: ${reason}` : `no KVM: ${reason}; this takes minutes`);
  return chosen;
}

/** Boots in all ways, and shows the phases while the machines run. */
async function runMachines(
  ways: readonly BootWay[],
  options: {
    world: World;
    atOnce: number;
    boot: (way: BootWay, own: Required<Pick<BootWorld, "signal" | "onPhase">>) => Promise<BootResult>;
  },
): Promise<BootResult[]> {
  const { world, atOnce, boot } = options;
  using progress = new BootProgress(ways, world);
  return await bootMatrix(ways, {
    atOnce,
    signal: world.signal,
    boot: async (way, signal) => {
      const result = await boot(way, { signal, onPhase: (phase) => progress.begin(way, phase) });
      progress.end(result);
      return result;
    },
  });
}

/** Refuses a --keep folder in which a log or picture would replace another file. @throws PlatterError `E_SAME_FILE` */
function requireLogsApart(
  folder: string,
  options: { ways: readonly BootWay[]; iso: string; junit: string | undefined; html: string | undefined },
): void {
  const { ways, iso, junit, html } = options;
  const logs = ways.flatMap((way) => Object.values(logPaths(folder, way)));
  const reports = Object.entries({ "--junit": junit, "--html": html });
  const writes = [
    ...reports.flatMap(([option, path]) => (path === undefined ? [] : [{ option, path }])),
    ...logs.map((path) => ({ option: "--keep", path })),
  ];
  requireApart({ reads: [{ option: "the ISO", path: iso }], writes, fills: [] });
}

function toolWorld({ reporter, signal, clock }: World) {
  const run: typeof runTool = (call) => {
    reporter.verbose(commandLine(call.argv));
    return runTool(call);
  };
  return { run, signal, now: clock };
}
