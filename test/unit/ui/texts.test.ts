import { describe, expect, test } from "bun:test";
import { PlatterError } from "../../../internal/base/error.ts";
import { ansiPaint, PLAIN } from "../../../internal/base/style.ts";
import type { SecureBoot } from "../../../internal/contract/checks/secure-boot.ts";
import { claimsFrom } from "../../../internal/contract/findings/boot-claims.ts";
import { finding } from "../../../internal/contract/findings/finding.ts";
import { renderError } from "../../../internal/ui/error-text.ts";
import { formatBytes, formatSeconds } from "../../../internal/ui/format.ts";
import { renderInspection } from "../../../internal/ui/inspection.ts";
import { summaryLines } from "../../../internal/ui/summary.ts";
import { plan } from "../../helpers/plan.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1536, "1.5 KiB"],
  [1023 * 1024, "1023 KiB"],
  [1023.5 * 1024, "1.0 MiB"],
  [1024 * 1024 - 1, "1.0 MiB"],
  [2 ** 30 - 1, "1.0 GiB"],
  [100 * 1024, "100 KiB"],
  [47_968_256, "45.7 MiB"],
  [5 * 2 ** 30, "5.0 GiB"],
  [3 * 2 ** 40, "3.0 TiB"],
  [5000 * 2 ** 40, "5000 TiB"],
])("%i bytes are %s", (bytes, text) => expect(formatBytes(bytes)).toBe(text));

test.each([
  [0, "0 ms"],
  [0.0004, "0 ms"],
  [0.85, "850 ms"],
  [1, "1.0 s"],
  [12.34, "12.3 s"],
  [99.9, "99.9 s"],
  [99.96, "1 min 40 s"],
  [245, "4 min 05 s"],
  [7199.6, "120 min 00 s"],
])("%d seconds are %s", (seconds, text) => expect(formatSeconds(seconds)).toBe(text));

describe("renderError", () => {
  test("message with its code, details and hint", () => {
    const error = new PlatterError({
      code: "E_TOOL_FAILED",
      kind: "tool",
      message: "No luck",
      detail: ["one", "two"],
      hint: "Try again.",
    });
    expect(renderError(error, PLAIN)).toBe(
      "error[E_TOOL_FAILED]: No luck\n  one\n  two\n  hint:  Try again.\n",
    );
  });

  test("without details and hint one line", () => {
    const error = new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "No luck" });
    expect(renderError(error, PLAIN)).toBe("error[E_TOOL_FAILED]: No luck\n");
  });

  test("a bug asks to be reported, with what is needed for that", () => {
    const text = renderError(new TypeError("undefined is not a function"), PLAIN);
    expect(text).toStartWith("error[E_BUG]: this is a bug in platter, please report it");
    expect(text).toContain("undefined is not a function");
    expect(text).toContain("ui/texts.test.ts");
    expect(renderError("a text", PLAIN)).toEndWith("\na text\n");
  });

  test("the problems that caused an error come before it, and one alone replaces it", () => {
    const notice = { severity: "error", code: "F_X", message: "x is missing" } as const;
    const error = (count: number) =>
      new PlatterError({
        code: "E_CONTRACT",
        kind: "contract",
        message: "No luck",
        hint: "Try again.",
        notices: Array(count).fill(notice),
      });
    const line = "error[F_X]: x is missing\n";
    expect(renderError(error(1), PLAIN)).toBe(line);
    expect(renderError(error(2), PLAIN)).toBe(
      `${line}${line}error[E_CONTRACT]: No luck\n  hint:  Try again.\n`,
    );
  });

  test.each([
    [{ code: "E_NUMBER", kind: "usage" }, 2],
    [{ code: "E_CONTRACT", kind: "contract" }, 3],
    [{ code: "E_TOOL_FAILED", kind: "tool" }, 4],
    [{ code: "E_NO_SPACE", kind: "machine" }, 5],
    [{ code: "E_VERIFY", kind: "media" }, 6],
    [{ code: "E_INTERRUPTED", kind: "interrupted" }, 130],
  ] as const)("an error of %o leaves with %i", (error, code) => {
    expect(new PlatterError({ ...error, message: "x" }).exitCode).toBe(code);
  });
});

