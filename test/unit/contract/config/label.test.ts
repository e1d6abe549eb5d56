import { describe, expect, setDefaultTimeout, test } from "bun:test";
import fc from "fast-check";
import { type Architecture, parseArchitecture } from "../../../../internal/base/architecture.ts";
import {
  defaultLabel,
  escapeForUdev,
  toVolumeLabel,
  volumeLabelSchema,
} from "../../../../internal/contract/config/label.ts";
import { parseOsRelease } from "../../../../internal/contract/config/os-release.ts";
import type { VolumeLabel } from "../../../../internal/grub/menu-model.ts";

// Properties and real tools take their time on a busy machine.
setDefaultTimeout(60_000);

const codes = (text: string) => toVolumeLabel(text).findings.map(({ code }) => code);

describe("toVolumeLabel", () => {
  test.each([
    "FEDORA_42",
    "A",
    "0123456789ABCDEF0123456789ABCDEF",
    "Bazzite-Live",
    "x",
    "Fedora-S-dvd-x86_64-42",
    "a.b",
  ])("%s is taken without a finding", (text) => {
    expect(toVolumeLabel(text)).toEqual({ label: text as VolumeLabel, findings: [] });
  });

  test.each(["A:B", "A+B", "ä".repeat(16)])("%s is taken with a note", (text) => {
    expect(toVolumeLabel(text).label).toBe(text as VolumeLabel);
    expect(codes(text)).toEqual(["F_LABEL_ECMA119"]);
  });

  test.each([
    ["", ["F_LABEL_EMPTY"]],
    ["X".repeat(33), ["F_LABEL_TOO_LONG"]],
    ["ä".repeat(17), ["F_LABEL_TOO_LONG"]],
    ["MY LABEL", ["F_LABEL_CHARACTER"]],
    ["MY/LABEL", ["F_LABEL_CHARACTER"]],
    ["IT'S", ["F_LABEL_CHARACTER"]],
    ['A"B', ["F_LABEL_CHARACTER"]],
    ["A`B", ["F_LABEL_CHARACTER"]],
    ["A\tB", ["F_LABEL_CHARACTER"]],
    ["A\nB", ["F_LABEL_CHARACTER"]],
    ["A\u0000", ["F_LABEL_CHARACTER"]],
    ["A\u0085", ["F_LABEL_CHARACTER"]],
    ["A\u2028", ["F_LABEL_CHARACTER"]],
    ["A\ud800", ["F_LABEL_CHARACTER"]],
    ["-ISO", ["F_LABEL_CHARACTER"]],
    [`-${"x y".repeat(20)}`, ["F_LABEL_TOO_LONG", "F_LABEL_CHARACTER", "F_LABEL_CHARACTER"]],
  ])("%j is refused, all reasons together", (text, expected) => {
    expect(toVolumeLabel(text).label).toBeUndefined();
    expect(codes(text)).toEqual(expected as never);
    expect(volumeLabelSchema.safeParse(text).success).toBe(false);
  });

  test("what udev escapes is taken with a warning that shows the escaped name", () => {
    const { label, findings } = toVolumeLabel("A,B");
    expect(label).toBe("A,B" as VolumeLabel);
    expect(findings.map(({ code }) => code)).toEqual(["F_LABEL_ECMA119", "F_LABEL_ESCAPED"]);
    expect(findings[1]?.seen).toContain("`A\\x2cB`");
    expect(volumeLabelSchema.safeParse("A,B").success).toBe(true);
  });

  test("no message carries a control character to the terminal", () => {
    for (const { seen } of toVolumeLabel("A\u001b[31m").findings) expect(seen).not.toContain("\u001b");
  });
});

describe("escapeForUdev", () => {
  test("is what udev names the link", () => {
    expect(escapeForUdev("Bazzite-Live" as VolumeLabel)).toBe("Bazzite-Live");
    expect(escapeForUdev("My Label")).toBe("My\\x20Label");
    expect(escapeForUdev("a/b\\c~d#e+f=g@h:i_j.k")).toBe("a\\x2fb\\x5cc\\x7ed#e+f=g@h:i_j.k");
    expect(escapeForUdev("Grün\ttab")).toBe("Grün\\x09tab");
  });
});

describe("defaultLabel", () => {
  const of = (text: string, architecture: Architecture = "x86_64") =>
    defaultLabel(parseOsRelease(text), architecture);

  test.each([
    ["ID=fedora\nVERSION_ID=42", "Fedora-S-dvd-x86_64-42"],
    ["ID=centos\nVERSION_ID=10", "CentOS-Stream-10-BaseOS-x86_64"],
    ["ID=rhel\nVERSION_ID=10.1", "RHEL-10-1-BaseOS-x86_64"],
    ["ID=debian\nVERSION_ID=12", "Container-Installer-x86_64"],
    ["ID=bazzite\nID_LIKE=fedora\nVERSION_ID=42", "Container-Installer-x86_64"],
    ["ID=fedora", "Container-Installer-x86_64"],
    ["ID=constructor\nVERSION_ID=1", "Container-Installer-x86_64"],
    ["", "Container-Installer-x86_64"],
  ])("%j: %s", (text, label) => {
    expect(of(text)).toEqual({ label: label as VolumeLabel, findings: [] });
  });

  test("the architecture is part of it", () => {
    expect(of("ID=fedora\nVERSION_ID=42", "aarch64").label as string).toBe("Fedora-S-dvd-aarch64-42");
    expect(of("", parseArchitecture("arm64")).label as string).toBe("Container-Installer-aarch64");
  });

  test.each([
    ["ID=centos\nVERSION_ID=10.20250401", "CentOS-Stream-10.2-BaseOS-x86_64"],
    ["ID=fedora\nVERSION_ID='42 beta/1'", "Fedora-S-dvd-x86_64-42-beta-1"],
    ['ID=fedora\nVERSION_ID="it\'s"', "Fedora-S-dvd-x86_64-it-s"],
    ["ID=fedora\nVERSION_ID='-42-'", "Fedora-S-dvd-x86_64-42"],
    ["ID=fedora\nVERSION_ID='///'", "Container-Installer-x86_64"],
  ])("%j is fitted in, with a note", (text, label) => {
    const made = of(text);
    expect(made.label as string).toBe(label);
    expect(made.findings.map(({ code }) => code)).toEqual(["F_LABEL_DEFAULT_CHANGED"]);
    expect(made.findings[0]?.seen).toContain(`\`${label}\``);
  });

  test("is valid and needs no escape, whatever os-release says", () => {
    const id = fc.constantFrom("fedora", "centos", "rhel", "debian", "__proto__");
    const architecture = fc.constantFrom<Architecture>("x86_64", "aarch64");
    fc.assert(
      fc.property(id, fc.string({ unit: "grapheme", maxLength: 40 }), architecture, (ID, versionId, arch) => {
        const osRelease = { ...parseOsRelease(`ID=${ID}`), versionId };
        const { label } = defaultLabel(osRelease, arch);
        expect(toVolumeLabel(label).label).toBe(label);
        expect(escapeForUdev(label)).toBe(label);
      }),
    );
  });
});
