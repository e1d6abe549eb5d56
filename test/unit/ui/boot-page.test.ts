import { describe, expect, test } from "bun:test";
import { bootPage } from "../../../internal/ui/boot-page.ts";
import { about, BOOTED, evidence, FAILED } from "../../helpers/boot/hostile-page.ts";

const SHOWN =
  "&lt;/pre&gt;&lt;/details&gt;&lt;script src=&quot;https://evil.example/x.js&quot;&gt;&lt;/script&gt;&lt;img src=x onerror=&quot;alert(1)&quot;&gt;\\x1b[2J\\u202e";

const PAGE = bootPage(about([evidence(BOOTED), evidence(FAILED, { menu: undefined })]));

/** The card of a way. */
const card = (id: string) =>
  new RegExp(`<section class="card" id="${id}"[\\s\\S]*?</section>`).exec(PAGE)?.[0] ?? "";

describe("bootPage", () => {
  test("a card for each way, and the verdict of all", () => {
    expect([...PAGE.matchAll(/<section class="card" id="([^"]*)"/g)].map(([, id]) => id)).toEqual([
      "bios-cd",
      "secure-boot-usb",
    ]);
    expect(PAGE).toContain('<span class="badge bad">does not boot in 1 of 2 ways</span>');
    expect(PAGE).toContain('href="#secure-boot-usb">UEFI with Secure Boot, from USB: failed</a>');
    expect(PAGE).toContain(
      "without KVM, which takes longer (/dev/kvm does not exist), with 2048 MiB and 1 processor",
    );
  });

  test("a boot: pictures, times, its last line, the log", () => {
    const text = card("bios-cd");
    expect(text).toContain(
      'src="data:image/png;base64,AQID" alt="Screen of the machine (BIOS, from CD): GRUB&#39;s menu"',
    );
    expect(text).toContain('src="data:image/png;base64,BAUG"');
    expect(text).toContain("booted in 20.0 s");
    expect(text).toContain('aria-label="Time of each phase: firmware 5.0 s, GRUB 15.0 s"');
    expect(text).toMatch(
      /class="part-1" x="0.00" y="0" width="250.00"[\s\S]*class="part-3" x="250.00" y="0" width="750.00"/,
    );
    expect(text).toContain("platter added a serial console");
    expect(text).toContain(`<code>${SHOWN}</code>`);
    expect(text).toContain(
      `<summary>Serial log, 2 lines</summary>\n\n<pre tabindex="0">SeaBIOS\n${SHOWN}</pre></details>`,
    );
    expect(text).not.toContain('class="failure"');
  });

  test("a failed boot: what failed, its code, its hint, the console; its bar compares with the longest", () => {
    const text = card("secure-boot-usb");
    expect(text).toContain("failed after 10.0 s");
    expect(text).toContain("<h3>shim is revoked.</h3>");
    expect(text).toContain(`<p><code>B_SBAT</code> in the shim phase, at the line <code>${SHOWN}</code></p>`);
    expect(text).toContain("<p>Update shim.</p>");
    expect(text).toContain(`<pre>one\n${SHOWN}</pre>`);
    expect(text).toContain('x="0.00" y="0" width="500.00"');
    expect(text).toContain("GRUB did not start");
  });

  test("the ISO: size, label, where it boots, problems and menu entries", () => {
    expect(PAGE).toContain("<dt>Size</dt><dd>46.0 MiB (48220160 bytes)</dd>");
    expect(PAGE).toContain(`<dt>Label</dt><dd>${SHOWN}</dd>`);
    expect(PAGE).toContain(`<dt>Boots on BIOS</dt><dd>no: ${SHOWN}`);
    expect(PAGE).toContain("<dt>Boots on UEFI</dt><dd>yes</dd>");
    expect(PAGE).toContain("<dt>Implanted MD5</dt><dd>none</dd>");
    expect(PAGE).toContain(`<dt>Problem</dt><dd>at byte 512: ${SHOWN} [gpt-header-crc]</dd>`);
    expect(PAGE).toContain(`<code>/vmlinuz quiet ${SHOWN}</code>`);
  });

  test("texts of the ISO and of the system in it stay texts: no script, no address, no control character", () => {
    const tags = [...PAGE.matchAll(/<[a-z][^>]*>/gi)].map(([tag]) => tag);
    expect(tags.filter((tag) => /^<(?:script|iframe|object|embed|link|base|form)\b/i.test(tag))).toEqual([
      '<link rel="icon" href="data:,">',
    ]);
    expect(tags.filter((tag) => /\s(?:on\w+|style|srcset)=/i.test(tag))).toEqual([]);
    const addresses = tags.flatMap((tag) =>
      [...tag.matchAll(/\s(?:src|href)="([^"]*)"/g)].map(([, to]) => to!),
    );
    expect(addresses.filter((to) => !/^(?:data:|#)/.test(to))).toEqual([]);
    expect(PAGE).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e]/);
  });

  test("headings begin with one of the first level and leave no level out", () => {
    const levels = [...PAGE.matchAll(/<h(\d)/g)].map(([, level]) => Number(level));
    expect(levels.filter((level) => level === 1)).toHaveLength(1);
    for (const [index, level] of levels.entries())
      expect(level).toBeLessThanOrEqual((levels[index - 1] ?? 0) + 1);
  });

  test("a single way has no overview", () => {
    const text = bootPage(about([evidence(BOOTED)]));
    expect(text).not.toContain("<nav");
    expect(text).toContain('<span class="badge good">boots</span>');
  });

  test("a log that was cut says so", () => {
    const text = bootPage(about([evidence(BOOTED, { log: { lines: ["end"], leftOut: 2048 } })]));
    expect(text).toContain("The first 2.0 KiB are left out.");
  });
});
