import { mkdtempSync, rmSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { type Command, Option } from "@commander-js/extra-typings";
import { chooseAccelerator, DEFAULT_TIMEOUT } from "../internal/boot/accelerator.ts";
import { ALL_WAYS, type BootResult, type BootWay, resultLine } from "../internal/boot/boot-result.ts";
import { bootInteractively } from "../internal/boot/interactive.ts";
import { bootMatrix } from "../internal/boot/matrix.ts";
import { jsonReport, junitReport } from "../internal/boot/report.ts";
import { bootOnce } from "../internal/boot/run.ts";
import { parseArchitecture } from "../internal/contract/architecture.ts";
import { PlatterError } from "../internal/error.ts";
import { openFileSource } from "../internal/iso/read/byte-source.ts";
import { commandLine, runTool } from "../internal/tool/run.ts";
import { writeWhole } from "../internal/whole-file.ts";
import type { WorldOf } from "./world.ts";

export function addBoot(program: Command, worldOf: WorldOf): void {
  program
    .command("boot")
    .argument("<iso>", "ISO to boot")
    .summary("boot an ISO in a virtual machine")
    .description("Boots an ISO in QEMU until its console shows that it is up, or why it is not.")
    .addOption(
      new Option("--firmware <kind>", "firmware of the machine")
        .choices(["bios", "uefi", "secure-boot"] as const)
        .default("uefi" as const),
    )
    .addOption(
      new Option("--media <kind>", "what the ISO is to the machine")
        .choices(["cd", "usb"] as const)
        .default("cd" as const),
    )
    .option("--all", "boot in every way: each firmware, from CD and from USB", false)
    .option(
      "--until <pattern>",
      "regular expression of the line that means it is up (default: a login prompt or systemd's last target)",
    )
    .option(
      "--timeout <seconds>",
      "when a boot counts as failed (default: 240 with KVM, 900 without)",
      positive("--timeout"),
    )
    .option("--memory <MiB>", "memory of the machine", positive("--memory"), 2048)
    .option("--cpus <number>", "processors of the machine", positive("--cpus"), 1)
    .option(
      "--jobs <number>",
      "machines at once with --all (default: half the host's processors)",
      positive("--jobs"),
    )
    .addOption(
      new Option("--accel <kind>", "what runs the machine's processor")
        .choices(["auto", "kvm", "tcg"] as const)
        .default("auto" as const),
    )
    .option("--network", "give the machine a way to the network", false)
    .option("--arch <arch>", "architecture of the machine (default: the host's)")
    .option("--no-menu", "leave GRUB's menu alone where the kernel has no serial console")
    .option(
      "--keep <dir>",
      "keep serial logs and screenshots here (default: a new folder, kept if a boot fails)",
    )
    .option("--junit <file>", "write a JUnit report")
    .option("--json", "print the report as JSON", false)
    .option("--interactive", "give the machine to you, with a window where there is a display", false)
    .addHelpText(
      "after",
      "\nExamples:\n  platter boot os.iso\n  platter boot os.iso --firmware secure-boot --media usb\n  platter boot os.iso --all --junit report.xml\n  platter boot os.iso --interactive",
    )
    .action(async (iso, flags) => {
      const { signal, reporter, printData, environment, clock } = worldOf();
      // Says what is wrong with the path before any machine starts.
      await (await openFileSource(iso))[Symbol.asyncDispose]();
      const architecture = parseArchitecture(flags.arch ?? process.arch);
      const run: typeof runTool = (call) => {
        reporter.verbose(commandLine(call.argv));
        return runTool(call);
      };
      const world = { run, signal, now: clock };
      const machine = {
        iso,
        architecture,
        memoryMiB: flags.memory,
        cpus: flags.cpus,
        network: flags.network ? "user" : "none",
      } as const;
      const one: BootWay = { firmware: flags.firmware, media: flags.media };
      const chosen = await chooseAccelerator(flags.accel, { architecture, firmware: flags.firmware }, world);
      reporter.verbose(`processor: ${chosen.accelerator}, since ${chosen.reason}`);
      if (flags.interactive) {
        const console =
          (environment.DISPLAY ?? environment.WAYLAND_DISPLAY) === undefined ? "terminal" : "window";
        await bootInteractively({ ...machine, ...one, accelerator: chosen.accelerator, console }, signal);
        return;
      }
      const keepIn =
        flags.keep === undefined ? mkdtempSync(join(tmpdir(), "platter-boot-logs-")) : resolve(flags.keep);
      const request = {
        ...machine,
        accelerator: chosen.accelerator,
        timeout: flags.timeout ?? DEFAULT_TIMEOUT[chosen.accelerator],
        until: flags.until === undefined ? undefined : pattern(flags.until),
        menu: flags.menu ? "add-console" : "leave-alone",
        keepIn,
      } as const;
      let results: BootResult[] = [];
      try {
        results = await bootMatrix(flags.all ? waysFor(architecture) : [one], {
          atOnce: flags.jobs ?? Math.max(1, Math.floor(availableParallelism() / 2)),
          signal,
          boot: async (way, stop) => {
            const result = await bootOnce({ ...request, ...way }, { ...world, signal: stop });
            reporter.info(resultLine(result));
            return result;
          },
        });
      } finally {
        const allUp = results.length > 0 && results.every(({ failure }) => failure === undefined);
        if (flags.keep === undefined && (allUp || results.length === 0))
          rmSync(keepIn, { recursive: true, force: true });
      }
      const subject = { iso, time: new Date().toISOString() };
      if (flags.junit !== undefined) {
        const report = junitReport(results, subject);
        await writeWhole(flags.junit, { code: "E_OUTPUT", write: (partial) => writeFile(partial, report) });
      }
      if (flags.json) await printData(jsonReport(results, subject));
      const failed = results.filter(({ failure }) => failure !== undefined);
      if (failed.length > 0) throw notBooted(iso, { failed, keepIn });
    });
}

/** Machines of aarch64 have no BIOS. */
function waysFor(architecture: string): readonly BootWay[] {
  return architecture === "x86_64" ? ALL_WAYS : ALL_WAYS.filter(({ firmware }) => firmware === "uefi");
}

function positive(option: string) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new PlatterError({
      code: "E_NUMBER",
      kind: "usage",
      message: `\`${option} ${text}\` is no whole number above 0`,
      hint: "Give a number such as 2.",
    });
  };
}

/** @throws PlatterError `E_PATTERN` */
function pattern(text: string): RegExp {
  try {
    return new RegExp(text);
  } catch (error) {
    throw new PlatterError({
      code: "E_PATTERN",
      kind: "usage",
      message: `\`${text}\` is no regular expression: ${(error as Error).message}`,
      hint: "Give one such as --until 'login:'.",
    });
  }
}

function notBooted(iso: string, about: { failed: readonly BootResult[]; keepIn: string }): PlatterError {
  const { failed, keepIn } = about;
  const [first] = failed;
  const tail = failed.length === 1 ? (first?.failure?.lastLines ?? []).slice(-10) : [];
  const hints = failed.flatMap(({ failure }) => failure?.hint ?? []);
  return new PlatterError({
    code: "E_NOT_BOOTED",
    kind: "media",
    message: `\`${iso}\` did not boot in ${failed.length} ${failed.length === 1 ? "way" : "ways"}`,
    detail: [...failed.map(resultLine), ...tail],
    hint: [...new Set(hints), `Serial logs and screenshots are in \`${keepIn}\`.`].join(" "),
  });
}
