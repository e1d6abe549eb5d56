// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GRUB has variables of its own.
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import type { IsoYaml } from "../../../../internal/contract/config/iso-yaml.ts";
import { toVolumeLabel } from "../../../../internal/contract/config/label.ts";
import { buildMenu } from "../../../../internal/contract/config/menu.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";
import { menuSchema } from "../../../../internal/grub/menu-model.ts";
import { PRINTABLE, splitWords } from "../../../../internal/grub/quote.ts";
import { replaceVariables } from "../../../../internal/grub/variables.ts";

// Properties and real tools take their time on a busy machine.
setDefaultTimeout(60_000);

const LABEL = toVolumeLabel("MY_ISO").label!;
const FEDORA = parseOsRelease('ID=fedora\nNAME="Fedora Linux"\nVERSION_ID=42\n');
const build = (config: IsoYaml, osRelease = FEDORA, label = LABEL) => buildMenu({ config, osRelease, label });
const entry = (fields: { name?: string; linux?: string; initrd?: string }) => ({
  name: "A",
  linux: "$kernelpath quiet",
  initrd: "$initrdpath",
  ...fields,
});
const one = (fields: Parameters<typeof entry>[0], rest: IsoYaml = {}, osRelease = FEDORA) => {
  const { menu, findings } = build({ ...rest, grub2: { entries: [entry(fields)] } }, osRelease);
  return { entry: menu.entries[0]!, codes: findings.map(({ code }) => code) };
};

describe("the default entry", () => {
  const ARGUMENTS = ["root=live:CDLABEL=MY_ISO", "rd.live.image", "quiet", "rhgb", "enforcing=0"];

  test("installs what os-release names, in 60 seconds", () => {
    const { menu, findings } = build({});
    expect(findings).toEqual([]);
    expect(menu).toEqual({
      default: 0,
      timeout: 60,
      entries: [
        {
          title: "Install Fedora Linux 42",
          kernelPath: "/images/pxeboot/vmlinuz",
          kernelArgs: ARGUMENTS,
          initrdPaths: ["/images/pxeboot/initrd.img"],
        },
      ],
    });
    expect(menuSchema.parse(JSON.parse(JSON.stringify(menu)))).toEqual(menu);
  });

  test.each([
    ["NAME=Debian", "Install Debian"],
    ["VERSION_ID=12", "Install Linux 12"],
    ["", "Install Linux"],
    ["NAME=\"it's $root\"\nVERSION_ID='{1}'", "Install it's $root {1}"],
  ])("%j: %s", (text, title) => {
    expect(build({}, parseOsRelease(text)).menu.entries[0]?.title).toBe(title);
  });

  test("kernel_args take the place of the arguments; without any they count as not written", () => {
    const args = (kernel_args: string[]) => build({ kernel_args }).menu.entries[0]?.kernelArgs;
    expect(args(["root=live:CDLABEL=MY_ISO", "a='b c'", "quiet  rhgb"])).toEqual([
      "root=live:CDLABEL=MY_ISO",
      "a=b c",
      "quiet",
      "rhgb",
    ]);
    expect(args([])).toEqual(ARGUMENTS);
  });

  test("a title and the texts of os-release are cut at 256 characters, and a finding says so", () => {
    const osRelease = parseOsRelease(`NAME=${"ä".repeat(100_000)}\nVERSION_ID=${"9".repeat(300)}\n`);
    const { menu, findings } = build({}, osRelease);
    expect(menu.entries[0]?.title).toBe(`Install ${"ä".repeat(248)}`);
    expect(findings.map(({ code, seen }) => [code, seen])).toEqual([
      ["F_MENU_TEXT_LONG", "`NAME` of os-release has 100000 characters."],
      ["F_MENU_TEXT_LONG", "`VERSION_ID` of os-release has 300 characters."],
      ["F_MENU_TEXT_LONG", "The title of the default entry has 521 characters."],
    ]);
    expect(one({ name: "x".repeat(256) })).toMatchObject({ entry: { title: "x".repeat(256) }, codes: [] });
    expect(one({ name: "x".repeat(257) })).toMatchObject({
      entry: { title: "x".repeat(256) },
      codes: ["F_MENU_TEXT_LONG"],
    });
  });

  test("a finding about an entry of iso.yaml has the entry's place", () => {
    const place = { file: "iso.yaml", line: 7, column: 14, excerpt: [] };
    const config = { grub2: { entries: [entry({}), entry({ linux: "/other" })] } };
    const { findings } = buildMenu({
      config,
      osRelease: FEDORA,
      label: LABEL,
      placeOf: (path) => (path.join(" ") === "grub2 entries 1 linux" ? place : undefined),
    });
    expect(findings).toEqual([expect.objectContaining({ code: "F_MENU_NOT_ON_ISO", place })]);
  });

  test("the label is written as udev names it", () => {
    const { label } = toVolumeLabel("A,B");
    expect(build({}, FEDORA, label!).menu.entries[0]?.kernelArgs[0]).toBe("root=live:CDLABEL=A\\x2cB");
  });

  test("a variable in kernel_args stays, with a warning", () => {
    const { menu, findings } = build({ kernel_args: ["root=live:CDLABEL=${isolabel}", "a=$other"] });
    expect(menu.entries[0]?.kernelArgs).toEqual(["root=live:CDLABEL=${isolabel}", "a=$other"]);
    expect(findings.map(({ code }) => code)).toEqual(["F_MENU_VARIABLE_KEPT"]);
  });
});

