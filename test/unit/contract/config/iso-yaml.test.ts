import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { PLAIN } from "../../../../internal/base/style.ts";
import { parseIsoYaml } from "../../../../internal/contract/config/iso-yaml.ts";
import { EXPECTED, isoYamlSchema } from "../../../../internal/contract/config/iso-yaml-schema.ts";
import { FINDINGS, type FindingCode, findingSchema } from "../../../../internal/contract/findings/finding.ts";
import { noticeOf } from "../../../../internal/contract/findings/finding-lines.ts";
import { documentSchema } from "../../../../internal/documents/catalogue.ts";
import type { VolumeLabel } from "../../../../internal/grub/menu-model.ts";
import { editDistance, nearest } from "../../../../internal/text/nearest.ts";
import { noticeLines } from "../../../../internal/text/notice-text.ts";

// Properties and real tools take their time on a busy machine.
setDefaultTimeout(60_000);

const FILE = "/usr/lib/iso.yaml";
const parse = (text: string) => {
  const { config, findings } = parseIsoYaml(text, FILE);
  return { config, findings };
};
/** `CODE line:column` of every finding. */
const found = (text: string) =>
  parse(text).findings.map(({ code, place }) => `${code.replace("F_", "")} ${place?.line}:${place?.column}`);
const only = (text: string, code: FindingCode) => {
  const { config, findings } = parse(text);
  expect(findings.map((each) => each.code)).toEqual([code]);
  return { config, finding: findings[0]! };
};
const ENTRY = "{name: a, linux: /k, initrd: /i}";

describe("files that are in use", () => {
  test("an image with two entries, as live images have them", () => {
    const text = `# what the disc is called
label: "AXIOM-LIVE"
grub2:
  timeout: 5
  default: 0
  entries:
    # first
    - name: "Start Axiom"
      linux: "/images/pxeboot/vmlinuz quiet rhgb root=live:CDLABEL=AXIOM-LIVE enforcing=0 rd.live.image"
      initrd: "/images/pxeboot/initrd.img"
    - name: Start Axiom (Basic Graphics) — safe
      linux: /images/pxeboot/vmlinuz root=live:CDLABEL=AXIOM-LIVE rd.live.image console=ttyS0,115200n8 nomodeset
      initrd: /images/pxeboot/initrd.img
`;
    const { config, findings } = parse(text);
    expect(findings).toEqual([]);
    expect(config).toEqual({
      label: "AXIOM-LIVE" as VolumeLabel,
      grub2: {
        timeout: 5,
        default: 0,
        entries: [
          {
            name: "Start Axiom",
            linux:
              "/images/pxeboot/vmlinuz quiet rhgb root=live:CDLABEL=AXIOM-LIVE enforcing=0 rd.live.image",
            initrd: "/images/pxeboot/initrd.img",
          },
          {
            name: "Start Axiom (Basic Graphics) — safe",
            linux:
              "/images/pxeboot/vmlinuz root=live:CDLABEL=AXIOM-LIVE rd.live.image console=ttyS0,115200n8 nomodeset",
            initrd: "/images/pxeboot/initrd.img",
          },
        ],
      },
    });
  });

  test("an installer without time-out and default, lists indented less", () => {
    const text = `label: "INSTALLER"
kernel_args:
- "inst.stage2=hd:LABEL=INSTALLER"
- quiet
grub2:
    entries:
    - name: "Install"
      linux: "/images/pxeboot/vmlinuz inst.stage2=hd:LABEL=INSTALLER console=tty0 rhgb quiet"
      initrd: "/images/pxeboot/initrd.img"
`;
    const { config, findings } = parse(text);
    expect(findings).toEqual([]);
    expect(config?.kernel_args).toEqual(["inst.stage2=hd:LABEL=INSTALLER", "quiet"]);
    expect(config?.grub2?.entries).toHaveLength(1);
    expect(config?.grub2?.timeout).toBeUndefined();
  });

  test("anchors, folded text, CRLF and a byte order mark", () => {
    expect(parse("label: &l A\r\ngrub2:\r\n  entries: []\r\n")).toEqual({
      config: { label: "A" as VolumeLabel, grub2: { entries: [] } },
      findings: [],
    });
    expect(parse("\ufefflabel: A\n").config).toEqual({ label: "A" as VolumeLabel });
    const folded =
      "grub2:\n  entries:\n    - name: a\n      linux: >-\n        /k\n        quiet\n      initrd: /i\n";
    expect(parse(folded).config?.grub2?.entries?.[0]?.linux).toBe("/k quiet");
    const shared = `grub2:\n  entries:\n    - &e ${ENTRY}\n    - *e\n`;
    expect(parse(shared).config?.grub2?.entries).toHaveLength(2);
  });

  test.each([
    "",
    "\n",
    "# nothing\n",
    "---\n",
    "---\n...\n",
    "{}\n",
    "null\n",
    "~\n",
  ])("%j sets nothing", (text) => {
    expect(parse(text)).toEqual({ config: {}, findings: [] });
  });
});

