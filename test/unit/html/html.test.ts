import { describe, expect, test } from "bun:test";
import { createHash } from "node:crypto";
import { stackedBar } from "../../../internal/html/bar.ts";
import { html } from "../../../internal/html/html.ts";
import { page } from "../../../internal/html/page.ts";
import { BASE_STYLE } from "../../../internal/html/style.ts";

const HOSTILE = `</pre><script>alert(1)</script>" onload='x' & \x1b[2J\u202e\ud800\uffff`;
const SHOWN =
  "&lt;/pre&gt;&lt;script&gt;alert(1)&lt;/script&gt;&quot; onload=&#39;x&#39; &amp; \\x1b[2J\\u202e\\ud800\ufffd";

describe("html", () => {
  test("texts are escaped, between tags and in attributes", () => {
    expect(html`<p title="${HOSTILE}">${HOSTILE}</p>`.markup).toBe(`<p title="${SHOWN}">${SHOWN}</p>`);
  });

  test("pieces stay as they are, lists are joined, and undefined is nothing", () => {
    const items = ["<", 1].map((each) => html`<li>${each}</li>`);
    expect(html`<ul>${items}${undefined}</ul>`.markup).toBe("<ul><li>&lt;</li><li>1</li></ul>");
  });

  test("the lines of a text stay", () => {
    expect(html`<pre>${"a\nb\r\n"}</pre>`.markup).toBe("<pre>a\nb\\x0d\n</pre>");
  });
});

describe("page", () => {
  const text = page({ title: HOSTILE, style: ".x { margin: 0; }", body: html`<main>${HOSTILE}</main>` });

  test("the policy allows the page's own style, pictures in it, and nothing else", () => {
    const css = /<style>([\s\S]*?)<\/style>/.exec(text)![1]!;
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(text)![1]!.replaceAll("&#39;", "'");
    expect(policy.split("; ")).toEqual([
      "default-src 'none'",
      `style-src 'sha256-${createHash("sha256").update(css).digest("base64")}'`,
      "img-src data:",
      "base-uri 'none'",
      "form-action 'none'",
    ]);
    expect(css).toContain(".x { margin: 0; }");
    expect(css).not.toMatch(/url\(|@import/);
  });

  test("hostile text stays text", () => {
    expect(text).toContain(`<title>${SHOWN}</title>`);
    expect(text).toContain(`<main>${SHOWN}</main>`);
    expect(text).not.toMatch(/<script|<[^>]*\s(?:on\w+|style)=/i);
  });
});

describe("stackedBar", () => {
  const PARTS = [
    { name: "a", amount: 1, text: "1 s", colour: 1 },
    { name: "<b>", amount: 3, text: "3 s", colour: 2 },
  ] as const;
  const widths = (markup: string) =>
    [...markup.matchAll(/ x="([\d.]+)" y="0" width="([\d.]+)"/g)].map(([, x, w]) => [x, w]);

  test("the parts have their share of the full width, and a legend", () => {
    const { markup } = stackedBar(PARTS, { full: 8, name: "time" });
    expect(widths(markup)).toEqual([
      ["0.00", "125.00"],
      ["125.00", "375.00"],
    ]);
    expect(markup).toContain('aria-label="time: a 1 s, &lt;b&gt; 3 s"');
    expect(markup).toContain('<li><span class="swatch part-2"></span>&lt;b&gt; 3 s</li>');
  });

  test("a bar of nothing has no width", () => {
    expect(widths(stackedBar([{ ...PARTS[0], amount: 0 }], { full: 0, name: "time" }).markup)).toEqual([
      ["0.00", "0.00"],
    ]);
  });
});

/** Relative luminance of `#rrggbb` (WCAG 2.2). */
function luminance(colour: string): number {
  const [red, green, blue] = [1, 3, 5].map((at) => {
    const value = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
    return value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red! + 0.7152 * green! + 0.0722 * blue!;
}

function contrast(one: string, other: string): number {
  const [light, dark] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (light! + 0.05) / (dark! + 0.05);
}

describe.each(["light", "dark"])("colours, %s", (scheme) => {
  const [light, dark] = BASE_STYLE.split("@media (prefers-color-scheme: dark)");
  const source = scheme === "light" ? light! : dark!;
  const colours = Object.fromEntries(
    [...source.matchAll(/--([\w-]+): (#[0-9a-f]{6})/g)].map(([, name, value]) => [name, value!]),
  );

  test.each([
    ["text", "page"],
    ["text", "card"],
    ["quiet", "page"],
    ["quiet", "card"],
    ["link", "card"],
    ["link", "page"],
    ["good", "good-back"],
    ["bad", "bad-back"],
  ])("%s on %s: at least 4.5 to 1", (front, back) => {
    expect(contrast(colours[front]!, colours[back]!)).toBeGreaterThanOrEqual(4.5);
  });

  test.each([1, 2, 3, 4, 5, 6])("part %i on a card and in a bar: at least 3 to 1", (part) => {
    for (const back of ["card", "track"]) {
      expect(contrast(colours[`part-${part}`]!, colours[back]!)).toBeGreaterThanOrEqual(3);
    }
  });
});
