/** The pages that platter writes, in a browser. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { pathToFileURL } from "node:url";
import { encodePng } from "../../../internal/boot/control/png.ts";
import { bootPage } from "../../../internal/ui/boot-page.ts";
import { sizesPage } from "../../../internal/ui/sizes/page.ts";
import { about, BOOTED, evidence, FAILED } from "../../helpers/boot/hostile-page.ts";
import { Browser } from "../../helpers/browser.ts";
import { HOSTILE, isoOf, MIB } from "../../helpers/iso-sizes.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(120_000);

const PICTURE = encodePng({ width: 800, height: 600, rgb: new Uint8Array(800 * 600 * 3).fill(0x80) });

/** What the page is like, as JSON. */
const EXPRESSION = `({
  overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
  wide: [...document.querySelectorAll("body *")].filter((each) => each.getBoundingClientRect().right > innerWidth + 0.5).map((each) => each.tagName),
  scripts: document.scripts.length,
  headings: document.querySelectorAll("h1").length,
  cards: document.querySelectorAll("section.card").length,
  pictures: [...document.images].map((each) => each.naturalWidth),
  withoutText: [...document.images].filter((each) => each.alt === "").length,
  bar: getComputedStyle(document.querySelector(".bar")).backgroundColor,
  page: getComputedStyle(document.body).backgroundColor,
})`;

if (process.env.PLATTER_TEST === "full") {
  describe("the page of boot --html", () => {
    let scene: Scene;
    let browser: Browser;
    let address: string;
    beforeAll(async () => {
      scene = new Scene("pages");
      const pictures = { menu: PICTURE, end: PICTURE };
      const boots = [evidence(BOOTED, pictures), evidence(FAILED, { ...pictures, menu: undefined })];
      address = pathToFileURL(scene.write("page.html", bootPage(about(boots)))).href;
      browser = await Browser.start(scene.folder("browser"));
    });
    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      scene[Symbol.dispose]();
    });

    test.each([
      [400, "light", "rgb(244, 245, 247)", "rgb(232, 235, 239)"],
      [400, "dark", "rgb(15, 18, 22)", "rgb(42, 49, 58)"],
      [1400, "light", "rgb(244, 245, 247)", "rgb(232, 235, 239)"],
      [1400, "dark", "rgb(15, 18, 22)", "rgb(42, 49, 58)"],
    ] as const)("%i pixels, %s: no scrolling to the side, no request, no refusal", async (width, scheme, page, bar) => {
      const shown = await browser.show(address, { width, scheme, expression: EXPRESSION });
      expect(shown.value).toEqual({
        overflow: 0,
        wide: [],
        scripts: 0,
        headings: 1,
        cards: 3,
        pictures: [800, 800, 800],
        withoutText: 0,
        bar,
        page,
      });
      expect({ requests: shown.requests, messages: shown.messages }).toEqual({ requests: [], messages: [] });
    });

    test("a page with a request, a refused style and a wide line is noticed", async () => {
      const markup = `<meta http-equiv="Content-Security-Policy" content="style-src 'none'"><div style="color: red">x</div>
<img src="http://127.0.0.1:9/x.png"><pre>${"x".repeat(1000)}</pre>`;
      const other = pathToFileURL(scene.write("other.html", `<!DOCTYPE html><body>${markup}`)).href;
      const expression = "document.documentElement.scrollWidth > innerWidth";
      const shown = await browser.show(other, { width: 400, scheme: "light", expression });
      expect(shown.value).toBe(true);
      expect(shown.requests).toEqual(["http://127.0.0.1:9/x.png"]);
      expect(shown.messages.join("\n")).toContain("Content Security Policy");
    });
  });
  describe("the page of sizes --html", () => {
    let scene: Scene;
    let browser: Browser;
    let address: string;
    beforeAll(async () => {
      scene = new Scene("sizes-page");
      const packages = [{ name: HOSTILE, bytes: MIB, size: MIB, files: 1 }];
      address = pathToFileURL(scene.write("page.html", sizesPage("os.iso", isoOf(packages)))).href;
      browser = await Browser.start(scene.folder("browser"));
    });
    afterAll(async () => {
      await browser[Symbol.asyncDispose]();
      scene[Symbol.dispose]();
    });

    const SHOWN = `({
      overflow: document.documentElement.scrollWidth - document.documentElement.clientWidth,
      scripts: document.scripts.length,
      views: [...document.querySelectorAll("section.view")].filter((each) => each.offsetHeight > 0).map((each) => each.querySelector("h2 a:last-of-type").textContent),
      texts: [...document.querySelectorAll("section.view:target .map text, #top .map text")].filter((each) => each.getBoundingClientRect().width > 0).length > 0,
      page: getComputedStyle(document.body).backgroundColor,
    })`;

    test.each([
      [400, "light", "rgb(244, 245, 247)", false],
      [400, "dark", "rgb(15, 18, 22)", false],
      [1400, "light", "rgb(244, 245, 247)", true],
      [1400, "dark", "rgb(15, 18, 22)", true],
    ] as const)("%i pixels, %s: the view of the ISO alone, and no request", async (width, scheme, page, texts) => {
      const shown = await browser.show(address, { width, scheme, expression: SHOWN });
      expect(shown.value).toEqual({ overflow: 0, scripts: 0, views: ["ISO"], texts, page });
      expect({ requests: shown.requests, messages: shown.messages }).toEqual({ requests: [], messages: [] });
    });

    test("a link leads into a folder, whose view is then shown alone", async () => {
      const id = `document.querySelector("#top a[href^='#view']").getAttribute("href")`;
      const link = await browser.show(address, { width: 1400, scheme: "light", expression: id });
      // Another address, since the same one with another anchor would not load the page again.
      const shown = await browser.show(`${address}?again${link.value}`, {
        width: 1400,
        scheme: "light",
        expression: SHOWN,
      });
      expect(shown.value).toMatchObject({ views: ["LiveOS"], texts: true });
    });
  });
}
