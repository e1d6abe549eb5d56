import { type Html, html } from "./html.ts";

/** One part of a bar. `colour` is the number of one of the six `--part-N` colours of the style. */
export interface BarPart {
  name: string;
  amount: number;
  /** The amount for people: `8.5 s`. */
  text: string;
  colour: 1 | 2 | 3 | 4 | 5 | 6;
}

/** Units of the drawing's width. */
const WIDTH = 1000;

/** A bar of parts and its legend. A bar of the amount `full` has the whole width. */
export function stackedBar(parts: readonly BarPart[], { full, name }: { full: number; name: string }): Html {
  const unit = full > 0 ? WIDTH / full : 0;
  const label = `${name}: ${parts.map((part) => `${part.name} ${part.text}`).join(", ")}`;
  let end = 0;
  const drawn = parts.map((part) => {
    const start = end;
    end += part.amount * unit;
    return html`<rect class="part-${part.colour}" x="${start.toFixed(2)}" y="0" width="${(end - start).toFixed(2)}" height="20"/>`;
  });
  return html`<svg class="bar" viewBox="0 0 ${WIDTH} 20" preserveAspectRatio="none" role="img" aria-label="${label}">${drawn}</svg>
<ul class="parts">${parts.map(({ name, text, colour }) => html`<li><span class="swatch part-${colour}"></span>${name} ${text}</li>`)}</ul>`;
}
