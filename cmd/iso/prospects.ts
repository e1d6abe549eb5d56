/** What `boot` knows about an ISO before it starts a machine. */
import type { BootResult, BootWay } from "../../internal/boot/boot-result.ts";
import type * as Claims from "../../internal/contract/findings/boot-claims.ts";
import { openFileSource } from "../../internal/files/byte-source.ts";
import { summarizeInitramfs } from "../../internal/initramfs/summary.ts";
import { shellWord } from "../../internal/process/command-line.ts";
import { BOOT_WAY_NAMES, bootClaimText } from "../../internal/ui/boot-claims-text.ts";
import { incompleteIso, judgeIso, notAnIso } from "../../internal/verify/verdict.ts";
import { isoIncomplete, notIso } from "../options/not-iso.ts";
import type { World } from "../world.ts";

const CLAIMED_WAYS: Readonly<Record<BootWay["firmware"], Claims.BootWay>> = {
  bios: "bios",
  uefi: "uefi",
  "secure-boot": "secureBoot",
};

/** What `verify` reports about the ways to boot. */
export interface Prospects {
  /** Lines for the ways that failed and about which `verify` has doubts. */
  doubts(results: readonly BootResult[]): string[];
}

/**
 * Refuses a file that is not a complete ISO, and warns about ways in which the ISO does not boot. The implanted checksum is
 * not compared, since that reads the whole ISO.
 * @throws PlatterError `E_ISO_OPEN`, `E_NOT_AN_ISO`, `E_ISO_INCOMPLETE`, `E_INTERRUPTED`
 */
export async function examineBeforeBoot(
  iso: string,
  { ways, world }: { ways: readonly BootWay[]; world: World },
): Promise<Prospects> {
  const { signal, reporter } = world;
  await using source = await openFileSource(iso);
  const other = await notAnIso(source);
  if (other !== undefined) throw notIso(iso, other.reason);
  const cut = await incompleteIso(source);
  if (cut !== undefined) throw isoIncomplete(iso, cut);
  const task = reporter.task("verify");
  const { report, verdict } = await judgeIso(source, {
    checksum: "skip",
    signal,
    summarize: (input) => summarizeInitramfs(input, { signal }),
  });
  task.done();
  if (!("boots" in verdict)) return { doubts: () => [] };
  const { boots } = verdict;
  const labels = report.checks.find(({ code }) => code === "menu-label")?.problems ?? [];
  const label = labels.filter(({ severity }) => severity !== "warning").map(({ detail }) => detail);
  const claimed = (some: readonly BootWay[]) => new Set(some.map(({ firmware }) => CLAIMED_WAYS[firmware]));
  for (const way of claimed(ways)) {
    if (boots[way].boots) continue;
    const message = `platter expects that \`${iso}\` does not boot with ${BOOT_WAY_NAMES[way]}`;
    const reasons = boots[way].reasons.map(({ text, code }) => (code === null ? text : `${text} (${code})`));
    const lines = [...reasons, ...label.slice(0, 1)].map((text) => ({ label: "where" as const, text }));
    reporter.notice({
      severity: "warning",
      message,
      lines: [
        ...lines,
        { label: "hint", text: `Run \`platter verify ${shellWord(iso)}\` for all problems.` },
      ],
    });
  }
  return {
    doubts: (results) => {
      const failed = results.filter(({ failure }) => failure !== undefined);
      const doubtful = [...claimed(failed)].filter((way) => boots[way].reasons.length > 0);
      if (doubtful.length === 0) return [];
      return [
        ...doubtful.map((way) => `platter verify: ${BOOT_WAY_NAMES[way]}: ${bootClaimText(boots[way])}`),
        ...label.slice(0, 1).map((text) => `platter verify: ${text}`),
      ];
    },
  };
}