describe("numbers", () => {
  const timeout = (value: string) => parse(`grub2:\n  timeout: ${value}\n`);

  test.each([
    ["10", 10],
    ['"10"', 10],
    ["'10'", 10],
    ["0", 0],
    ["-0", 0],
    ["-1", -1],
    ['"-1"', -1],
    ["+5", 5],
    ["2147483647", 2147483647],
    ["5.0", 5],
    ["10.", 10],
    ["-1.00", -1],
  ])("timeout: %s", (value, seconds) => {
    expect(timeout(value)).toEqual({ config: { grub2: { timeout: seconds } }, findings: [] });
  });

  test.each(["010", '"010"'])("timeout: %s is decimal, with a warning", (value) => {
    const { config, findings } = timeout(value);
    expect(config).toEqual({ grub2: { timeout: 10 } });
    expect(findings.map(({ code, seen }) => [code, seen])).toEqual([
      ["F_ISO_YAML_LEADING_ZERO", "`grub2.timeout` is written `010` and read as 10."],
    ]);
  });

  test.each([
    "-2",
    '"-2"',
    "10.5",
    '"10.0"',
    "1e1",
    "0x1f",
    "0o17",
    ".inf",
    ".nan",
    "10s",
    '"10 "',
    "1_000",
    "2147483648",
    '"2147483648"',
    "9".repeat(400),
  ])("timeout: %s is refused", (value) => {
    expect(found(`grub2:\n  timeout: ${value}\n`)).toEqual(["ISO_YAML_NUMBER 2:12"]);
  });

  test.each(["true", "[10]", "{a: 1}", "2026-01-01T00:00:00Z"])("timeout: %s has the wrong type", (value) => {
    expect(timeout(value).config).toBeUndefined();
    expect(timeout(value).findings).toHaveLength(1);
  });

  test.each([
    ["0", 0],
    ["010", 10],
    ['"1"', "1"],
    ["Install", "Install"],
  ])("default: %s", (value, expected) => {
    expect(parse(`grub2: {default: ${value}}`).config?.grub2?.default).toBe(expected);
  });

  test.each(["-1", "true", "[]", "1.5", '""'])("default: %s is refused", (value) => {
    expect(parse(`grub2: {default: ${value}}`).config).toBeUndefined();
  });
});

