// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iso.yaml has variables of its own.
import { describe, expect, test } from "bun:test";
import { checkEntries } from "../../../../internal/contract/config/check-menu.ts";
import { decideMenu } from "../../../../internal/contract/config/decide-menu.ts";
import { parseIsoYaml } from "../../../../internal/contract/config/iso-yaml.ts";
import { parseKernelArgEdits } from "../../../../internal/contract/config/kernel-arg-edits.ts";
import { requireVolumeLabel } from "../../../../internal/contract/config/label.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";
import { plan } from "../../../helpers/plan.ts";

/** All findings about an iso.yaml and its menu, by code and line. */
function findingsOf(yaml: string, given?: string, kargs: readonly string[] = []) {
  const { sound, placeOf, findings } = parseIsoYaml(yaml, "iso.yaml");
  const label = given === undefined ? undefined : requireVolumeLabel(given);
  const osRelease = parseOsRelease("NAME=Some\nVERSION_ID=1\n");
  const decided = decideMenu({
    config: sound,
    placeOf,
    osRelease,
    architecture: "x86_64",
    label,
    kernelArgs: kargs.flatMap(parseKernelArgEdits),
  });
  return [...findings, ...decided.findings];
}
const codes = (yaml: string, given?: string, kargs?: readonly string[]) =>
  findingsOf(yaml, given, kargs).map(
    ({ code, place }) => `${code}${place === undefined ? "" : `:${place.line}`}`,
  );

const ENTRY = (linux: string, name = "A") =>
  `grub2:\n  entries:\n    - name: ${name}\n      linux: ${linux}\n      initrd: $initrdpath\n`;

describe("the label", () => {
  test("a finding about iso.yaml's label is shown once, with its place", () => {
    expect(codes('label: "A,B"\n')).toEqual([
      "F_LABEL_ECMA119:1",
      "F_LABEL_ESCAPED:1",
      "F_MENU_GRUB_ESCAPES",
    ]);
  });

  test("a label that was given takes its place, and has findings of its own", () => {
    expect(codes("label: L\n", "A,B")).toEqual(["F_LABEL_ECMA119", "F_LABEL_ESCAPED", "F_MENU_GRUB_ESCAPES"]);
  });
});

describe("variables that platter does not know", () => {
  test.each([
    ["$kernelpath root=live:CDLABEL=$isolabel iso=${iso_path}", "F_MENU_GRUB_VARIABLE:4"],
    ["$kernelpath root=live:CDLABEL=$isolabel x=$rootfs", "F_MENU_GRUB_VARIABLE:4"],
  ])("%s", (linux, code) => {
    expect(codes(ENTRY(linux))).toEqual([code]);
  });

  test("in a name and in kernel_args", () => {
    expect(codes(ENTRY("$kernelpath root=live:CDLABEL=$isolabel", "A $b"))).toEqual([
      "F_MENU_GRUB_VARIABLE:3",
    ]);
    expect(codes("kernel_args: [root=live:CDLABEL=X, a=$b]\n")).toEqual(["F_MENU_GRUB_VARIABLE:1"]);
  });

  test("a near one is named", () => {
    const [finding] = findingsOf(ENTRY("$kernelpath root=live:CDLABEL=$isolable"));
    expect(finding).toMatchObject({
      code: "F_MENU_GRUB_VARIABLE",
      seen: "`$kernelpath root=live:CDLABEL=$isolable` holds the variable `isolable`.",
      fix: "Write `${isolabel}` if you mean that.",
    });
  });

  test.each(["x=$$y", "x=$", "x=$1", "${root}", "a=$product"])("%s has none", (argument) => {
    expect(codes(ENTRY(`($root)/images/pxeboot/vmlinuz root=live:CDLABEL=$isolabel ${argument}`))).toEqual(
      [],
    );
  });
});

