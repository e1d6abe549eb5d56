import { describe, expect, test } from "bun:test";
import { CONFIG_FINDINGS } from "../../../internal/contract/findings/config-findings.ts";
import { FINDINGS } from "../../../internal/contract/findings/finding.ts";
import type { FindingText } from "../../../internal/contract/findings/finding-text.ts";
import { IMAGE_FINDINGS } from "../../../internal/contract/findings/image-findings.ts";
import { INITRAMFS_FINDINGS } from "../../../internal/contract/findings/initramfs-findings.ts";
import { LIVE_FINDINGS } from "../../../internal/contract/findings/live-findings.ts";
import { SECURE_BOOT_FINDINGS } from "../../../internal/contract/findings/secure-boot-findings.ts";
import { expectGenerated, markdownTable } from "../../helpers/generated-block.ts";

/** The page's chapters; each finding belongs to one of them. */
const GROUPS: Record<string, Record<string, FindingText>> = {
  image: IMAGE_FINDINGS,
  initramfs: INITRAMFS_FINDINGS,
  "live system": LIVE_FINDINGS,
  "boot programs": SECURE_BOOT_FINDINGS,
  configuration: CONFIG_FINDINGS,
};

function rows(group: Record<string, FindingText>): string {
  const lines = Object.entries(group).map(([code, { severity, title, why, fix }]) => [
    `\`${code}\``,
    severity,
    title,
    why,
    fix,
  ]);
  return markdownTable(["code", "severity", "what was found", "why it matters", "what to do"], lines);
}

describe("docs/findings.md", () => {
  for (const [name, group] of Object.entries(GROUPS)) {
    test(`has the findings about ${name} (PLATTER_UPDATE_GOLDEN=1 writes them)`, () => {
      expectGenerated("docs/findings.md", name, rows(group));
    });
  }

  test("leaves none out", () => {
    const listed = Object.values(GROUPS).flatMap((group) => Object.keys(group));
    expect(listed.sort()).toEqual(Object.keys(FINDINGS).sort());
  });

  test("each text is whole, and is on one line", () => {
    for (const [code, { title, why, fix }] of Object.entries<FindingText>(FINDINGS)) {
      expect({ code, title }).toEqual({ code, title: expect.stringMatching(/^[^\n]*[^\n.]$/) });
      for (const text of [why, fix])
        expect({ code, text }).toEqual({ code, text: expect.stringMatching(/^[^\n]+\.$/) });
    }
  });
});