describe("variables", () => {
  test("stand for what the contract says, in name, linux and initrd", () => {
    const made = one({
      name: "Start ${product} $version from ${isolabel} for $$5",
      linux: "${kernelpath} ${root} root=live:CDLABEL=${isolabel} x=$product nomodeset",
      initrd: "$initrdpath",
    });
    expect(made).toEqual({
      codes: [],
      entry: {
        title: "Start Fedora Linux 42 from MY_ISO for $5",
        kernelPath: "/images/pxeboot/vmlinuz",
        kernelArgs: [
          "root=live:CDLABEL=MY_ISO",
          "rd.live.image",
          "quiet",
          "rhgb",
          "enforcing=0",
          "root=live:CDLABEL=MY_ISO",
          "x=Fedora Linux",
          "nomodeset",
        ],
        initrdPaths: ["/images/pxeboot/initrd.img"],
      },
    });
  });

  test.each([
    ["$isolabel", "L"],
    ["${isolabel}", "L"],
    ["a${isolabel}b$isolabel/c", "aLbL/c"],
    ["$isolabels ${isolabels} $ISOLABEL", "$isolabels ${isolabels} $ISOLABEL"],
    ["$$isolabel $${isolabel}", "$isolabel ${isolabel}"],
    ["$$$isolabel", "$L"],
    ["$ $1 $? $( ${ ${} ${isolabel", "$ $1 $? $( ${ ${} ${isolabel"],
    ["$product", "$version $$"],
    ["$constructor ${__proto__}", "$constructor ${__proto__}"],
    ["$root", "r s"],
  ])("%j becomes %j", (text, replaced) => {
    const variables = {
      isolabel: "L",
      kernelpath: "/k",
      initrdpath: "/i",
      root: "r s",
      product: "$version $$",
      version: "1",
    };
    expect(replaceVariables(text, variables)).toBe(replaced);
  });

  test("what os-release says never becomes arguments of its own, nor opens a quote", () => {
    const osRelease = parseOsRelease(`NAME="x init=/bin/sh 'y"\nVERSION_ID='1 single "'`);
    const made = one({ linux: "$kernelpath a=$product b='$version' c" }, {}, osRelease);
    expect(made.entry.kernelArgs).toEqual(["a=x init=/bin/sh 'y", 'b=1 single "', "c"]);
  });

  test("an empty version is reported, and an entry never has an empty name", () => {
    const osRelease = parseOsRelease("NAME=Debian\n");
    expect(one({ name: "${version}" }, {}, osRelease)).toMatchObject({
      entry: { title: "Entry 1" },
      codes: ["F_MENU_VARIABLE_EMPTY"],
    });
    expect(one({ name: "$$version" }, {}, osRelease).codes).toEqual([]);
  });

  test("$root alone is the kernel's arguments, one by one; inside a word it is their text", () => {
    const made = one({ linux: "$kernelpath $root a='$root'" }, { kernel_args: ["b='c d'", "e"] });
    expect(made.entry.kernelArgs).toEqual(["b=c d", "e", "a=b=c d e"]);
  });

  test("GRUB's own ($root) before a path is the medium, as everywhere", () => {
    const made = one({
      linux: "($root)/images/pxeboot/vmlinuz a",
      initrd: "(${root})/images/pxeboot/initrd.img",
    });
    expect(made).toEqual({
      codes: [],
      entry: {
        title: "A",
        kernelPath: "/images/pxeboot/vmlinuz",
        kernelArgs: ["a"],
        initrdPaths: ["/images/pxeboot/initrd.img"],
      },
    });
  });
});