describe("kernel_args", () => {
  const ARGS = (args: string, entry = "") => codes(`kernel_args: [${args}]\n${entry}`);

  test("that no entry uses", () => {
    const entry = ENTRY("$kernelpath root=live:CDLABEL=$isolabel $$root ($root)/x");
    expect(ARGS("quiet", entry)).toEqual(["F_MENU_ARGS_UNUSED:1"]);
    expect(ARGS("root=live:CDLABEL=X", ENTRY("$kernelpath ${root}"))).toEqual([]);
    expect(ARGS("root=live:CDLABEL=X")).toEqual([]);
  });

  test("are completed or changed by --karg", () => {
    const given = (args: string, kargs: readonly string[], entry = "") =>
      codes(`kernel_args: [${args}]\n${entry}`, undefined, kargs);
    expect(given("quiet", ["root=live:CDLABEL=X"])).toEqual([]);
    expect(given("quiet", ["rhgb"])).toEqual(["F_MENU_ARGS_REPLACE:1"]);
    expect(given("quiet", ["$root"], ENTRY("$kernelpath root=live:CDLABEL=$isolabel"))).toEqual([]);
    expect(given("quiet", [], ENTRY("$kernelpath root=live:CDLABEL=$isolabel $root"))).toEqual([]);
    expect(given("'root=live:CDLABEL=$isolabel'", ["-root"])).toEqual([]);
    expect(given("'a=$isolabel', root=live:CDLABEL=X", ["-b"])).toContain("F_MENU_VARIABLE_KEPT");
    expect(given("'a=$isolabel', root=live:CDLABEL=X", ["-a"])).toEqual([]);
  });

  test("that replace the arguments for the root file system: upstream may append them in future", () => {
    expect(ARGS("console=ttyS0", ENTRY("$kernelpath $root"))).toEqual(["F_MENU_ARGS_REPLACE:1"]);
    expect(ARGS("console=ttyS0")).toEqual(["F_MENU_ARGS_REPLACE:1"]);
    expect(ARGS("inst.stage2=hd:LABEL=X")).toEqual([]);
    expect(ARGS("")).toEqual([]);
  });
});

describe("checkEntries", () => {
  const entry = plan().menu.entries[0]!;
  const found = (changes: Partial<typeof entry>, font: "present" | "absent" = "present") =>
    checkEntries({ ...plan().menu, entries: [entry, { ...entry, ...changes }] }, { font }).map(
      ({ code, seen, entries }) => [code, seen, entries] as unknown[],
    );

  test("selinux=0 in an installer's entry, which the installed system takes over", () => {
    expect(found({ title: "I", kernelArgs: ["inst.stage2=hd:LABEL=X", "selinux=0"] })).toEqual([
      ["F_MENU_SELINUX_OFF", "The entry `I` has the kernel arguments `inst.…` and `selinux=0`.", [1]],
    ]);
    expect(found({ kernelArgs: ["inst.stage2=hd:LABEL=X", "enforcing=0"] })).toEqual([]);
    expect(found({ kernelArgs: ["root=live:CDLABEL=X", "selinux=0"] })).toEqual([]);
  });

  test("entries with the same are one finding", () => {
    const installer = { ...entry, kernelArgs: ["inst.stage2=hd:LABEL=X", "selinux=0"] };
    const menu = { ...plan().menu, entries: [installer, { ...installer, title: "B" }, entry] };
    expect(checkEntries(menu, { font: "present" })).toMatchObject([
      { code: "F_MENU_SELINUX_OFF", seen: expect.stringContaining("(and 1 more)"), entries: [0, 1] },
    ]);
  });

  test("a title that GRUB cannot show where it loads no font", () => {
    const code = "F_MENU_TITLE_CHARACTERS";
    expect(found({ title: "Live — safe" })).toEqual([
      [code, "The entry `Live — safe` has the character `—` in its title.", [1]],
    ]);
    expect(found({ title: "Für alle" }, "absent")).toEqual([
      [
        code,
        "The entry `Für alle` has the character `ü` in its title, and the image has no font for GRUB.",
        [1],
      ],
    ]);
    expect(found({ title: 'it\'s ~ "all" {ASCII}' }, "absent")).toEqual([]);
  });
});
