import { describe, expect, test } from "bun:test";
import { FINDINGS, finding, findingsAbout } from "../../../../internal/contract/findings/finding.ts";
import { findingsError } from "../../../../internal/contract/findings/findings-error.ts";
import { PARTS } from "../../../../internal/contract/findings/plan-parts.ts";
import { isWhole, parsePlan, printPlan } from "../../../../internal/contract/plan/plan.ts";
import { plan } from "../../../helpers/plan.ts";

describe("a plan's text", () => {
  test("is read back as it was written, and is the same for the same plan", () => {
    expect(parsePlan(printPlan(plan()), "plan.json")).toEqual(plan());
    expect(printPlan(plan())).toBe(printPlan(structuredClone(plan())));
    expect(printPlan(plan())).toEndWith("}\n");
  });

  test.each([
    ["", "it is not JSON"],
    ["{", "it is not JSON"],
    ["null", "it is not a plan"],
    ["[]", "it is not a plan"],
    ['{"version": 1}', "it has version 1, and this platter reads version 2"],
    ['{"version": "1"}', "it is not a plan (version"],
  ])("%j is refused", (text, says) => {
    expect(() => parsePlan(text, "/work/plan.json")).toThrow(
      expect.objectContaining({
        code: "E_PLAN",
        exitCode: 2,
        message: expect.stringContaining(`Cannot read \`/work/plan.json\`: ${says}`),
        hint: expect.stringContaining("platter inspect"),
      }),
    );
  });

  test.each([
    ["a key that is not known", { extra: 1 }, ""],
    ["a label that no ISO can have", { label: "a b" }, "label"],
    ["a time before 1970", { time: -1 }, "time"],
    ["an architecture that is not known", { architecture: "vax" }, "architecture"],
    ["a default entry that is not there", { menu: { ...plan().menu, default: 1 } }, "menu"],
    ["no entries", { menu: { ...plan().menu, entries: [] } }, "menu.entries"],
    ["an invalid digest", { font: { ...plan().font, sha256: "x" } }, "font.sha256"],
    ["the tools of version 1", { tools: [] }, "Unrecognized key"],
    ["an invalid UUID", { uuid: "x" }, "uuid"],
  ])("with %s it is refused, at its place", (_, changes, place) => {
    expect(() => parsePlan(JSON.stringify({ ...plan(), ...changes }), "plan.json")).toThrow(
      expect.objectContaining({
        code: "E_PLAN",
        message: expect.stringContaining(`it is not a plan (${place}`),
      }),
    );
  });
});

describe("isWhole", () => {
  test("a plan with all its parts and no errors", () => {
    expect(isWhole(plan())).toBe(true);
    expect(isWhole({ ...plan(), findings: [finding("F_MM_MISSING", "x")] })).toBe(true);
    expect(isWhole({ ...plan(), bios: null })).toBe(true);
  });

  test("not one that lacks a part, or has an error", () => {
    expect(isWhole({ ...plan(), kernel: undefined })).toBe(false);
    expect(isWhole({ ...plan(), efi: undefined })).toBe(false);
    expect(isWhole({ ...plan(), bios: null, findings: [finding("F_BIOS_MODULES_MISSING", "x")] })).toBe(
      false,
    );
  });
});

describe("what a finding is about", () => {
  test("only findings that matter to a stage are reported", () => {
    const findings = (["F_NO_USR", "F_KERNEL_MISSING", "F_LABEL_EMPTY", "F_SHIM_MISSING"] as const).map(
      (code) => finding(code, "x"),
    );
    expect(findingsAbout(findings, ["root"]).map(({ code }) => code)).toEqual(["F_NO_USR"]);
    expect(findingsAbout(findings, ["config", "efi"]).map(({ code }) => code)).toEqual([
      "F_LABEL_EMPTY",
      "F_SHIM_MISSING",
    ]);
    expect(findingsAbout(findings, PARTS)).toEqual(findings);
  });
});