describe("texts", () => {
  const entry = (linux: string) =>
    `grub2:\n  entries:\n    - name: a\n      initrd: /i\n      linux: ${linux}\n`;

  test.each([
    ["label: 2026", "2026"],
    ["label: 1.10", "1.10"],
    ["label: 0x1F", "0x1F"],
    ["label: 2026-08-21", "2026-08-21"],
    ["label: 9007199254740993", "9007199254740993"],
    ["label: &n 010", "010"],
    ["label: |\n  LIVE\n", "LIVE"],
    ["label: >\n\n  LIVE\n\n", "LIVE"],
  ])("a label counts as written: %j", (text, label) => {
    const { config, findings } = parse(text);
    expect(config).toEqual({ label: label as VolumeLabel });
    expect(findings.filter(({ code }) => code !== "F_LABEL_ECMA119")).toEqual([]);
  });

  test("numbers in arguments, names and aliases count as written", () => {
    const text =
      "kernel_args: [quiet, 3, 1.10]\ngrub2: {entries: [{name: &n 42.0, linux: /k, initrd: /i}, {name: *n, linux: /k, initrd: /i}]}";
    const { config, findings } = parse(text);
    expect(findings).toEqual([]);
    expect(config?.kernel_args).toEqual(["quiet", "3", "1.10"]);
    expect(config?.grub2?.entries?.map(({ name }) => name)).toEqual(["42.0", "42.0"]);
  });

  test.each([
    ["|\n        /k quiet", "/k quiet"],
    ["|+\n        /k quiet\n\n", "/k quiet"],
    [">\n        /k\n        quiet\n", "/k quiet"],
    ["|2\n           /k quiet", "/k quiet"],
  ])("folded and literal text loses the white space at both ends: %j", (linux, expected) => {
    const { config, findings } = parse(entry(linux));
    expect(findings).toEqual([]);
    expect(config?.grub2?.entries?.[0]?.linux).toBe(expected);
  });

  test("quoted text keeps its white space", () => {
    expect(found('label: "LIVE\\n"\n')).toEqual(["LABEL_CHARACTER 1:8"]);
  });

  test.each([
    ["images/vmlinuz", "`grub2.entries[0].linux` names the path `images/vmlinuz`."],
    ["$kernelpaths", "`grub2.entries[0].linux` names the path `$kernelpaths`."],
    ["($root)images/vmlinuz", "`grub2.entries[0].linux` names the path `($root)images/vmlinuz`."],
  ])("a kernel path that is not on the ISO: %s", (linux, seen) => {
    const { finding } = only(entry(linux), "F_MENU_PATH");
    expect(finding.seen).toBe(seen);
    expect(finding.place).toMatchObject({ file: FILE, line: 5, column: 14 });
  });

  test.each([
    "/k",
    "$kernelpath",
    `\${kernelpath} \${root}`,
    "($root)/k",
    `(\${root})/k`,
    "'/k'",
  ])("a kernel path on the ISO: %s", (linux) => expect(parse(entry(linux)).findings).toEqual([]));

  test("every path of `initrd` is checked", () => {
    expect(found("grub2: {entries: [{name: a, linux: /k, initrd: /i images/i}]}")).toEqual([
      "MENU_PATH 1:48",
    ]);
  });

  test.each([
    [`\\\${kernelpath} \${root}`, `\\\${kernelpath}`],
    [`/k \\\${root}`, `\\\${root}`],
    ["/k \\$root", "\\$root"],
  ])("a backslash before a variable is named: %s", (linux, escaped) => {
    const { finding } = only(entry(linux), "F_MENU_BACKSLASH");
    expect(finding.seen).toBe(
      `\`grub2.entries[0].linux\` has a backslash before a variable: \`${escaped}\`.`,
    );
    expect(finding.fix).toBe(`Remove the backslash: \`${escaped.slice(1)}\`.`);
    expect(finding.place).toMatchObject({ line: 5, column: 14 });
  });

  test("a backslash before anything else is not the same mistake", () => {
    expect(parse(entry(`/k a\\ b \\$rootfs \\\${x}`)).findings).toEqual([]);
  });
});

