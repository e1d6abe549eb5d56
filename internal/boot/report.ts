import { printable, printableLines } from "../text/printable.ts";
import { type BootResult, wayName } from "./boot-result.ts";
import { PHASE_NAMES } from "./phase.ts";

/** The subject of a report. */
interface ReportSubject {
  iso: string;
  /** ISO 8601. */
  time: string;
}

/** A result whose log may already be removed. */
export type ReportedResult = Omit<BootResult, "serialLog"> & { serialLog?: string | undefined };

/** The results as JSON, for machines. */
export function jsonReport(results: readonly ReportedResult[], { iso, time }: ReportSubject): string {
  const passed = results.filter((each) => each.failure === undefined).length;
  const report = { version: 1, iso, time, passed, failed: results.length - passed, results };
  return `${JSON.stringify(report, undefined, 2)}\n`;
}

/** The results as JUnit XML: one suite for the ISO, with one case for each way. */
export function junitReport(results: readonly ReportedResult[], { iso, time }: ReportSubject): string {
  const failed = results.filter((each) => each.failure !== undefined).length;
  const seconds = results.reduce((sum, each) => sum + each.seconds, 0).toFixed(3);
  const counts = `tests="${results.length}" failures="${failed}" errors="0" skipped="0" time="${seconds}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="platter boot" ${counts}>`,
    `  <testsuite name="${xml(printable(iso))}" ${counts} timestamp="${xml(time)}">`,
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
    ...properties.map(([name, value]) => `        <property name="${xml(name!)}" value="${xml(value!)}"/>`),
    "      </properties>",
    ...(failure === undefined
      ? []
      : [
          `      <failure type="${xml(failure.code)}" message="${xml(printable(`${PHASE_NAMES[failure.phase]}: ${failure.message}`))}">${xml(
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
  return [`      <system-out>${xml(lines.join("\n"))}</system-out>`];
}

const ENTITIES: Record<string, string> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/**
 * Text for XML 1.0, in an attribute or between tags: lines that are safe on a terminal, without characters that XML
 * forbids.
 */
function xml(text: string): string {
  return printableLines(text)
    .replace(/[\ufffe\uffff]/g, "\ufffd")
    .replace(/[&<>"\n]/g, (each) => ENTITIES[each]!);
}
