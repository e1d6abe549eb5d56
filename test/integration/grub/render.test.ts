// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GRUB has variables of its own.
/** Rendered menus, read by GRUB itself. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { toVolumeLabel } from "../../../internal/contract/config/label.ts";
import type { Menu } from "../../../internal/grub/menu-model.ts";
import { renderGrub, renderLoopback, renderStub } from "../../../internal/grub/render.ts";
import { NASTY } from "../../helpers/grub/lexer.ts";
import { MEDIUM, menuOf, rendered } from "../../helpers/grub/menus.ts";

setDefaultTimeout(60_000);

const GOLDEN = join(import.meta.dir, "../../golden/grub");

/** What GRUB's own parser has to say about a script; nothing if it is right. */
function scriptCheck(script: string): string {
  const { exitCode, stderr } = Bun.spawnSync(["grub-script-check"], { stdin: Buffer.from(script) });
  return exitCode === 0 ? "" : `${stderr} in:\n${script}`;
}

describe("grub-script-check", () => {
  test.each(readdirSync(GOLDEN))("finds no fault in %s", (name) => {
    expect(scriptCheck(readFileSync(join(GOLDEN, name), "utf8"))).toBe("");
  });

  test("finds no fault where a label is quoted", () => {
    const label = toVolumeLabel("A;B$C").label!;
    expect(scriptCheck(renderStub({ ...MEDIUM, label }))).toBe("");
  });

  test("finds no fault with nasty texts in every place", () => {
    for (const nasty of NASTY) {
      const each = {
        title: nasty,
        kernelPath: `/${nasty}`,
        kernelArgs: [nasty, "a"],
        initrdPaths: [`/${nasty}`],
      };
      const menu: Menu = { default: 0, timeout: 1, entries: [each, each] };
      expect(scriptCheck(Object.values(rendered(menu)).join("\n"))).toBe("");
    }
  });
});

describe("in GRUB itself (grub-emu)", () => {
  /**
   * Runs the default entry of a menu in GRUB's emulator, with `linux` and `initrd` replaced by functions that print
   * what they are called with: the title, the words of the `linux` line, those of the `initrd` line.
   */
  function boot(text: string): { title: string; linux: string[]; initrd: string[] } {
    const folder = mkdtempSync(join(tmpdir(), "platter-grub-"));
    try {
      const functions = [
        'function linux { echo "<<T$chosen>>"; for word in "$@"; do echo "<<L$word>>"; done; }',
        'function initrd { for word in "$@"; do echo "<<I$word>>"; done; exit; }',
        "insmod regexp",
      ];
      writeFileSync(join(folder, "grub.cfg"), `${functions.join("\n")}\n${text}`);
      const { stdout, stderr } = Bun.spawnSync(["grub-emu", "--directory", folder], {
        env: { PATH: process.env.PATH ?? "", TERM: "dumb", LC_ALL: "C.UTF-8" },
        stdin: "ignore",
        timeout: 30_000,
      });
      // The terminal breaks long lines; no word here holds a line break.
      const shown = stdout.toString().replace(/\u001b\[[0-9;?]*[A-Za-z]|[\r\n]/g, "");
      const records = [...shown.matchAll(/<<([TLI])(.*?)>>(?=<<|$)/g)].map(([, kind, value]) => ({
        kind,
        value: value!,
      }));
      const of = (kind: string) => records.filter((record) => record.kind === kind).map(({ value }) => value);
      const [title] = of("T");
      if (title === undefined) throw new Error(`grub-emu booted nothing: ${stdout}${stderr}`);
      return { title, linux: of("L"), initrd: of("I") };
    } finally {
      rmSync(folder, { recursive: true });
    }
  }

  /** Without the search, which looks at the disks of the machine. */
  const withoutSearch = (text: string) => text.replace(/^if search[\s\S]*?^fi$/m, "");

  test("every word of a `linux` line reaches the command as it is meant", () => {
    const words = NASTY.map((word) => `x${word}`).concat(NASTY);
    const entry = {
      title: "A",
      kernelPath: "/k",
      kernelArgs: words,
      initrdPaths: ["/i", ...NASTY.map((w) => `/${w}`)],
    };
    const text = withoutSearch(
      renderGrub({ menu: { default: 0, timeout: 0, entries: [entry] }, firmware: "efi", ...MEDIUM }),
    );
    expect(boot(text)).toEqual({ title: "A", linux: ["/k", ...words], initrd: entry.initrdPaths });
  });

  test.each([
    "it's",
    "--help",
    "-",
    "' } ; { reboot; '",
    "$root ${root} $(x) `y`",
    '"\\"',
    "back\\slash \\",
    "a#b #c",
    "#",
    "menuentry",
  ])("the entry %j is shown as written, and found as the default", (title) => {
    const entries = ["first", title, "third"].map((each) => ({
      title: each,
      kernelPath: "/k",
      kernelArgs: [`name=${each}`],
      initrdPaths: ["/i"],
    }));
    const text = withoutSearch(
      renderGrub({ menu: { default: 1, timeout: 0, entries }, firmware: "efi", ...MEDIUM }),
    );
    expect(boot(text)).toEqual({ title, linux: ["/k", `name=${title}`], initrd: ["/i"] });
  });

  test("the loopback menu hands on the path of the ISO file, spaces and all", () => {
    const text = `set iso_path='/my isos/it'\\''s one.iso'\n${renderLoopback(menuOf("grub2: {timeout: 0}"))}`;
    expect(boot(text).linux.at(-1)).toBe("iso-scan/filename=/my isos/it's one.iso");
    expect(boot(text).linux.slice(0, 2)).toEqual(["/images/pxeboot/vmlinuz", "root=live:CDLABEL=MY_ISO"]);
  });
});