describe("merge keys", () => {
  const base = "x: &base {initrd: /i, linux: /k}\n";
  const entries = (text: string) => {
    const { config, findings } = parse(text);
    expect(findings.map(({ code }) => code)).toEqual(["F_ISO_YAML_UNKNOWN_KEY"]);
    return config?.grub2?.entries;
  };

  test("a map takes the keys that it does not have", () => {
    const merged = `${base}grub2:\n  entries:\n    - {<<: *base, name: a}\n    - {name: b, linux: /own, <<: *base}\n`;
    expect(entries(merged)).toEqual([
      { name: "a", linux: "/k", initrd: "/i" },
      { name: "b", linux: "/own", initrd: "/i" },
    ]);
  });

  test("the first of several maps wins, and merged maps may merge", () => {
    const text = `x:\n  a: &a {linux: /a}\n  b: &b {<<: *a, initrd: /b}\n  c: &c {linux: /c, initrd: /c}\ngrub2: {entries: [{name: n, <<: [*b, *c]}]}\n`;
    expect(entries(text)).toEqual([{ name: "n", linux: "/a", initrd: "/b" }]);
  });

  test.each(["grub2: {<<: 5}", "grub2: {<<: [{timeout: 1}, 2]}"])("%s is refused", (text) => {
    expect(only(text, "F_ISO_YAML_TYPE").finding.seen).toBe(
      "The merge key `<<` takes a map, or a list of maps.",
    );
  });

  test("a fault in a merged value is reported at the value", () => {
    expect(found("x: &b {linux: k, initrd: /i}\ngrub2: {entries: [{<<: *b, name: a}]}\n")).toEqual([
      "ISO_YAML_UNKNOWN_KEY 1:1",
      "MENU_PATH 1:15",
    ]);
  });
});

describe("what is sound next to a mistake", () => {
  const sound = (text: string) => parseIsoYaml(text, FILE).sound;
  const rest =
    "kernel_args: [a]\ngrub2: {default: 0, timeout: 1, entries: [{name: a, linux: /k, initrd: /i}]}\n";

  test("a time-out, a label and a kernel path are reported together", () => {
    const text = "label: my iso\ngrub2:\n  timeout: 10s\n  entries:\n    - {name: a, linux: k, initrd: /i}\n";
    expect(found(text)).toEqual(["LABEL_CHARACTER 1:8", "ISO_YAML_NUMBER 3:12", "MENU_PATH 5:24"]);
    expect(sound(text)).toEqual({ grub2: {} });
  });

  test("a key without mistakes stays, unless it depends on one with mistakes", () => {
    expect(sound(`label: a b\n${rest}`)).toEqual({ grub2: { timeout: 1 } });
    expect(sound(`label: A\n${rest.replace("[a]", "a")}`)).toEqual({
      label: "A" as VolumeLabel,
      grub2: { timeout: 1 },
    });
    expect(sound(rest.replace("/k", "k"))).toEqual({ kernel_args: ["a"], grub2: { timeout: 1 } });
    expect(sound(rest.replace("timeout: 1", "timeout: x"))).toEqual({
      kernel_args: ["a"],
      grub2: { default: 0, entries: [{ name: "a", linux: "/k", initrd: "/i" }] },
    });
    expect(sound("- a\n")).toEqual({});
  });

  test("a value has a place, and what is not written has none", () => {
    const { placeOf } = parseIsoYaml(rest, FILE);
    expect(placeOf(["grub2", "entries", 0, "linux"])).toMatchObject({ file: FILE, line: 2, column: 60 });
    expect(placeOf(["grub2", "entries", 1, "linux"])).toBeUndefined();
    expect(placeOf(["label"])).toBeUndefined();
  });
});

