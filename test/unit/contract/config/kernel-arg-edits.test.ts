// biome-ignore-all lint/suspicious/noTemplateCurlyInString: iso.yaml has variables of its own.
import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../../internal/base/error.ts";
import { decideMenu } from "../../../../internal/contract/config/decide-menu.ts";
import { parseIsoYaml } from "../../../../internal/contract/config/iso-yaml.ts";
import { parseKernelArgEdits } from "../../../../internal/contract/config/kernel-arg-edits.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";

describe("parseKernelArgEdits", () => {
  test.each([
    ["quiet", [{ kind: "add", text: "quiet" }]],
    ["-quiet", [{ kind: "remove", text: "quiet" }]],
    [
      "-console console=ttyS0",
      [
        { kind: "remove", text: "console" },
        { kind: "add", text: "console=ttyS0" },
      ],
    ],
    ["dyndbg='file a.c +p; -q'", [{ kind: "add", text: "dyndbg=file a.c +p; -q" }]],
    ["a=$isolabel;{}#", [{ kind: "add", text: "a=$isolabel;{}#" }]],
  ] as const)("%s", (text, expected) => {
    expect(parseKernelArgEdits(text)).toEqual([...expected]);
  });

  test.each([
    ["", "it is empty"],
    ["  ", "it is empty"],
    ["-", "no name follows the `-`"],
    ["-=x", "no name follows the `-`"],
    ["a 'b", "a quote is not closed"],
    ["a\nb", "it holds a control character"],
    ["--strict", "a kernel argument does not begin with `--`"],
  ])("%j is refused", (text, reason) => {
    try {
      parseKernelArgEdits(text);
      expect.unreachable();
    } catch (error) {
      expect(error).toBeInstanceOf(PlatterError);
      expect(error).toMatchObject({
        code: "E_KARG",
        kind: "usage",
        message: expect.stringContaining(reason),
      });
    }
  });
});

const YAML = `label: L
kernel_args: [root=live:CDLABEL=L, rd.live.image, quiet]
grub2:
  entries:
    - {name: A, linux: "$kernelpath $root console=ttyS0 console=tty0", initrd: $initrdpath}
    - {name: B, linux: "$kernelpath $root nomodeset", initrd: $initrdpath}
`;

function menuWith(...kargs: string[]) {
  const { sound, placeOf } = parseIsoYaml(YAML, "iso.yaml");
  const { menu, findings } = decideMenu({
    config: sound,
    placeOf,
    osRelease: parseOsRelease("NAME='Some OS'\n"),
    architecture: "x86_64",
    label: undefined,
    kernelArgs: kargs.flatMap(parseKernelArgEdits),
  });
  return {
    args: menu.entries.map(({ kernelArgs }) => kernelArgs.slice(2).join(" ")),
    findings: findings.map(({ code, seen, fix }) => ({ code, seen, fix })),
  };
}

describe("kernel arguments of the command line", () => {
  test.each([
    [
      ["x=1", "y"],
      ["quiet console=ttyS0 console=tty0 x=1 y", "quiet nomodeset x=1 y"],
    ],
    [["-quiet"], ["console=ttyS0 console=tty0", "nomodeset"]],
    [["-console"], ["quiet", "quiet nomodeset"]],
    [["-console=tty0"], ["quiet console=ttyS0", "quiet nomodeset"]],
    [
      ["-console", "console=hvc0"],
      ["quiet console=hvc0", "quiet nomodeset console=hvc0"],
    ],
    [
      ["x", "-x"],
      ["quiet console=ttyS0 console=tty0", "quiet nomodeset"],
    ],
    [
      ["-quiet on=$isolabel by=$product $$x"],
      ["console=ttyS0 console=tty0 on=L by=Some OS $x", "nomodeset on=L by=Some OS $x"],
    ],
  ])("%j change all entries, in their order", (kargs, args) => {
    expect(menuWith(...kargs)).toEqual({ args, findings: [] });
  });

  test("a removal that matches nothing is a warning, with the name that is meant", () => {
    expect(menuWith("-quite", "-console=tty1", "-zzz").findings).toEqual([
      {
        code: "F_KARG_UNMATCHED",
        seen: "No entry of the menu has the kernel argument `quite`.",
        fix: "Write `--karg=-quiet` if you mean that.",
      },
      {
        code: "F_KARG_UNMATCHED",
        seen: "No entry of the menu has the kernel argument `console=tty1`.",
        fix: "Write `--karg=-console=tty0` if you mean that.",
      },
      {
        code: "F_KARG_UNMATCHED",
        seen: "No entry of the menu has the kernel argument `zzz`.",
        fix: "Correct or remove the option.",
      },
    ]);
  });

  test("an added argument is checked as those of iso.yaml", () => {
    expect(menuWith("a=$b", "c='d\\e'").findings.map(({ code }) => code)).toEqual([
      "F_MENU_GRUB_ESCAPES",
      "F_MENU_GRUB_ESCAPES",
      "F_MENU_GRUB_VARIABLE",
    ]);
  });
});
