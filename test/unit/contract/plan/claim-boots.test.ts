import { describe, expect, test } from "bun:test";
import { type Finding, type FindingCode, finding } from "../../../../internal/contract/findings/finding.ts";
import { claimBoots } from "../../../../internal/contract/plan/claim-boots.ts";
import { claimTexts } from "../../../helpers/claim-texts.ts";
import { plan } from "../../../helpers/plan.ts";

const entry = plan().menu.entries[0]!;
const two = { ...plan(), menu: { ...plan().menu, entries: [entry, { ...entry, title: "Other" }] } };
const lines = (findings: Finding[], of: Parameters<typeof claimBoots>[0] = plan()) =>
  claimTexts(claimBoots(of, findings));
const all = (text: string) => ["BIOS", "UEFI", "Secure Boot"].map((way) => `${way}: ${text}`);

describe("claimBoots", () => {
  test("no findings: everywhere", () => {
    expect(lines([])).toEqual(all("yes"));
    expect(lines([finding("F_MM_MISSING", "x"), finding("F_INITRAMFS_VENTOY", "x")])).toEqual(all("yes"));
  });

  test.each<[FindingCode, string]>([
    ["F_KERNEL_UNSIGNED", "the kernel is not signed"],
    ["F_KERNEL_UNTRUSTED", "the kernel is not signed by shim's vendor"],
    ["F_KERNEL_GZIP", "the kernel is compressed with gzip"],
    ["F_GCD_UNSIGNED", "GRUB is not signed"],
    ["F_SHIM_UNSIGNED", "shim is not signed"],
    ["F_SHIM_SIGNER", "shim is not signed by Microsoft"],
    ["F_SHIM_REVOKED", "shim is of a revoked generation"],
  ])("%s takes Secure Boot away", (code, reason) => {
    expect(lines([finding(code, "x")])).toEqual([
      "BIOS: yes",
      "UEFI: yes",
      `Secure Boot: no: ${reason} (${code})`,
    ]);
  });

  test("GRUB that does not find its menu takes both ways with UEFI away", () => {
    const [bios, uefi, secureBoot] = lines([finding("F_GCD_PREFIX", "x")]);
    expect(bios).toBe("BIOS: yes");
    for (const line of [uefi, secureBoot])
      expect(line).toEndWith("no: GRUB does not look where the menu is (F_GCD_PREFIX)");
  });

  test("an initramfs without live support boots nowhere; an init of its own may", () => {
    expect(lines([finding("F_INITRAMFS_NO_LIVE", "x")])).toEqual(
      all("no: no live support in the initramfs (F_INITRAMFS_NO_LIVE)"),
    );
    const own = [finding("F_INITRAMFS_OWN_INIT", "x"), finding("F_MENU_NO_ROOT", "x", { entries: [0] })];
    expect(lines(own)).toEqual(all("yes, but the initramfs has an `init` of its own (F_INITRAMFS_OWN_INIT)"));
  });

  test("an init of its own that gets the label of another medium does not find the ISO", () => {
    const own = [
      finding("F_INITRAMFS_OWN_INIT", "x"),
      finding("F_MENU_LABEL_MISMATCH", "x", { entries: [0] }),
    ];
    expect(lines(own)).toEqual(
      all("no: a kernel argument looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)"),
    );
  });

  test("drivers: without one kind of media a limit, without both a no", () => {
    const [optical, usb] = [finding("F_INITRAMFS_OPTICAL", "x"), finding("F_INITRAMFS_USB", "x")];
    const noOptical = "no driver for optical drives in the initramfs (F_INITRAMFS_OPTICAL)";
    expect(lines([optical])).toEqual(all(`yes, but ${noOptical}`));
    expect(lines([optical, usb])).toEqual(
      all(`no: ${noOptical}; no driver for USB storage in the initramfs (F_INITRAMFS_USB)`),
    );
  });

  test("entries: while one boots it is a limit", () => {
    const wrong = finding("F_MENU_LABEL_MISMATCH", "x", { entries: [0] });
    const absent = finding("F_MENU_NOT_ON_ISO", "x", { entries: [1] });
    const mismatch = "a kernel argument looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)";
    expect(lines([wrong], two)).toEqual(all(`yes, but not with every menu entry: ${mismatch}`));
    expect(lines([wrong, absent], two)).toEqual(
      all(`no: ${mismatch}; a menu entry loads a file that is not on the ISO (F_MENU_NOT_ON_ISO)`),
    );
    expect(lines([wrong])).toEqual(all(`no: ${mismatch}`));
  });

  test("a code that was found twice is one reason", () => {
    const twice = [0, 1].map((index) => finding("F_MENU_LABEL_MISMATCH", "x", { entries: [index] }));
    expect(lines(twice, two)[0]!.match(/F_MENU_LABEL_MISMATCH/g)).toHaveLength(1);
  });

  test("without boot code for BIOS", () => {
    expect(lines([], { ...plan(), bios: null })[0]).toBe("BIOS: no: the ISO has no boot code for BIOS");
    expect(lines([], { ...plan(), bios: null, architecture: "aarch64" })).toEqual([
      "BIOS: no: machines of aarch64 have no BIOS",
      "UEFI: yes",
      "Secure Boot: yes",
    ]);
  });
});