describe("refused values, and their places", () => {
  test.each<[string, string[]]>([
    ["- a\n", ["ISO_YAML_TYPE 1:1"]],
    ["text\n", ["ISO_YAML_TYPE 1:1"]],
    ["label: true\n", ["ISO_YAML_TYPE 1:8"]],
    ["label: [A]\n", ["ISO_YAML_TYPE 1:8"]],
    ['label: ""\n', ["LABEL_EMPTY 1:8"]],
    ["label: my iso\n", ["LABEL_CHARACTER 1:8"]],
    [`label: ${"X".repeat(40)}\n`, ["LABEL_TOO_LONG 1:8"]],
    ['\nlabel: "it\'s"\n', ["LABEL_CHARACTER 2:8"]],
    ["kernel_args: quiet rhgb\n", ["ISO_YAML_TYPE 1:14"]],
    ["kernel_args:\n  - quiet\n  - true\n", ["ISO_YAML_TYPE 3:5"]],
    [
      'kernel_args: ["", "a\\nb", " "]\n',
      ["ISO_YAML_EMPTY 1:15", "ISO_YAML_CONTROL_CHARACTER 1:19", "ISO_YAML_EMPTY 1:27"],
    ],
    ["kernel_args:\n  - a\n  -\n", ["ISO_YAML_EMPTY 3:4"]],
    ["kernel_args: ['a=\"b']\n", ["ISO_YAML_QUOTE 1:15"]],
    ["grub2: yes\n", ["ISO_YAML_TYPE 1:8"]],
    ["grub2:\n  entries: {name: a}\n", ["ISO_YAML_TYPE 2:12"]],
    ["grub2:\n  entries:\n    - Install\n", ["ISO_YAML_TYPE 3:7"]],
    ["grub2:\n  entries:\n    -\n", ["ISO_YAML_EMPTY 3:6"]],
    [
      "grub2:\n  entries:\n    - {}\n",
      ["ISO_YAML_MISSING_KEY 3:7", "ISO_YAML_MISSING_KEY 3:7", "ISO_YAML_MISSING_KEY 3:7"],
    ],
    ["grub2:\n  entries:\n    - name:\n      linux: /k\n      initrd: /i\n", ["ISO_YAML_EMPTY 3:7"]],
    [
      'grub2:\n  entries:\n    - {name: "a\\tb", linux: /k, initrd: /i}\n',
      ["ISO_YAML_CONTROL_CHARACTER 3:14"],
    ],
    [
      'grub2:\n  entries:\n    - {name: a, linux: "/k\\n}", initrd: /i}\n',
      ["ISO_YAML_CONTROL_CHARACTER 3:24"],
    ],
    [
      'grub2:\n  entries:\n    - {name: a, linux: /k, initrd: "/i\\u0085"}\n',
      ["ISO_YAML_CONTROL_CHARACTER 3:36"],
    ],
    [
      "grub2:\n  entries:\n    - name: a\n      initrd: /i\n      linux: |\n        /k\n        quiet\n",
      ["ISO_YAML_CONTROL_CHARACTER 5:14"],
    ],
    ["label: |\n\n", ["LABEL_EMPTY 1:8"]],
    ["grub2:\n  entries:\n    - {name: a, linux: /k it's, initrd: /i}\n", ["ISO_YAML_QUOTE 3:24"]],
    ["label: A\n? [a, b]\n: 1\n", ["ISO_YAML_TYPE 2:3"]],
    ["label: A\nlabel: B\n", ["ISO_YAML_DUPLICATE_KEY 2:1"]],
    ["label: A\n---\nlabel: B\n", ["ISO_YAML_DOCUMENTS 3:1"]],
    ["label: *nobody\n", ["ISO_YAML_ALIASES 1:8"]],
    ["label: [A\ngrub2: {\n", ["ISO_YAML_SYNTAX 2:1", "ISO_YAML_SYNTAX 3:1"]],
    ["grub2:\n\ttimeout: 5\n", ["ISO_YAML_SYNTAX 2:1"]],
    ["label: a: b\n", ["ISO_YAML_SYNTAX 1:8"]],
    ["@label\n", ["ISO_YAML_SYNTAX 1:1"]],
    ["label: !secret A\n", ["ISO_YAML_SYNTAX 1:8"]],
  ])("%j", (text, expected) => {
    expect(found(text)).toEqual(expected);
    expect(parse(text).config).toBeUndefined();
  });

  test("all problems together, in the order of the file", () => {
    const text = `labell: X
kernel_args: [true]
grub2:
  timeout: soon
  timout: 3
  entries:
    - name: ""
      linux: /k
      intrd: /i
label: a/b
`;
    expect(found(text)).toEqual([
      "ISO_YAML_UNKNOWN_KEY 1:1",
      "ISO_YAML_TYPE 2:15",
      "ISO_YAML_NUMBER 4:12",
      "ISO_YAML_UNKNOWN_KEY 5:3",
      "ISO_YAML_MISSING_KEY 7:7",
      "ISO_YAML_EMPTY 7:13",
      "ISO_YAML_UNKNOWN_KEY 9:7",
      "LABEL_CHARACTER 10:8",
    ]);
  });

  test("shows the line with a caret under the place", () => {
    const { finding } = only("grub2:\n  timeout: later\n", "F_ISO_YAML_NUMBER");
    expect(noticeLines(noticeOf(finding), PLAIN)).toEqual([
      `error[F_ISO_YAML_NUMBER]: ${FINDINGS.F_ISO_YAML_NUMBER.title}`,
      "  where: /usr/lib/iso.yaml:2:12: `grub2.timeout` is `later`, not a whole number from -1 to 2147483647",
      "         2 |   timeout: later",
      "           |            ^",
      "  fix:   Write a whole number in decimal digits, such as `10`.",
      "  note:  GRUB counts entries and seconds in whole numbers.",
    ]);
  });

  test("a long line is cut round the place, and control characters never reach the terminal", () => {
    const text = `{kernel_args: ["${"x".repeat(200)}"], grub2: {default: ["${"x".repeat(200)}\u001b[31m"]}}`;
    const { finding } = only(text, "F_ISO_YAML_TYPE");
    const [line = "", caret = ""] = finding.place?.excerpt ?? [];
    expect(line.length).toBeLessThan(140);
    expect(line[caret.indexOf("^")]).toBe("[");
    const coloured = only('grub2: {timeout: "\u001b[31m"}', "F_ISO_YAML_CONTROL_CHARACTER").finding;
    expect(noticeLines(noticeOf(coloured), PLAIN).join("\n")).not.toContain("\u001b");
    expect(coloured.place?.excerpt[0]).toContain("\\x1b[31m");
  });

  test("a text where a list belongs is shown as a list, and a title that is a number in quotes", () => {
    const { finding } = only('kernel_args: "root=live:CDLABEL=L rd.live.image"\n', "F_ISO_YAML_TYPE");
    expect(finding.seen).toBe("`kernel_args` is a text, not a list of texts.");
    expect(finding.fix).toBe('Write a list: `kernel_args: ["root=live:CDLABEL=L", "rd.live.image"]`.');
    expect(only("grub2: {default: 1.5}", "F_ISO_YAML_NUMBER").finding.fix).toBe(
      'If it is the name of an entry, put it into quotes: `"1.5"`.',
    );
  });

  test("explains how to write a text that YAML takes for another type", () => {
    expect(only("label: true\n", "F_ISO_YAML_TYPE").finding.fix).toBe('Put it into quotes: `"true"`.');
  });
});

