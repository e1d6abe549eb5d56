// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iso.yaml has variables of its own.
import { describe, expect, test } from "bun:test";
import { decideMenu } from "../../../../internal/contract/config/decide-menu.ts";
import { parseIsoYaml } from "../../../../internal/contract/config/iso-yaml.ts";
import { parseKernelArgEdits } from "../../../../internal/contract/config/kernel-arg-edits.ts";
import { requireVolumeLabel } from "../../../../internal/contract/config/label.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";

const FEDORA = "ID=fedora\nNAME=Fedora\nVERSION_ID=42\n";

/** The kernel arguments of each entry, and the findings, of an image with the label given by the user. */
function given(label: string | undefined, yaml: string, kargs: readonly string[] = []) {
  const { sound, placeOf } = parseIsoYaml(yaml, "iso.yaml");
  const { menu, findings } = decideMenu({
    config: sound,
    placeOf,
    osRelease: parseOsRelease(FEDORA),
    architecture: "x86_64",
    label: label === undefined ? undefined : requireVolumeLabel(label),
    kernelArgs: kargs.flatMap(parseKernelArgEdits),
  });
  const followed = findings.filter(({ code }) => code === "F_MENU_LABEL_FOLLOWS");
  return {
    args: menu.entries.map(({ kernelArgs }) => kernelArgs.join(" ")),
    followed: followed.map(({ seen, severity, place }) => `${severity} ${place?.line}: ${seen}`),
  };
}

const menu = (label: string | undefined, ...lines: string[]) =>
  `${label === undefined ? "" : `label: ${label}\n`}grub2:\n  entries:\n${lines
    .map(
      (args, index) =>
        `    - {name: E${index}, linux: '/images/pxeboot/vmlinuz ${args}', initrd: $initrdpath}\n`,
    )
    .join("")}`;
const argsOf = (label: string, yaml: string) => given(label, yaml).args;

