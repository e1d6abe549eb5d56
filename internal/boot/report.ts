import { escapeMarkup } from "../text/markup.ts";
import { printable } from "../text/printable.ts";
import { type BootResult, wayName } from "./boot-result.ts";
import { PHASE_NAMES } from "./phase.ts";

/** The subject of a report. */
export interface ReportSubject {
  iso: string;
  /** ISO 8601. */
  time: string;
}

/** A result whose log may already be removed. */
export type ReportedResult = Omit<BootResult, "serialLog"> & { serialLog?: string | undefined };

/** The results as JUnit XML: one suite for the ISO, with one case for each way. */
export function junitReport(results: readonly ReportedResult[], { iso, time }: ReportSubject): string {
  const failed = results.filter((each) => each.failure !== undefined).length;
  const seconds = results.reduce((sum, each) => sum + each.seconds, 0).toFixed(3);
  const counts = `tests="${results.length}" failures="${failed}" errors="0" skipped="0" time="${seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="platter boot" ${counts}>`,
    `  <testsuite name="${escapeMarkup(printable(iso))}" ${counts} timestamp="${escapeMarkup(time)}">`,
    ...results.flatMap(testCase),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testCase(result: ReportedResult): string[] {
  const { phases, failure, seconds, serialLog, screenshot, accelerator } = result;
  const properties = [
    ["accelerator", accelerator],
    ...phases.map(({ phase, seconds: took }) => [`seconds.${phase}`, String(took)]),
  ];
  return [
    `    <testcase classname="platter.boot" name="${wayName(result)}" time="${seconds.toFixed(3)}">`,
    "      <properties>",
    ...properties.map(
      ([name, value]) => `        <property name="${escapeMarkup(name!)}" value="${escapeMarkup(value!)}"/>`,
    ),
    "      </properties>",
    ...(failure === undefined
      ? []
      : [
          `      <failure type="${escapeMarkup(failure.code)}" message="${escapeMarkup(printable(`${PHASE_NAMES[failure.phase]}: ${failure.message}`))}">${escapeMarkup(
            [
              ...(failure.hint === undefined ? [] : [failure.hint, ""]),
              ...failure.lastLines.map(printable),
            ].join("\n"),
          )}</failure>`,
        ]),
    ...attachments([serialLog, screenshot].filter((each) => each !== undefined)),
    "    </testcase>",
  ];
}

/** The attachments of the JUnit plug-in of Jenkins and GitLab. */
function attachments(paths: readonly string[]): string[] {
  if (paths.length === 0) return [];
  const lines = paths.map((path) => `[[ATTACHMENT|${printable(path)}]]`);
  return [`      <system-out>${escapeMarkup(lines.join("\n"))}</system-out>`];
}