describe("unknown keys", () => {
  test.each([
    ["lable: A\n", "label"],
    ["Label: A\n", "label"],
    ["kernel-args: [a]\n", "kernel_args"],
    ["kernel_arg: [a]\n", "kernel_args"],
    ["grub: {}\n", "grub2"],
    ["timeout: 5\n", "grub2.timeout"],
    ["entires: []\n", "grub2.entries"],
    ["grub2: {tiemout: 5}\n", "timeout"],
    ["grub2: {label: A}\n", "label"],
    [`grub2: {entries: [{name: a, linux: /k, initrd: /i, titel: x, inirtd: /i}]}\n`, "initrd"],
  ])("%j: did you mean `%s`", (text, meant) => {
    const { config, findings } = parse(text);
    const last = findings.at(-1);
    expect(last?.code).toBe("F_ISO_YAML_UNKNOWN_KEY");
    expect(last?.severity).toBe("warning");
    expect(last?.fix).toBe(`Write \`${meant}\` if you mean that.`);
    expect(config).toBeDefined();
  });

  test("one that is like none is only named, and takes nothing else with it", () => {
    const { config, finding } = only(
      "grub2:\n  timeout: 3\n  extra_cfg: |\n    x\n",
      "F_ISO_YAML_UNKNOWN_KEY",
    );
    expect(finding.seen).toBe("`grub2.extra_cfg` is not a key that platter knows.");
    expect(finding.fix).toBe("Remove the key.");
    expect(config).toEqual({ grub2: { timeout: 3 } });
  });

  test.each(["__proto__: {label: A}\n", "constructor: 1\n", '"<<": {label: A}\n', "1: 2\n"])("%j", (text) => {
    expect(only(text, "F_ISO_YAML_UNKNOWN_KEY").config).toEqual({});
  });

  test("a key without a value counts as left out", () => {
    expect(found("label:\ngrub2:\n  timeout: ~\n  entries:\nkernel_args: null\n")).toEqual([
      "ISO_YAML_NO_VALUE 1:1",
      "ISO_YAML_NO_VALUE 3:3",
      "ISO_YAML_NO_VALUE 4:3",
      "ISO_YAML_NO_VALUE 5:1",
    ]);
    expect(parse("label:\ngrub2:\n").config).toEqual({});
  });
});

