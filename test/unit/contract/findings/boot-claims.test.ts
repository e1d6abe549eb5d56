import { describe, expect, test } from "bun:test";
import {
  type BootEffect,
  bootClaimsSchema,
  claimsFrom,
} from "../../../../internal/contract/findings/boot-claims.ts";
import { claimTexts } from "../../../helpers/claim-texts.ts";

const effect = (changes: Partial<BootEffect>): BootEffect => ({
  effect: "breaks",
  ways: ["bios"],
  text: "a reason",
  code: "F_SOME",
  ...changes,
});

describe("claimsFrom", () => {
  test("nothing in the way: every way boots without a limit", () => {
    const claims = claimsFrom([]);
    expect(claims).toEqual({
      bios: { boots: true, reasons: [] },
      uefi: { boots: true, reasons: [] },
      secureBoot: { boots: true, reasons: [] },
    });
    expect(bootClaimsSchema.parse(claims)).toEqual(claims);
    expect(claimTexts(claims)).toEqual(["BIOS: yes", "UEFI: yes", "Secure Boot: yes"]);
  });

  test("a reason stops the ways that it names", () => {
    const unsigned = effect({ ways: ["secureBoot"], text: "the kernel is not signed", code: "F_KERNEL" });
    expect(claimTexts(claimsFrom([unsigned]))).toEqual([
      "BIOS: yes",
      "UEFI: yes",
      "Secure Boot: no: the kernel is not signed (F_KERNEL)",
    ]);
  });

  test("what stops UEFI stops Secure Boot too", () => {
    const { bios, uefi, secureBoot } = claimsFrom([effect({ ways: ["uefi"] })]);
    expect(bios.boots).toBe(true);
    expect([uefi, secureBoot]).toEqual([
      { boots: false, reasons: [{ text: "a reason", code: "F_SOME" }] },
      { boots: false, reasons: [{ text: "a reason", code: "F_SOME" }] },
    ]);
  });

  test("a limit is a reason only while the way boots", () => {
    const limit = effect({ effect: "limits", ways: ["bios", "uefi"], text: "a limit", code: null });
    expect(claimTexts(claimsFrom([limit, effect({}), effect({ text: "another" })]))).toEqual([
      "BIOS: no: a reason (F_SOME); another (F_SOME)",
      "UEFI: yes, but a limit",
      "Secure Boot: yes, but a limit",
    ]);
  });

  test("a reason with a control character reaches the terminal escaped", () => {
    const lines = claimTexts(claimsFrom([effect({ text: "\u001b[31mred" })]));
    expect(lines[0]).toBe("BIOS: no: \\x1b[31mred (F_SOME)");
  });
});