describe("renderInspection", () => {
  test("a row for each decision, and the findings below", () => {
    const findings = [finding("F_MM_MISSING", "It is missing.")];
    const secureBoot: SecureBoot = {
      shimIssuers: ["Some CA", "Another CA"],
      vendor: ["Vendor CA"],
      grub: { signers: ["Vendor Signer"], trust: "vendor" },
      kernel: { signers: [], trust: "unsigned" },
      sbatLevel: "2025051000",
    };
    const boots = claimsFrom([
      { effect: "breaks", ways: ["secureBoot"], text: "the kernel is not signed", code: "F_KERNEL_UNSIGNED" },
    ]);
    const about = { reference: "dir:/image", plan: { ...plan(), findings }, findings, secureBoot, boots };
    const short = renderInspection(about, { style: PLAIN, detail: "short" });
    expect(short.split("\n")).toEqual([
      "✓ dir:/image   x86_64   Some Linux 9",
      "  will boot on  BIOS ✓   UEFI ✓",
      "                Secure Boot ✗ the kernel is not signed (F_KERNEL_UNSIGNED)",
      "  signatures    shim signed by Some CA",
      "                shim signed by Another CA",
      "                shim's vendor is Vendor CA",
      "                GRUB signed by shim's vendor, kernel not signed",
      "  label         MY_OS",
      "  file times    2023-11-14 22:13:20 UTC, for everything on the ISO",
      "  digest        none",
      "  kernel        6.10   vmlinuz 4 B   initramfs 4 B",
      "  boot loaders  shim, GRUB and MOK manager of some; 3 BIOS modules; font",
      "  menu          starts the default after 60 s",
      '                → 0 "Install Some Linux 9"',
      "  left out      1 pattern (-v lists them)",
      "",
      "warning[F_MM_MISSING]: no MOK manager",
      "  where: It is missing",
      expect.stringMatching(/^ {2}fix: {3}./),
      expect.stringMatching(/^ {2}note: {2}./),
      "",
    ]);
    const long = renderInspection(about, { style: PLAIN, detail: "long" });
    for (const row of [
      /^ {2}shim +\/boot\/efi\/EFI\/some\/shimx64\.efi \(4 B\)$/m,
      /^ {2}BIOS modules +3 files$/m,
      /^ +→ 0 "Install Some Linux 9": root=live:CDLABEL=MY_OS quiet$/m,
      /^ {2}left out +boot\/efi\/\*$/m,
    ])
      expect(long).toMatch(row);
  });

  test("a missing part is named", () => {
    const bare = { ...plan(), bios: null, font: null, excludes: [], product: "", productVersion: "" };
    const about = {
      reference: "dir:/image",
      plan: { ...bare, efi: { ...plan().efi, mm: null } },
      findings: [],
      secureBoot: { shimIssuers: [], vendor: [], grub: null, kernel: null, sbatLevel: "2025051000" },
      boots: claimsFrom([]),
    };
    const long = renderInspection(about, { style: PLAIN, detail: "long" });
    expect(long).toStartWith("✓ dir:/image   x86_64   unknown product\n");
    expect(long).toMatch(/^ {2}signatures +shim without a valid signature$/m);
    for (const name of ["BIOS modules", "font", "MOK manager"])
      expect(long).toMatch(new RegExp(`^ {2}${name} +none$`, "m"));
    expect(long).toMatch(/^ {2}left out +nothing$/m);
    expect(renderInspection(about, { style: PLAIN, detail: "short" })).toMatch(
      /^ {2}boot loaders +shim and GRUB of some; no BIOS modules; no font$/m,
    );
  });

  test("the size of an ISO, or why it is not estimated", () => {
    const about = { reference: "x", findings: [], secureBoot: undefined, boots: claimsFrom([]) };
    const size = (payloads: ReturnType<typeof plan>["payloads"], isoSize?: { least: number; most: number }) =>
      renderInspection(
        { ...about, plan: { ...plan(), payloads }, isoSize },
        { style: PLAIN, detail: "short" },
      )
        .split("\n")
        .filter((line) => line.startsWith("  ISO size"));
    expect(size([], { least: 1024, most: 2048 })).toEqual([
      "  ISO size      1.0 KiB to 2.0 KiB, by estimate",
    ]);
    const payload = { reference: "oci:x", digest: "sha256:0", indexes: [], names: ["x"] };
    expect(size([payload])).toEqual([
      "  ISO size      not estimated: the layers of payloads are only read by `platter build`",
    ]);
  });

  test("findings about options do not blame the image", () => {
    const findings = [finding("F_VENDOR_UNKNOWN", "None.")];
    const about = { reference: "dir:/x", plan: undefined, findings, secureBoot: undefined, boots: undefined };
    expect(renderInspection(about, { style: PLAIN, detail: "short" })).toStartWith(
      "✗ dir:/x   no ISO can be made with these options\n",
    );
  });

  test("without a plan the reference and the findings", () => {
    const about = {
      reference: "dir:/x",
      plan: undefined,
      findings: [finding("F_KERNEL_MISSING", "None.")],
      secureBoot: undefined,
      boots: undefined,
    };
    expect(renderInspection(about, { style: PLAIN, detail: "short" })).toMatch(
      /^✗ dir:\/x {3}no ISO can be made of this image\n\nerror\[F_KERNEL_MISSING\]: .*\n {2}where: None\n/,
    );
  });
});