describe("a label that the user gave", () => {
  test.each([
    ["root=live:CDLABEL=OLD rd.live.image", "root=live:CDLABEL=NEW rd.live.image"],
    ["root=live:LABEL=OLD", "root=live:LABEL=NEW"],
    ["root=CDLABEL=OLD", "root=CDLABEL=NEW"],
    ["root=LABEL=OLD rd.live.image", "root=LABEL=NEW rd.live.image"],
    ["root=live:/dev/disk/by-label/OLD", "root=live:/dev/disk/by-label/NEW"],
    ["inst.stage2=hd:LABEL=OLD:/images/install.img", "inst.stage2=hd:LABEL=NEW:/images/install.img"],
    [
      "inst.stage2=hd:LABEL=OLD inst.ks=hd:LABEL=OLD:/ks\\x20a.cfg",
      "inst.stage2=hd:LABEL=NEW inst.ks=hd:LABEL=NEW:/ks\\x20a.cfg",
    ],
    ["coreos.liveiso=OLD root=live:CDLABEL=OLD", "coreos.liveiso=NEW root=live:CDLABEL=NEW"],
    ["archisolabel=OLD", "archisolabel=NEW"],
    ["root=live:CDLABEL=O\\x4cD", "root=live:CDLABEL=NEW"],
    ['"root=live:CDLABEL=OLD"', "root=live:CDLABEL=NEW"],
  ])("%s follows", (written, expected) => {
    const { args, followed } = given("NEW", menu("OLD", written));
    expect(args).toEqual([expected]);
    expect(followed.every((line) => line.startsWith("note 4: "))).toBe(true);
    expect(followed.length).toBeGreaterThan(0);
  });

  test.each([
    "root=live:CDLABEL=OTHER rd.live.image",
    "root=live:CDLABEL=OLDER",
    "root=live:CDLABEL=old",
    "root=live:CDLABEL=NEW",
    "root=LABEL=OLD",
    "inst.ks=hd:LABEL=OEMDRV:/ks.cfg",
    "title=OLD",
  ])("%s stays", (written) => {
    expect(given("NEW", menu("OLD", written))).toEqual({ args: [written], followed: [] });
  });

  test("each argument is one note, with the number of entries", () => {
    const both = menu(
      "OLD",
      "root=live:CDLABEL=OLD quiet",
      "root=live:CDLABEL=OLD",
      "inst.stage2=hd:LABEL=OLD",
    );
    expect(given("NEW", both).followed).toEqual([
      "note 4: `root=live:CDLABEL=OLD` became `root=live:CDLABEL=NEW` in 2 entries of the menu.",
      "note 6: `inst.stage2=hd:LABEL=OLD` became `inst.stage2=hd:LABEL=NEW` in 1 entry of the menu.",
    ]);
  });

  test("without a label in iso.yaml, the one that all entries look for follows", () => {
    expect(argsOf("NEW", menu(undefined, "root=live:CDLABEL=OLD", "root=live:CDLABEL=OLD"))).toEqual([
      "root=live:CDLABEL=NEW",
      "root=live:CDLABEL=NEW",
    ]);
    expect(argsOf("NEW", menu(undefined, "root=live:CDLABEL=OLD", "root=live:CDLABEL=$isolabel"))).toEqual([
      "root=live:CDLABEL=OLD",
      "root=live:CDLABEL=NEW",
    ]);
    expect(argsOf("NEW", menu(undefined, "inst.stage2=hd:LABEL=$isolabel inst.repo=hd:LABEL=DATA"))).toEqual([
      "inst.stage2=hd:LABEL=NEW inst.repo=hd:LABEL=DATA",
    ]);
  });

  test("without a label in iso.yaml, the default label follows even if the entries differ", () => {
    const entries = ["root=live:CDLABEL=Fedora-S-dvd-x86_64-42", "root=live:CDLABEL=OTHER"];
    expect(argsOf("NEW", menu(undefined, ...entries))).toEqual([
      "root=live:CDLABEL=NEW",
      "root=live:CDLABEL=OTHER",
    ]);
  });

  test("kernel_args follow, and have their place", () => {
    const yaml = "label: OLD\nkernel_args: [root=live:CDLABEL=OLD, quiet]\n";
    expect(given("NEW", yaml)).toEqual({
      args: ["root=live:CDLABEL=NEW quiet"],
      followed: ["note 2: `root=live:CDLABEL=OLD` became `root=live:CDLABEL=NEW` in 1 entry of the menu."],
    });
  });

  test("the new label is written as udev names it", () => {
    expect(argsOf("A,B", menu("OLD", "root=live:CDLABEL=OLD"))).toEqual(["root=live:CDLABEL=A\\x2cB"]);
  });

  test("an argument of --karg stays as the user wrote it", () => {
    const { args } = given("NEW", menu("OLD", "root=live:CDLABEL=OLD"), ["inst.ks=hd:LABEL=OLD:/a"]);
    expect(args).toEqual(["root=live:CDLABEL=NEW inst.ks=hd:LABEL=OLD:/a"]);
  });

  test("an argument that the user removes, or replaces by the same text, is not in a note", () => {
    const yaml = "label: OLD\nkernel_args: [root=live:CDLABEL=OLD, inst.ks=hd:LABEL=OLD:/ks]\n";
    const ks = "note 2: `inst.ks=hd:LABEL=OLD:/ks` became `inst.ks=hd:LABEL=NEW:/ks` in 1 entry of the menu.";
    expect(given("NEW", yaml, ["-root"]).followed).toEqual([ks]);
    expect(given("NEW", yaml, ["-root", "root=live:CDLABEL=NEW"])).toEqual({
      args: ["inst.ks=hd:LABEL=NEW:/ks root=live:CDLABEL=NEW"],
      followed: [ks],
    });
    const both = menu("OLD", "root=live:CDLABEL=OLD a", "root=live:CDLABEL=OLD b");
    expect(given("NEW", both, ["-root=live:CDLABEL=NEW"]).followed).toEqual([]);
  });

  test("a variable in kernel_args is not a label that the entries agree on", () => {
    const yaml = "kernel_args: ['root=live:CDLABEL=${isolabel}']\n";
    expect(argsOf("NEW", yaml)).toEqual(["root=live:CDLABEL=${isolabel}"]);
  });

  test("without --label no argument changes", () => {
    const written = "root=live:CDLABEL=OLD";
    expect(given(undefined, menu("NEW", written))).toEqual({ args: [written], followed: [] });
  });
});