describe("hostile files", () => {
  test("aliases that multiply are refused before they do", () => {
    const rows = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (const [at, name] of [..."bcdefghi"].entries()) {
      rows.push(`${name}: &${name} [${Array(9).fill(`*${"abcdefgh"[at]}`).join(", ")}]`);
    }
    expect(parse(`${rows.join("\n")}\n`).findings.map(({ code }) => code)).toEqual(["F_ISO_YAML_ALIASES"]);
  });

  test("merge keys that multiply stay small, and aliases that nest too deep are refused", () => {
    const merges = ["a: &a {k: 1}"];
    const nests = ["a: &a [x]"];
    for (let at = 0; at < 12; at++) {
      const [from, to] = [..."abcdefghijklmn"].slice(at);
      merges.push(`${to}: &${to} {<<: [${Array(9).fill(`*${from}`).join(", ")}]}`);
    }
    for (let at = 0; at < 40; at++) nests.push(`n${at}: &n${at} [*${at === 0 ? "a" : `n${at - 1}`}]`);
    const merged = parse(`${merges.join("\n")}\n`);
    expect(merged.config).toEqual({});
    expect(new Set(merged.findings.map(({ code }) => code))).toEqual(new Set(["F_ISO_YAML_UNKNOWN_KEY"]));
    only(`${nests.join("\n")}\n`, "F_ISO_YAML_SYNTAX");
  });

  test("many aliases of one anchor are not an attack", () => {
    const many = `grub2:\n  entries:\n    - &e ${ENTRY}\n${"    - *e\n".repeat(200)}`;
    expect(parse(many).config?.grub2?.entries).toHaveLength(201);
  });

  test("a text that is not UTF-8 is refused at the first wrong byte", () => {
    const latin1 = Buffer.from("# x\nlabel: caf\xe9\n", "latin1").toString("utf8");
    const { finding } = only(latin1, "F_ISO_YAML_ENCODING");
    expect(finding.place).toMatchObject({ line: 2, column: 11 });
  });

  test("nesting without end, a file without end", () => {
    for (const open of ["[", "{a: ", "- ", "? ", "[?", "{? ", "[&a ", "!!map {"]) {
      for (const depth of [33, 300, 5000]) expect(parse(open.repeat(depth)).config).toBeUndefined();
    }
    only(`label: ${"A".repeat(70_000)}\n`, "F_ISO_YAML_TOO_LARGE");
  });

  test("aliases that lead round in a circle", () => {
    for (const text of [
      "grub2: &a {timeout: 1, entries: [*a, *a]}",
      "label: &a [*a]",
      "&a {grub2: *a, label: X, foo: *a}",
    ]) {
      only(text, "F_ISO_YAML_ALIASES");
    }
    const shared = "grub2: {entries: [&e {name: a, linux: /k, initrd: /i, x: 1}, *e]}";
    expect(found(shared)).toEqual(["ISO_YAML_UNKNOWN_KEY 1:55", "ISO_YAML_UNKNOWN_KEY 1:55"]);
  });

  test("as many keys as a file can hold", () => {
    const keys = Array.from({ length: 12_000 }, (_, at) => `${at.toString(36)}:`);
    expect(parse(keys.join("\n")).findings).toHaveLength(12_000);
  });

  test("whatever the text is, there is a config or an error, and every finding is data with a place in the text", () => {
    const piece = fc.constantFrom(
      ..."label:|grub2:|\n|  |entries:|- |name: |linux: |initrd: |timeout: |\"|'|[|]|{|}|*a|&a |# |---\n|\t|\u0000|é|>|\\|1|/k|,".split(
        "|",
      ),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 25 }), (pieces) => {
        const text = pieces.join("");
        const { config, findings } = parse(text);
        expect(config === undefined).toBe(findings.some(({ severity }) => severity === "error"));
        const lines = text.split("\n").length;
        for (const each of findings) {
          expect(findingSchema.parse(JSON.parse(JSON.stringify(each)))).toEqual(each);
          expect(each.place!.line).toBeLessThanOrEqual(lines);
          for (const sentence of [each.seen, each.why, each.fix]) expect(sentence).toMatch(/^\S.*[.!?]$/s);
          expect(noticeLines(noticeOf(each), PLAIN).join("")).not.toMatch(/\p{Cc}/u);
        }
      }),
      { numRuns: 1500 },
    );
  });
});

