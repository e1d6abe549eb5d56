import { describe, expect, test } from "bun:test";
import { ERRORS } from "../../../internal/base/error-codes.ts";
import { ALL_EXIT_CODES } from "../../../internal/base/exit-codes.ts";
import { BOOT_FAILURES } from "../../../internal/boot/boot-failures.ts";
import { PROBLEMS } from "../../../internal/bytes/problem-codes.ts";
import { FINDINGS } from "../../../internal/contract/findings/finding.ts";
import { explain, renderExplanation } from "../../../internal/ui/explain.ts";

describe("explain", () => {
  test("a warning: why, what to do, its effect on booting, and its error", () => {
    expect(renderExplanation(explain("f_kernel_unsigned"))).toBe(
      [
        "F_KERNEL_UNSIGNED: the kernel is not signed",
        "",
        "type        finding, warning",
        `why         ${FINDINGS.F_KERNEL_UNSIGNED.why}`,
        `what to do  ${FINDINGS.F_KERNEL_UNSIGNED.fix}`,
        "booting     does not boot with Secure Boot",
        "error       E_KERNEL_UNSIGNED with --strict",
        "exit code   3",
        "",
      ].join("\n"),
    );
  });

  test("the code of an error that a finding causes explains the finding", () => {
    expect(explain("E_KERNEL_MISSING")).toEqual(explain("F_KERNEL_MISSING"));
    expect(explain("E_KERNEL_UNKNOWN").exitCodes).toEqual([2]);
  });

  test("a note never ends a run", () => {
    expect(renderExplanation(explain("F_KERNEL_SEVERAL"))).not.toMatch(/^(?:error|exit code) /m);
  });

  test("an error with two kinds has two exit codes; a bug has 1", () => {
    expect(renderExplanation(explain("E_OUTPUT"))).toContain("\nexit code   2 or 5\n");
    expect(explain("E_BUG").exitCodes).toEqual([1]);
  });

  test("a problem of an ISO, and an exit code", () => {
    expect(renderExplanation(explain("GPT-HEADER-CRC"))).toStartWith(
      `gpt-header-crc: ${PROBLEMS["gpt-header-crc"]}\n\ntype        problem\n`,
    );
    expect(renderExplanation(explain("130"))).toBe(
      "130: interrupted by SIGINT, SIGTERM, SIGHUP or SIGQUIT\n\ntype        exit code\n",
    );
  });

  test("every code has an entry", () => {
    const codes = [FINDINGS, ERRORS, PROBLEMS, BOOT_FAILURES].flatMap((table) => Object.keys(table));
    for (const code of [...codes, ...ALL_EXIT_CODES.map((each) => String(each.code))])
      expect(explain(code).code).toBe(code);
  });

  test.each([
    ["F_KERNEL_UNSIGND", "Try `platter explain F_KERNEL_UNSIGNED`."],
    ["gpt-heder-crc", "Try `platter explain gpt-header-crc`."],
    ["7", ERRORS.E_EXPLAIN.fix],
    ["constructor", ERRORS.E_EXPLAIN.fix],
  ])("%s is refused with the nearest code", (text, hint) => {
    expect(() => explain(text)).toThrow(expect.objectContaining({ code: "E_EXPLAIN", exitCode: 2, hint }));
  });
});
