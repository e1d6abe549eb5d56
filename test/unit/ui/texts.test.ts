import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PlatterError } from "../../../internal/base/error.ts";
import type { SecureBoot } from "../../../internal/contract/checks/secure-boot.ts";
import { claimsFrom } from "../../../internal/contract/findings/boot-claims.ts";
import { finding } from "../../../internal/contract/findings/finding.ts";
import { consoleReporter, progressText } from "../../../internal/ui/console-reporter.ts";
import { renderError } from "../../../internal/ui/error-text.ts";
import { formatBytes, formatSeconds } from "../../../internal/ui/format.ts";
import { renderInspection } from "../../../internal/ui/inspection.ts";
import { renderSummary } from "../../../internal/ui/summary.ts";
import { plan } from "../../helpers/plan.ts";

test.each([
  [0, "0 B"],
  [1023, "1023 B"],
  [1024, "1.0 KiB"],
  [1536, "1.5 KiB"],
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

const MIB = 2 ** 20;

test.each([
  [0, 100 * MIB, 0, "0 %, 0 B of 100 MiB, 0 B/s"],
  [0, 100 * MIB, 5, "0 %, 0 B of 100 MiB, 0 B/s"],
  [25 * MIB, 100 * MIB, 10, "25 %, 25.0 MiB of 100 MiB, 2.5 MiB/s, 30.0 s left"],
  [100 * MIB, 100 * MIB, 10, "100 %, 100 MiB of 100 MiB, 10.0 MiB/s"],
  [120 * MIB, 100 * MIB, 10, "100 %, 120 MiB of 100 MiB, 12.0 MiB/s"],
  [999, 1000, 1, "99 %, 999 B of 1000 B, 999 B/s, 1 ms left"],
  [0, 0, 1, "0 %, 0 B of 0 B, 0 B/s"],
])("%i of %i after %i s", (done, total, seconds, text) => {
  expect(progressText(done, total, seconds)).toBe(text);
});

describe("renderError", () => {
  test("message with its code, details, and after an empty line what to do", () => {
    const error = new PlatterError({
      code: "E_TOOL_FAILED",
      kind: "tool",
      message: "No luck",
      detail: ["one", "two"],
      hint: "Try again.",
    });
    expect(renderError(error)).toBe("error: No luck [E_TOOL_FAILED]\n  one\n  two\n\nhint: Try again.\n");
  });

  test("without details and hint one line", () => {
    expect(renderError(new PlatterError({ code: "E_TOOL_FAILED", kind: "tool", message: "No luck" }))).toBe(
      "error: No luck [E_TOOL_FAILED]\n",
    );
  });

  test("a bug asks to be reported, with what is needed for that", () => {
    const text = renderError(new TypeError("undefined is not a function"));
    expect(text).toStartWith("error: this is a bug in platter, please report it");
    expect(text).toContain("[E_BUG]\n");
    expect(text).toContain("undefined is not a function");
    expect(text).toContain("ui/texts.test.ts");
    expect(renderError("a text")).toEndWith("\na text\n");
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

describe("consoleReporter", () => {
  function reporterOf(options: {
    verbosity?: "quiet" | "normal" | "verbose";
    isTTY?: boolean;
    columns?: number | undefined;
    env?: Record<string, string | undefined>;
  }) {
    const written: string[] = [];
    let now = 0;
    const stream = {
      isTTY: options.isTTY ?? false,
      columns: options.columns,
      write: (text: string) => written.push(text),
    };
    const before = { TERM: process.env.TERM, NO_COLOR: process.env.NO_COLOR };
    Object.assign(process.env, { TERM: "xterm", NO_COLOR: "", ...options.env });
    const reporter = consoleReporter({
      verbosity: options.verbosity ?? "normal",
      stream: stream as unknown as NodeJS.WriteStream,
      clock: () => now,
    });
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    const wait = (ms: number) => {
      now += ms;
    };
    return { reporter, text: () => written.join(""), wait };
  }

  /** Everything that can be said, and a stage with progress each second for half a minute. */
  function sayAll(options: Parameters<typeof reporterOf>[0]): string {
    const { reporter, text, wait } = reporterOf(options);
    reporter.info("some info");
    reporter.warn("a warning");
    reporter.verbose("a call");
    const task = reporter.task("squash");
    for (let i = 1; i <= 30; i++) {
      wait(1000);
      task.progress(i * MIB, 30 * MIB);
    }
    task.done("17 MiB");
    reporter.task("bios-image").skipped("unchanged");
    reporter.task("efi-image").done();
    return text();
  }

  test("without a terminal: a line each five seconds, no colours", () => {
    const lines = sayAll({}).split("\n");
    expect(lines).toEqual([
      "some info",
      "warning: a warning",
      ...[5, 10, 15, 20, 25, 30].map((i) => `squash: ${progressText(i * MIB, 30 * MIB, i)}`),
      "done squash: 17 MiB (30.0 s)",
      "bios-image: unchanged",
      "done efi-image (0 ms)",
      "",
    ]);
  });

  test("quiet says nothing at all", () => {
    expect(sayAll({ verbosity: "quiet" })).toBe("");
    expect(sayAll({ verbosity: "quiet", isTTY: true })).toBe("");
  });

  test("verbose says the calls too", () => {
    expect(sayAll({ verbosity: "verbose" })).toContain("\n· a call\n");
    expect(sayAll({})).not.toContain("a call");
  });

  test("on a terminal progress is one line that is drawn again, and cleared before anything else is said", () => {
    const text = sayAll({ isTTY: true, columns: 40 });
    expect(text.match(/\rsquash: [^\n\r]*\x1b\[K/g)).toHaveLength(30);
    expect(text).toContain("\r\x1b[K\x1b[32mdone\x1b[0m squash: 17 MiB (30.0 s)\n");
    expect(text).toContain("\x1b[33mwarning\x1b[0m: a warning\n");
    for (const line of text.matchAll(/\r(squash: [^\x1b]*)/g)) expect(line[1]!.length).toBeLessThan(40);
  });

  test.each([0, undefined])("on a terminal that reports %p columns the line is whole", (columns) => {
    const lines = [...sayAll({ isTTY: true, columns }).matchAll(/\r(squash: [^\x1b]*)\x1b/g)];
    expect(lines).toHaveLength(30);
    for (const line of lines) expect(line[1]).toMatch(/ left$|B\/s$/);
  });

  test("NO_COLOR and a dumb terminal are heeded", () => {
    expect(sayAll({ isTTY: true, env: { NO_COLOR: "1" } })).not.toMatch(/\x1b\[\d/);
    expect(sayAll({ isTTY: true, env: { TERM: "dumb" } })).toBe(sayAll({}));
  });

  test("a task that failed leaves no half-drawn line", () => {
    const { reporter, text, wait } = reporterOf({ isTTY: true });
    const task = reporter.task("squash");
    wait(1000);
    task.progress(1, 2);
    task.failed();
    expect(text()).toEndWith("\r\x1b[K");
  });

  test("updates faster than they can be read are left out", () => {
    const { reporter, text, wait } = reporterOf({ isTTY: true });
    const task = reporter.task("squash");
    for (let i = 0; i < 100; i++) {
      wait(10);
      task.progress(i, 100);
    }
    expect(text().match(/\rsquash/g)!.length).toBeLessThanOrEqual(5);
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
    const text = renderInspection(about);
    for (const row of [
      /^image +dir:\/image$/m,
      /^digest +none$/m,
      /^architecture +x86_64$/m,
      /^product +Some Linux 9$/m,
      /^label +MY_OS$/m,
      /^time +2023-11-14T22:13:20\.000Z$/m,
      /^kernel +6\.10$/m,
      /^shim +\/boot\/efi\/EFI\/some\/shimx64\.efi \(4 B\)$/m,
      /^BIOS modules +3 files$/m,
      /^menu +waits 60 s, default is entry 0$/m,
      /^ {2}entry 0 +Install Some Linux 9: root=live:CDLABEL=MY_OS quiet$/m,
      /^excludes +boot\/efi\/\*$/m,
      /^Secure Boot +shim signed by Some CA and Another CA for Vendor CA; GRUB signed by shim's vendor; kernel not signed$/m,
      /^boots on +BIOS: yes\n +UEFI: yes\n +Secure Boot: no: the kernel is not signed \(F_KERNEL_UNSIGNED\)$/m,
      /\n\nwarning: It is missing\. \[F_MM_MISSING\]\n/,
    ]) {
      expect(text).toMatch(row);
    }
    // All values begin in one column.
    const rows = text.split("\n\n")[0]!.split("\n");
    expect(new Set(rows.map((row) => /^(?:(?: {2})?\S.*?)? {2,}/.exec(row)![0].length)).size).toBe(1);
    expect(rows.length).toBeGreaterThan(15);
  });

  test("a missing part is shown as `none`", () => {
    const bare = { ...plan(), bios: null, font: null, excludes: [], product: "", productVersion: "" };
    const text = renderInspection({
      reference: "dir:/image",
      plan: { ...bare, efi: { ...plan().efi, mm: null } },
      findings: [],
      secureBoot: { shimIssuers: [], vendor: [], grub: null, kernel: null, sbatLevel: "2025051000" },
      boots: undefined,
    });
    expect(text).toMatch(/^Secure Boot +shim without a valid signature$/m);
    for (const name of ["BIOS modules", "font", "MOK manager", "excludes"])
      expect(text).toMatch(new RegExp(`^${name} +none$`, "m"));
    expect(text).toMatch(/^product +unknown$/m);
  });

  test("without a plan the reference and the findings", () => {
    const text = renderInspection({
      reference: "dir:/x",
      plan: undefined,
      findings: [finding("F_KERNEL_MISSING", "None.")],
      secureBoot: undefined,
      boots: undefined,
    });
    expect(text).toMatch(/^image +dir:\/x\n\nerror: None\. \[F_KERNEL_MISSING\]\n/);
  });
});

describe("renderSummary", () => {
  test("path, size, label, firmware, kernel and time of each stage", async () => {
    const folder = mkdtempSync(join(tmpdir(), "platter-summary-"));
    const iso = join(folder, "x.iso");
    writeFileSync(iso, "");
    truncateSync(iso, 47_968_256);
    const times = new Map([
      ["inspect", 1.5],
      ["squash", undefined],
      ["assemble", 0.25],
    ] as const);
    try {
      const boots = claimsFrom([
        { effect: "breaks", ways: ["bios"], text: "the ISO has no boot code for BIOS", code: null },
        { effect: "limits", ways: ["secureBoot"], text: "shim is of 2011", code: "F_SHIM_ONLY_2011" },
      ]);
      const reused = { bytes: 999, of: 1000 };
      const summary = await renderSummary(iso, { plan: plan(), boots, times, reused });
      expect(summary.split("\n")).toEqual([
        `ISO:       ${iso}`,
        "size:      45.7 MiB (47968256 bytes)",
        "label:     MY_OS",
        "boots on:  BIOS: no: the ISO has no boot code for BIOS",
        "           UEFI: yes",
        "           Secure Boot: yes, but shim is of 2011 (F_SHIM_ONLY_2011)",
        "kernel:    6.10",
        "stages:    inspect 1.5 s, squash unchanged, assemble 250 ms",
        "reused:    99 % of 1000 B",
      ]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
