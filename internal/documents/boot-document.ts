import { z } from "zod";
import { BOOT_FAILURES, type BootFailureCode } from "../boot/boot-failures.ts";
import { FIRMWARE_KINDS } from "../boot/firmware/firmware-descriptor.ts";
import { MEDIA } from "../boot/machine.ts";
import { PHASES } from "../boot/phase.ts";
import type { ReportedResult, ReportSubject } from "../boot/report.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const phaseSchema = () =>
  z.strictObject({
    phase: z.enum(PHASES).describe("Part of the boot."),
    start: z.number().describe("Seconds from switching on to the first sign of the phase."),
    seconds: z.number().describe("Seconds that the phase lasted."),
  });

const failureSchema = () =>
  z.strictObject({
    phase: z.enum(PHASES).describe("The phase in which the boot failed."),
    code: z
      .enum(Object.keys(BOOT_FAILURES) as [BootFailureCode, ...BootFailureCode[]])
      .describe("Stable code. `platter explain CODE` explains it."),
    message: z.string().describe("What happened, as a sentence."),
    hint: z.string().optional().describe("What to do, as a sentence."),
    line: z.string().optional().describe("The line on the console that shows the failure."),
    lastLines: z.array(z.string()).describe("The last lines on the console."),
  });

const menuSchema = () =>
  z
    .union([
      z.strictObject({ kind: z.literal("left-alone").describe("The menu was not edited.") }),
      z.strictObject({ kind: z.literal("console-added").describe("The entry got a serial console.") }),
      z.strictObject({
        kind: z.literal("not-driven").describe("The menu could not be edited."),
        why: z.string().describe("The reason, as a phrase."),
      }),
    ])
    .describe("The result of editing GRUB's menu entry for this boot.");

const resultOfWay = () =>
  z
    .strictObject({
      firmware: z.enum(FIRMWARE_KINDS).describe("Firmware of the machine."),
      media: z.enum(MEDIA).describe("Medium that holds the ISO."),
      accelerator: z.enum(["kvm", "tcg"]).describe("How QEMU ran the machine's processor."),
      seconds: z.number().describe("Seconds from switching on to the verdict."),
      phases: z.array(phaseSchema()).describe("The phases that were seen, in their order."),
      menu: menuSchema(),
      reached: z
        .string()
        .optional()
        .describe("The line on the console that shows that the system has booted. Missing after a failure."),
      failure: failureSchema().optional().describe("Why the boot failed. Missing if the system has booted."),
      serialLog: z.string().optional().describe("Path of the serial log, if it is kept."),
      screenshot: z
        .string()
        .optional()
        .describe("Path of a picture of the screen at the end, if it is kept."),
      menuScreenshot: z.string().optional().describe("Path of a picture of GRUB's menu, if it is kept."),
    })
    .describe("The boot in one way.");

export const bootSchema = () =>
  resultSchema({
    iso: z.string().describe("Path of the ISO."),
    time: z.iso.datetime().describe("When the boots ended, in ISO 8601."),
    passed: z.int().describe("Number of ways in which the ISO booted."),
    failed: z.int().describe("Number of ways in which the ISO did not boot."),
    results: z.array(resultOfWay()).describe("One result for each way."),
  });

/** The result of `boot`. */
export function bootDocument(
  results: readonly ReportedResult[],
  { iso, time }: ReportSubject,
): Document<typeof bootSchema> {
  const passed = results.filter(({ failure }) => failure === undefined).length;
  const failed = results.length - passed;
  return { version: DOCUMENT_VERSION, iso, time, passed, failed, results };
}
