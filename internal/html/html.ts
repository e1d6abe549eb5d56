/** HTML from texts that are not trusted. Every text passes one function, and only this folder makes `Html`. */

import { escapeMarkup } from "../text/markup.ts";

/** A piece of a page. */
export class Html {
  readonly markup: string;

  /** @internal Use {@link html}, which escapes texts. */
  constructor(markup: string) {
    this.markup = markup;
  }
}

/** What a template takes: pieces as they are, texts and numbers escaped, and nothing for `undefined`. */
export type HtmlValue = Html | string | number | undefined | readonly HtmlValue[];

/**
 * A template of HTML. Put values between tags, or between the double quotes of an attribute. Control characters and
 * bidirectional controls in them become visible.
 */
export function html(strings: TemplateStringsArray, ...values: readonly HtmlValue[]): Html {
  return new Html(strings.map((text, index) => text + markupOf(values[index])).join(""));
}

function markupOf(value: HtmlValue): string {
  if (value === undefined) return "";
  if (value instanceof Html) return value.markup;
  if (typeof value === "string" || typeof value === "number") return escapeMarkup(String(value));
  return value.map(markupOf).join("");
}
