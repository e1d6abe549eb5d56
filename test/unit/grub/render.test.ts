// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GRUB has variables of its own.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { parseIsoYaml } from "../../../internal/contract/config/iso-yaml.ts";
import { toVolumeLabel } from "../../../internal/contract/config/label.ts";
import { buildMenu } from "../../../internal/contract/config/menu.ts";
import { parseOsRelease } from "../../../internal/contract/config/os-release.ts";
import type { Menu, MenuEntry } from "../../../internal/grub/menu-model.ts";
import { PRINTABLE } from "../../../internal/grub/quote.ts";
import { renderGrub, renderLoopback, renderStub } from "../../../internal/grub/render.ts";
import { type Command, lexGrub, NASTY } from "../../helpers/grub/lexer.ts";
import { LABEL, MEDIUM, MENUS, menuOf, rendered } from "../../helpers/grub/menus.ts";

// Properties need time on a busy machine.
setDefaultTimeout(60_000);

const GOLDEN = join(import.meta.dir, "../../golden/grub");

describe("golden files", () => {
  const mokManager = "/EFI/BOOT/mmx64.efi";
  const texts: Record<string, string> = {
    "stub.cfg": renderStub(MEDIUM),
    "mok-manager.efi.cfg": renderGrub({ menu: menuOf(""), firmware: "efi", mokManager, ...MEDIUM }),
  };
  for (const [name, yaml] of Object.entries(MENUS)) {
    for (const [kind, text] of Object.entries(rendered(menuOf(yaml)))) texts[`${name}.${kind}`] = text;
  }

  for (const [name, text] of Object.entries(texts)) {
    test(name, () => {
      const path = join(GOLDEN, name);
      if (process.env.PLATTER_UPDATE_GOLDEN === "1") writeFileSync(path, text);
      expect(existsSync(path)).toBe(true);
      expect(text).toBe(readFileSync(path, "utf8"));
    });
  }

  test("there are no others", () => {
    expect(readdirSync(GOLDEN).sort()).toEqual(Object.keys(texts).sort());
  });
});

describe("the entry for MokManager", () => {
  const mokManager = "/EFI/BOOT/mmaa64.efi";
  const menu = menuOf(MENUS["two-entries"]!);

  test("is the last one, and leaves the default entry alone", () => {
    const text = renderGrub({ menu, firmware: "efi", mokManager, ...MEDIUM });
    expect(text).toStartWith(renderGrub({ menu, firmware: "efi", ...MEDIUM }).trimEnd());
    expect(text).toEndWith(
      "\n\nmenuentry 'Enroll a key for Secure Boot (MokManager)' {\n  chainloader /EFI/BOOT/mmaa64.efi\n}\n",
    );
    expect(text).toContain("set default=1\n");
  });

  test("is not in the menu for BIOS", () => {
    const plain = renderGrub({ menu, firmware: "bios", ...MEDIUM });
    expect(renderGrub({ menu, firmware: "bios", mokManager, ...MEDIUM })).toBe(plain);
  });
});

/** The commands of a menu's entries, as GRUB has to see them. */
function expected(menu: Menu, extra: readonly string[] = []): Command[] {
  return menu.entries.flatMap((entry) => [
    ["menuentry", ...(entry.title.startsWith("-") ? ["--"] : []), entry.title],
    ["{"],
    ["linux", entry.kernelPath, ...entry.kernelArgs, ...extra],
    ["initrd", ...entry.initrdPaths],
    ["}"],
  ]);
}

const VARIABLES = { lockdown: "y", iso_path: "/my isos/x.iso" };
/** The commands of a rendered text before its entries. */
const head = (text: string) => {
  const commands = lexGrub(text, VARIABLES);
  return commands.slice(
    0,
    commands.findIndex(([name]) => name === "menuentry"),
  );
};

