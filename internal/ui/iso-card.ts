import { BOOT_WAYS } from "../contract/findings/boot-claims.ts";
import { type Html, html } from "../html/html.ts";
import type { JudgedIso } from "../verify/verdict.ts";
import type { CheckCode } from "../verify/verify-report.ts";
import { BOOT_WAY_NAMES, bootClaimText } from "./boot-claims-text.ts";
import { formatBytes } from "./format.ts";
import { problemText } from "./verification.ts";

/** The facts of an ISO on a page, as `platter verify` reports them. */
export function isoCard(name: string, { report, verdict, menus }: JudgedIso): Html {
  const detail = (code: CheckCode) =>
    report.checks.find((each) => each.code === code && each.status !== "absent")?.detail;
  const roots = (["squashfs", "erofs"] as const).flatMap((code) => detail(code) ?? []);
  const entries = menus.flatMap(({ where, kernels }) => kernels.map((kernel) => ({ where, ...kernel })));
  const problems = report.checks.flatMap((check) => check.problems.map((each) => ({ check, each })));
  return html`<section class="card" aria-labelledby="iso-title">
<h2 id="iso-title">The ISO</h2>
<dl>
${row("File", name)}
${row("Size", `${formatBytes(report.size)} (${report.size} bytes)`)}
${row("Label", report.volumeId ?? "none")}
${"boots" in verdict ? BOOT_WAYS.map((way) => row(`Boots on ${BOOT_WAY_NAMES[way]}`, bootClaimText(verdict.boots[way]))) : undefined}
${row("Implanted MD5", detail("checksum") ?? "none")}
${roots.map((text) => row("Root", text))}
${problems.map(({ check, each }) => row(check.status === "problem" ? "Problem" : "Warning", problemText(each)))}
</dl>
<details><summary>Menu entries, ${entries.length}</summary>
<dl>${entries.map(({ where, title, kernel, kernelArgs }) => row(title === "" ? "no title" : title, html`<code>${[kernel ?? "", ...kernelArgs].join(" ")}</code> <span class="quiet">in ${where}</span>`))}</dl>
</details>
</section>`;
}

function row(name: string, value: string | Html): Html {
  return html`<dt>${name}</dt><dd>${value}</dd>`;
}
