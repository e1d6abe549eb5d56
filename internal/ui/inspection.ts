import type { Style } from "../base/style.ts";
import type { SecureBoot } from "../contract/checks/secure-boot.ts";
import type { BootClaims } from "../contract/findings/boot-claims.ts";
import { type Finding, textOf } from "../contract/findings/finding.ts";
import { noticeOf } from "../contract/findings/finding-lines.ts";
import type { Plan } from "../contract/plan/plan.ts";
import { noticeLines } from "../text/notice-text.ts";
import { printable } from "../text/printable.ts";
import { bootClaimLines, verdictMark } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";
import { type Detail, planRows } from "./plan-rows.ts";
import { type Row, rowLines } from "./rows.ts";
import { secureBootLines } from "./secure-boot-text.ts";

interface Inspected {
  reference: string;
  plan: Plan | undefined;
  findings: readonly Finding[];
  secureBoot: SecureBoot | undefined;
  /** Undefined without a plan. */
  boots: BootClaims | undefined;
  /** The least and the most bytes that the ISO can have. */
  isoSize?: { least: number; most: number } | undefined;
}

/** A plan and its findings for people: where the ISO boots, then the parts of the plan, then the findings. */
export function renderInspection(
  inspected: Inspected,
  { style, detail }: { style: Style; detail: Detail },
): string {
  const { reference, plan, findings, secureBoot, boots, isoSize } = inspected;
  const head = [printable(plan?.image.reference ?? reference)];
  if (plan === undefined || boots === undefined)
    head.push(`no ISO can be made ${isOfOptions(findings) ? "with these options" : "of this image"}`);
  else head.push(plan.architecture, printable(productOf(plan)));
  const rows: Row[] = [];
  if (boots !== undefined) rows.push(["will boot on", ...bootClaimLines(boots, style)]);
  if (secureBoot !== undefined) rows.push(["signatures", ...secureBootLines(secureBoot)]);
  if (isoSize !== undefined) {
    rows.push(["ISO size", `${formatBytes(isoSize.least)} to ${formatBytes(isoSize.most)}, by estimate`]);
  } else if (plan !== undefined && plan.payloads.length > 0)
    rows.push(["ISO size", "not estimated: the layers of payloads are only read by `platter build`"]);
  if (plan !== undefined) rows.push(...planRows(plan, detail));
  const lines = [
    `${verdictMark(boots, style)} ${head.join("   ")}`,
    ...rowLines(
      rows.map(([name, ...values]) => [`  ${name}`, ...values]),
      style,
    ),
    ...findings.flatMap((finding) => ["", ...noticeLines(noticeOf(finding), style)]),
  ];
  return `${lines.join("\n")}\n`;
}

/** Whether the options alone are wrong, and not the image. */
function isOfOptions(findings: readonly Finding[]): boolean {
  return findings.every(({ code, severity }) => severity !== "error" || textOf(code).kind === "option");
}

function productOf({ product, productVersion }: Plan): string {
  return `${product} ${productVersion}`.trim() || "unknown product";
}