interface JsonSchema {
  description?: string;
  properties: Record<string, JsonSchema>;
  required: string[];
  items: JsonSchema;
  additionalProperties: boolean;
}

describe("the JSON Schema of iso.yaml", () => {
  test("describes every key, and knows no others", () => {
    const schema = documentSchema("iso.yaml") as unknown as JsonSchema;
    expect(schema.additionalProperties).toBe(false);
    expect(Object.keys(schema.properties)).toEqual(["label", "kernel_args", "grub2", "selinux"]);
    const grub2 = schema.properties.grub2!;
    const entry = grub2.properties.entries!.items;
    expect(Object.keys(grub2.properties)).toEqual(["default", "timeout", "entries"]);
    expect(entry.required).toEqual(["name", "linux", "initrd"]);
    const all = [
      ...Object.values(schema.properties),
      ...Object.values(grub2.properties),
      ...Object.values(entry.properties),
    ];
    for (const { description } of all) expect(description).toMatch(/^[A-Z].*\.$/s);
    expect(Object.keys(EXPECTED)).toHaveLength(13);
    expect(Object.keys(isoYamlSchema.shape)).toEqual(Object.keys(schema.properties));
  });
});

describe("nearest", () => {
  test("counts slips", () => {
    expect(editDistance("", "abc")).toBe(3);
    expect(editDistance("label", "lable")).toBe(1);
    expect(editDistance("kitten", "sitting")).toBe(3);
    expect(editDistance("ca", "abc")).toBe(3);
  });

  test("is symmetric, and 0 only for the same text", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "b", "c"), maxLength: 6 });
    fc.assert(
      fc.property(text, text, (a, b) => {
        expect(editDistance(a, b)).toBe(editDistance(b, a));
        expect(editDistance(a, b) === 0).toBe(a === b);
      }),
    );
  });

  test("suggests nothing that is not near", () => {
    expect(nearest("x", ["label", "grub2"])).toBeUndefined();
    expect(nearest("foo", ["bar"])).toBeUndefined();
    expect(nearest("LABEL", ["label"])).toBe("label");
    expect(nearest("x".repeat(1_000_000), ["label"])).toBeUndefined();
  });
});