describe("findings about entries", () => {
  test.each<[Parameters<typeof entry>[0], string[]]>([
    [{ linux: "vmlinuz quiet" }, ["F_MENU_PATH"]],
    [{ linux: "''" }, ["F_MENU_PATH"]],
    [{ linux: "$root" }, ["F_MENU_PATH"]],
    [{ initrd: "$initrdpath initrd.img" }, ["F_MENU_PATH"]],
    [{ linux: "/boot/vmlinuz" }, ["F_MENU_NOT_ON_ISO"]],
    [{ initrd: "/boot/ucode.img $initrdpath" }, ["F_MENU_NOT_ON_ISO"]],
    [{ linux: "$kernelpath a=b\\c" }, ["F_MENU_GRUB_ESCAPES"]],
    [{ linux: `$kernelpath a='"'` }, ["F_MENU_GRUB_ESCAPES"]],
    [{ linux: "$kernelpath a='b c'" }, []],
  ])("%j: %j", (fields, codes) => {
    expect(one(fields).codes as string[]).toEqual(codes);
  });
});

describe("the default", () => {
  const index = (wanted: string | number, names = ["First", "Second", "1", "$isolabel"]) => {
    const entries = names.map((name) => entry({ name }));
    const { menu, findings } = build({ grub2: { default: wanted, entries } });
    return [menu.default, ...findings.map(({ code, fix }) => `${code} ${fix}`)];
  };

  test.each<[string | number, number]>([
    [0, 0],
    [3, 3],
    ["0", 0],
    ["3", 3],
    ["Second", 1],
    ["1", 2],
    ["MY_ISO", 3],
    ["$isolabel", 3],
  ])("%j is entry %i", (wanted, expected) => {
    expect(index(wanted)).toEqual([expected]);
  });

  test("one that does not exist is reported, and the first entry takes its place", () => {
    expect(index(4)[0]).toBe(0);
    expect(index(4)[1]).toStartWith("F_MENU_DEFAULT_UNKNOWN ");
    expect(index("Secnod")).toEqual([0, "F_MENU_DEFAULT_UNKNOWN Write `Second` if you mean that."]);
    expect(index(5, [])[1]).toStartWith("F_MENU_DEFAULT_UNKNOWN ");
    expect(build({ grub2: { default: "Install Fedora Linux 42" } }).findings).toEqual([]);
  });
});

describe("menuSchema", () => {
  const { menu } = build({});
  test.each([
    { ...menu, default: 1 },
    { ...menu, timeout: -2 },
    { ...menu, entries: [] },
    { ...menu, extra: 1 },
    { ...menu, entries: [{ ...menu.entries[0], title: "a\nb" }] },
    { ...menu, entries: [{ ...menu.entries[0], title: "" }] },
    { ...menu, entries: [{ ...menu.entries[0], kernelPath: "vmlinuz" }] },
    { ...menu, entries: [{ ...menu.entries[0], kernelArgs: ["a\u0000"] }] },
    { ...menu, entries: [{ ...menu.entries[0], initrdPaths: [] }] },
  ])("refuses %j", (bad) => {
    expect(menuSchema.safeParse(bad).success).toBe(false);
  });

  test("takes whatever is built from a configuration without errors", () => {
    const line = fc
      .string({ unit: fc.constantFrom(..."ab$'\"\\ /{};#-é"), minLength: 1 })
      .filter((t) => t.trim() !== "");
    const words = line.filter((t) => splitWords(t) !== undefined).map((t) => `/k${t}`);
    const made = fc.record({ name: line, linux: words, initrd: words });
    fc.assert(
      fc.property(
        fc.array(made, { maxLength: 3 }),
        fc.oneof(fc.nat(4), line),
        line,
        (entries, wanted, name) => {
          const osRelease = { ...FEDORA, name };
          fc.pre(
            entries.every(({ linux, initrd }) => [linux, initrd].every((t) => splitWords(t) !== undefined)),
          );
          const { menu, findings } = build({ grub2: { entries, default: wanted } }, osRelease);
          if (findings.every(({ severity }) => severity !== "error"))
            expect(menuSchema.parse(menu)).toEqual(menu);
          expect(menu.entries).toHaveLength(Math.max(1, entries.length));
          for (const { title } of menu.entries) expect(PRINTABLE.test(title)).toBe(true);
        },
      ),
    );
  });
});