describe("findingsError", () => {
  const place = { file: "/iso.yaml", line: 3, column: 5, excerpt: ["3 |     x: [", "  |     ^"] };

  test("one error is the message itself, with its place and what to do", () => {
    const error = findingsError(
      [finding("F_MM_MISSING", "a warning"), finding("F_ISO_YAML_SYNTAX", "Seen.", { place })],
      { reference: "x", strictness: "normal" },
    );
    expect(error).toMatchObject({
      code: "E_ISO_YAML_SYNTAX",
      exitCode: 3,
      message: "/iso.yaml:3:5: Seen",
      detail: [...place.excerpt, FINDINGS.F_ISO_YAML_SYNTAX.why],
      hint: FINDINGS.F_ISO_YAML_SYNTAX.fix,
    });
  });

  test("a warning is one only where that is asked for", () => {
    const warning = [finding("F_MM_MISSING", "Seen.")];
    expect(findingsError(warning, { reference: "x", strictness: "normal" })).toBeUndefined();
    expect(findingsError(warning, { reference: "x", strictness: "strict" })).toMatchObject({
      code: "E_MM_MISSING",
      message: "Seen",
    });
  });

  test("an option that does not fit the image is wrong usage; a fault of the image is graver", () => {
    const option = finding("F_KERNEL_UNKNOWN", "No such kernel.");
    const options = { reference: "x", strictness: "normal" } as const;
    expect(findingsError([option], options)).toMatchObject({ code: "E_KERNEL_UNKNOWN", exitCode: 2 });
    const vendor = finding("F_VENDOR_UNKNOWN", "No such vendor.");
    expect(findingsError([option, vendor], options)).toMatchObject({ code: "E_CONTRACT", exitCode: 2 });
    const both = [option, finding("F_NO_USR", "No /usr.")];
    expect(findingsError(both, options)).toMatchObject({ code: "E_CONTRACT", exitCode: 3, hint: undefined });
  });

  test.each([
    ["oci:x", "known", "Run `platter containerfile oci:x` for"],
    [
      "containers-storage:localhost/x",
      "known",
      "Run `platter containerfile containers-storage:localhost/x` for",
    ],
    [
      "dir:/a b",
      "known",
      "Import the folder first: `tar -C '/a b' -c . | podman import - localhost/NAME`. Run `platter containerfile localhost/NAME` for",
    ],
    [
      "-",
      "known",
      "Load the archive first with `podman load`, then name the image that podman prints. Run `platter containerfile localhost/NAME` for",
    ],
    ["oci:x", "unknown", undefined],
  ] as const)("the hint about a Containerfile works for %s with %s packages", (reference, packages, begin) => {
    const both = [finding("F_KERNEL_MISSING", "No kernel."), finding("F_NO_USR", "No /usr.")];
    const hint = findingsError(both, { reference, strictness: "normal", packages })?.hint;
    expect(hint?.slice(0, begin?.length)).toBe(begin);
  });

  test("several are reported together, each with its code, place, reason and advice", () => {
    const error = findingsError(
      [finding("F_KERNEL_MISSING", "No kernel."), finding("F_ISO_YAML_SYNTAX", "Seen.", { place })],
      { reference: "oci:x", strictness: "normal" },
    );
    expect(error).toMatchObject({
      code: "E_CONTRACT",
      exitCode: 3,
      message: "`oci:x` breaks the contract in 2 ways",
      hint: "Run `platter containerfile oci:x` for a Containerfile that adds what the image lacks.",
    });
    const [kernel, config, ...others] = error?.notices ?? [];
    expect(kernel).toMatchObject({
      severity: "error",
      code: "F_KERNEL_MISSING",
      message: FINDINGS.F_KERNEL_MISSING.title,
      lines: [
        { label: "where", text: "No kernel" },
        { label: "fix", text: FINDINGS.F_KERNEL_MISSING.fix },
        { label: "note", text: FINDINGS.F_KERNEL_MISSING.why },
      ],
    });
    expect(config?.lines?.[0]).toEqual({ label: "where", text: "/iso.yaml:3:5: Seen" });
    expect(config?.lines?.slice(1, -2).map(({ text }) => text.trim())).toEqual(
      place.excerpt.map((line) => line.trim()),
    );
    expect(others.map(({ code }) => code)).toEqual(["E_CONTRACT"]);
  });
});