describe("nothing that an entry holds adds a line or a command", () => {
  const printable = fc
    .oneof(
      fc.string({ unit: fc.constantFrom(..."'\"\\$;{}|&<>#*@ \n=-a".replace("\n", "")) }),
      fc.string({ unit: "grapheme" }),
      fc.constantFrom(...NASTY),
    )
    .filter((text) => PRINTABLE.test(text));
  const filled = printable.filter((text) => text !== "");
  const path = printable.map((text) => `/${text}`);
  const entry: fc.Arbitrary<MenuEntry> = fc.record({
    title: filled,
    kernelPath: path,
    kernelArgs: fc.array(printable, { maxLength: 4 }),
    initrdPaths: fc.array(path, { minLength: 1, maxLength: 2 }),
  });
  const menus = fc
    .array(entry, { minLength: 1, maxLength: 4 })
    .map((entries): Menu => ({ default: 0, timeout: 1, entries }));

  test("by the rules of the manual, for any menu", () => {
    const simple = menuOf("grub2: {timeout: 1}");
    const heads = Object.values(rendered(simple)).map(head);
    const lines = Object.values(rendered(simple)).map((text) => text.split("\n").length);
    fc.assert(
      fc.property(menus, (menu) => {
        const extras = [[], [], ["iso-scan/filename=/my isos/x.iso"]];
        for (const [at, text] of Object.values(rendered(menu)).entries()) {
          expect(lexGrub(text, VARIABLES)).toEqual([...heads[at]!, ...expected(menu, extras[at])]);
          // An entry is four lines, and there is an empty one between two.
          expect(text.split("\n")).toHaveLength(lines[at]! + (menu.entries.length - 1) * 5);
        }
      }),
      { numRuns: 1500 },
    );
  });

  test("from iso.yaml to grub.cfg: whatever is written, it is refused or makes its entries and no more", () => {
    const any = fc.oneof(printable, fc.string({ unit: fc.constantFrom(..."'\"\n\t\0;}{a $\\") }));
    // A second path has to begin with a slash, which few texts do.
    const initrd = fc.oneof({ weight: 3, arbitrary: fc.constant("") }, any);
    const rows = fc.array(fc.record({ name: any, linux: any, initrd }), { minLength: 1, maxLength: 3 });
    let taken = 0;
    fc.assert(
      fc.property(rows, any, (entries, name) => {
        const written = entries.map((each) => ({
          name: each.name,
          linux: `/k ${each.linux}`,
          initrd: `/i ${each.initrd}`,
        }));
        // Every JSON text is YAML.
        const { config } = parseIsoYaml(JSON.stringify({ grub2: { entries: written } }), "iso.yaml");
        if (config === undefined) return;
        const osRelease = parseOsRelease(`NAME='${name.replaceAll("'", "")}'`);
        const { menu, findings } = buildMenu({ config, osRelease, label: LABEL });
        if (findings.some(({ severity }) => severity === "error")) return;
        taken++;
        const names = lexGrub(renderGrub({ menu, firmware: "efi", ...MEDIUM }), VARIABLES).map(
          ([first]) => first,
        );
        const wanted = entries.flatMap(() => ["menuentry", "{", "linux", "initrd", "}"]);
        expect(names.slice(names.indexOf("menuentry"))).toEqual(wanted);
      }),
      { numRuns: 1500 },
    );
    expect(taken).toBeGreaterThan(50);
  });
});

describe("what tools look for in a menu", () => {
  test("the label is written unchanged on `linux` and `search` lines, where USB writers replace it", () => {
    for (const text of Object.values(rendered(menuOf("")))) {
      expect(text).toContain(" root=live:CDLABEL=MY_ISO ");
    }
    expect(renderStub(MEDIUM)).toContain("search --no-floppy --set=root -l MY_ISO\n");
  });

  test("a label that has to be quoted is", () => {
    const label = toVolumeLabel("A;B$C").label!;
    const stub = renderStub({ ...MEDIUM, label });
    expect(lexGrub(stub)).toContainEqual(["search", "--no-floppy", "--set=root", "-l", "A;B$C"]);
  });

  test("loopback.cfg names the ISO file on every `linux` line, and searches nothing", () => {
    const text = renderLoopback(menuOf(MENUS["two-entries"]!));
    const lines = text.split("\n").filter((line) => line.startsWith("  linux "));
    expect(lines).toHaveLength(2);
    for (const line of lines) expect(line).toEndWith(' "iso-scan/filename=${iso_path}"');
    expect(text).not.toContain("search");
  });

  test("no module is loaded for UEFI: under Secure Boot what is not built in cannot be", () => {
    expect(rendered(menuOf(""))["efi.cfg"]).not.toContain("insmod");
    expect(renderStub(MEDIUM)).not.toContain("insmod");
  });
});
