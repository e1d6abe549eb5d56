import type { Accelerator } from "../boot/accelerator.ts";
import { wayName } from "../boot/boot-result.ts";
import type { BootEvidence } from "../boot/evidence.ts";
import { type Html, html } from "../html/html.ts";
import { page } from "../html/page.ts";
import { counted } from "../text/counted.ts";
import type { JudgedIso } from "../verify/verdict.ts";
import { bootCard, wayTitle } from "./boot-card.ts";
import { isoCard } from "./iso-card.ts";

export interface BootPage {
  iso: JudgedIso & { name: string };
  boots: readonly BootEvidence[];
  machine: Accelerator & { memoryMiB: number; cpus: number };
  /** When the boots ended. */
  time: Date;
  version: string;
}

const STYLE = `
.pictures { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 300px), 1fr)); gap: 16px; margin-top: 12px; align-items: start; }
.times { margin-top: 12px; }
figure { margin: 0; }
img { display: block; width: 100%; height: auto; border: 1px solid var(--line); border-radius: 6px; background: #000; }
.missing { display: grid; place-items: center; min-height: 120px; margin: 0; color: var(--quiet); border: 1px dashed var(--quiet); border-radius: 6px; }
figcaption { color: var(--quiet); font-size: 0.9rem; margin-top: 4px; }
.failure { border-left: 4px solid var(--bad); padding: 4px 0 4px 12px; margin-top: 12px; }
.failure h3:not(:first-child) { margin-top: 12px; font-weight: normal; color: var(--quiet); }
nav ul { list-style: none; padding: 0; margin: 16px 0 0; display: flex; flex-wrap: wrap; gap: 8px; }
nav a { text-decoration: none; display: inline-block; }
nav a:hover { text-decoration: underline; }
`;

/** The page of `platter boot --html`: the result, the ISO, and a card for each way to boot. */
export function bootPage({ iso, boots, machine, time, version }: BootPage): string {
  const failed = boots.filter(({ result }) => result.failure !== undefined).length;
  const fullSeconds = Math.max(...boots.map(({ result }) => result.seconds));
  const kvm = machine.accelerator === "kvm" ? "with KVM" : "without KVM, which takes longer";
  const body = html`<main>
<header>
<div class="row"><h1>${iso.name}</h1>${verdictBadge(failed, boots.length)}</div>
<p class="quiet">Booted in QEMU ${kvm} (${machine.reason}), with ${machine.memoryMiB} MiB and ${counted(machine.cpus, "processor")}.</p>
<p class="quiet"><time datetime="${time.toISOString()}">${time.toISOString().slice(0, 16).replace("T", " ")} UTC</time>, platter ${version}.</p>
</header>
${boots.length === 1 ? undefined : overview(boots)}
${boots.map((evidence) => bootCard(evidence, fullSeconds))}
${isoCard(iso.name, iso)}
</main>`;
  return page({ title: `${iso.name}: ${verdictText(failed, boots.length)}`, style: STYLE, body });
}

function verdictText(failed: number, all: number): string {
  if (all === 1) return failed === 0 ? "boots" : "does not boot";
  return failed === 0
    ? `boots in all ${counted(all, "way")}`
    : `does not boot in ${failed} of ${counted(all, "way")}`;
}

function verdictBadge(failed: number, all: number): Html {
  return html`<span class="badge ${failed === 0 ? "good" : "bad"}">${verdictText(failed, all)}</span>`;
}

function overview(boots: readonly BootEvidence[]): Html {
  const links = boots.map(({ result }) => {
    const [look, word] = result.failure === undefined ? ["good", "booted"] : ["bad", "failed"];
    return html`<li><a class="badge ${look}" href="#${wayName(result)}">${wayTitle(result)}: ${word}</a></li>`;
  });
  return html`<nav aria-label="Ways to boot"><ul>${links}</ul></nav>`;
}