describe("summaryLines", () => {
  const iso = {
    path: "/home/me/out/x y.iso",
    size: 47_968_256,
    sha256: undefined,
    records: [],
    plan: plan(),
    boots: claimsFrom([]),
    findings: [],
    reused: undefined,
    layers: undefined,
    rootfs: "made" as const,
  };

  test("an ISO that boots everywhere: what it is, and the next commands", () => {
    expect(summaryLines(iso, { style: PLAIN, folder: "/home/me" })).toEqual([
      "✓ out/x y.iso   45.7 MiB   label MY_OS   x86_64",
      "  boots   BIOS ✓   UEFI ✓   Secure Boot ✓",
      "  kernel  6.10",
      "  next    platter boot 'out/x y.iso'",
      "          platter verify 'out/x y.iso'",
    ]);
  });

  test("reasons, digest, written files, reused blocks and warnings", () => {
    const boots = claimsFrom([
      { effect: "breaks", ways: ["bios"], text: "the ISO has no boot code for BIOS", code: null },
      { effect: "limits", ways: ["secureBoot"], text: "shim is of 2011", code: "F_SHIM_ONLY_2011" },
    ]);
    const more = {
      sha256: "ab".repeat(32),
      records: ["/home/me/out/x y.iso-CHECKSUM", "/tmp/x.json"],
      boots,
      findings: [
        finding("F_MM_MISSING", "x"),
        finding("F_FONT_MISSING", "x"),
        finding("F_KERNEL_SEVERAL", "x"),
      ],
      reused: { bytes: 999, of: 1000 },
      layers: { read: 1, of: 3 },
    };
    expect(summaryLines({ ...iso, ...more }, { style: PLAIN, folder: "/home/me" }).slice(1, -2)).toEqual([
      "  boots   BIOS ✗ the ISO has no boot code for BIOS",
      "          UEFI ✓",
      "          Secure Boot ✓ but shim is of 2011 (F_SHIM_ONLY_2011)",
      "  kernel  6.10",
      `  sha256  ${"ab".repeat(32)}`,
      "  wrote   out/x y.iso-CHECKSUM",
      "  wrote   /tmp/x.json",
      "  reused  99 % of 1000 B, 1 of 3 layers was read",
      "  found   2 warnings: F_MM_MISSING, F_FONT_MISSING",
    ]);
  });

  test.each([
    [{ rootfs: "cached", layers: { read: 0, of: 4 } }, "the whole root file system, no layer was read"],
    [{ rootfs: "unchanged", layers: undefined }, "the whole root file system"],
    [{ rootfs: "made", layers: { read: 0, of: 1 } }, "no layer was read"],
    [{ rootfs: "made", layers: { read: 4, of: 4 } }, undefined],
  ] as const)("what is from earlier builds: %j", (more, text) => {
    const lines = summaryLines({ ...iso, ...more }, { style: PLAIN, folder: "/" });
    const row = lines.find((line) => line.startsWith("  reused"));
    expect(row).toBe(text === undefined ? undefined : `  reused  ${text}`);
  });

  test("an ISO that boots nowhere has another mark, and each mark its colour", () => {
    const boots = claimsFrom([{ effect: "breaks", ways: ["bios", "uefi"], text: "a reason", code: "F_X" }]);
    const style = { columns: undefined, paint: ansiPaint };
    const [first, second] = summaryLines({ ...iso, boots }, { style, folder: "/home/me/out" });
    expect(first).toStartWith("\x1b[33m!\x1b[0m x y.iso ");
    const cross = "\x1b[31m✗\x1b[0m";
    expect(second).toBe(`  boots   BIOS ${cross}   UEFI ${cross}   Secure Boot ${cross} a reason (F_X)`);
  });
});
