import type { BootFailure, BootWay } from "../boot/boot-result.ts";
import { wayName } from "../boot/boot-result.ts";
import type { BootEvidence } from "../boot/evidence.ts";
import type { MenuOutcome } from "../boot/menu-drive.ts";
import { PHASE_NAMES, PHASES, type PhaseTime } from "../boot/phase.ts";
import { type BarPart, stackedBar } from "../html/bar.ts";
import { type Html, html } from "../html/html.ts";
import { secondsText } from "./boot-table.ts";
import { formatBytes } from "./format.ts";

const FIRMWARE_NAMES = { bios: "BIOS", uefi: "UEFI", "secure-boot": "UEFI with Secure Boot" } as const;
const MEDIA_NAMES = { cd: "from CD", usb: "from USB" } as const;

/** `UEFI with Secure Boot, from USB` */
export function wayTitle({ firmware, media }: BootWay): string {
  return `${FIRMWARE_NAMES[firmware]}, ${MEDIA_NAMES[media]}`;
}

/** A boot on a page. A bar with `fullSeconds` has the whole width, so that the bars of all boots compare. */
export function bootCard(evidence: BootEvidence, fullSeconds: number): Html {
  const { result, menu, end, log } = evidence;
  const { failure, reached, seconds, phases } = result;
  const name = wayName(result);
  return html`<section class="card" id="${name}" aria-labelledby="${name}-title">
<div class="row"><h2 id="${name}-title">${wayTitle(result)}</h2>
${
  failure === undefined
    ? html`<span class="badge good">booted in ${secondsText(seconds)}</span>`
    : html`<span class="badge bad">failed after ${secondsText(seconds)}</span>`
}</div>
<div class="times">${stackedBar(phases.map(barPart), { full: fullSeconds, name: "Time of each phase" })}</div>
${failure === undefined ? undefined : failureBlock(failure)}
${reached === undefined ? undefined : html`<p class="quiet">The last line: <code>${reached}</code></p>`}
${menuNote(result.menu)}
<div class="pictures">
${picture(menu, {
  way: wayTitle(result),
  caption: "GRUB's menu",
  missing: phases.some(({ phase }) => phase === "grub") ? "no picture" : "GRUB did not start",
})}
${picture(end, {
  way: wayTitle(result),
  caption: failure === undefined ? "The end of the boot" : "The screen after the failure",
  missing: "The machine had switched itself off",
})}
</div>
<details><summary>Serial log, ${log.lines.length} lines</summary>
${log.leftOut === 0 ? undefined : html`<p class="quiet">The first ${formatBytes(log.leftOut)} are left out.</p>`}
<pre tabindex="0">${log.lines.join("\n")}</pre></details>
</section>`;
}

function barPart({ phase, seconds }: PhaseTime): BarPart {
  const colour = (PHASES.indexOf(phase) + 1) as BarPart["colour"];
  return { name: PHASE_NAMES[phase], amount: seconds, text: secondsText(seconds), colour };
}

function failureBlock({ phase, code, message, hint, line, lastLines }: BootFailure): Html {
  return html`<div class="failure">
<h3>${message}</h3>
<p><code>${code}</code> in the ${PHASE_NAMES[phase]} phase${line === undefined ? undefined : html`, at the line <code>${line}</code>`}</p>
${hint === undefined ? undefined : html`<p>${hint}</p>`}
<h3>Last lines of the console</h3>
<pre>${lastLines.join("\n")}</pre>
</div>`;
}

function menuNote(menu: MenuOutcome): Html | undefined {
  switch (menu.kind) {
    case "left-alone":
      return undefined;
    case "console-added":
      return html`<p class="quiet">platter added a serial console to the menu entry for this boot.</p>`;
    case "not-driven":
      return html`<p class="quiet">platter could not add a serial console to the menu entry: ${menu.why}.</p>`;
    default: {
      const never: never = menu;
      return never;
    }
  }
}

function picture(png: Uint8Array | undefined, text: { way: string; caption: string; missing: string }): Html {
  const { way, caption, missing } = text;
  if (png === undefined)
    return html`<figure><p class="missing">${missing}</p><figcaption>${caption}</figcaption></figure>`;
  const address = `data:image/png;base64,${Buffer.from(png).toString("base64")}`;
  return html`<figure><img src="${address}" alt="Screen of the machine (${way}): ${caption}"><figcaption>${caption}</figcaption></figure>`;
}
