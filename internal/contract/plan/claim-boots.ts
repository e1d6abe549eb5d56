import { hasBios } from "../../base/architecture.ts";
import { DISPENSABLE } from "../checks/check-roots.ts";
import { type BootClaims, type BootEffect, claimsFrom, withoutBios } from "../findings/boot-claims.ts";
import { type Finding, type FindingCode, textOf } from "../findings/finding.ts";
import type { Plan } from "./plan.ts";

/** Findings about an initramfs for which only a boot shows whether it finds its root file system. */
const UNKNOWN_INITRAMFS: readonly FindingCode[] = ["F_INITRAMFS_OWN_INIT", "F_INITRAMFS_CLOSED"];

/**
 * Decides from the findings where the ISO of a plan boots; `findings` has all findings, including those of the plan.
 */
export function claimBoots(
  plan: Pick<Plan, "architecture" | "bios" | "menu">,
  findings: readonly Finding[],
): BootClaims {
  return claimsFrom([...firmwareEffects(plan), ...effectsOf(plan.menu.entries.length, findings)]);
}

/** The effects on booting of findings about an ISO whose menu has `entryCount` entries, one for each code. */
export function effectsOf(entryCount: number, findings: readonly Finding[]): BootEffect[] {
  const codes = new Set(findings.map(({ code }) => code));
  const isUnknown = UNKNOWN_INITRAMFS.some((code) => codes.has(code));
  const counting = findings.filter(({ code }) => !(isUnknown && DISPENSABLE.includes(code)));
  const failing = new Set(
    counting
      .filter(({ code }) => textOf(code).boot?.effect === "breaks")
      .flatMap(({ entries }) => entries ?? []),
  );
  const mode: EntryMode = failing.size === entryCount ? "all-fail" : "some-boot";
  const effects = new Map<string, BootEffect>();
  for (const each of counting) {
    const effect = effectOf(each, mode);
    if (effect !== undefined) effects.set(each.code, effect);
  }
  // If there is only one of these findings, the other medium still boots.
  const media = (["F_INITRAMFS_OPTICAL", "F_INITRAMFS_USB"] as const).map((code) => effects.get(code));
  if (media.every((effect) => effect !== undefined))
    for (const effect of media) effects.set(effect.code!, { ...effect, effect: "breaks" });
  return [...effects.values()];
}

type EntryMode = "all-fail" | "some-boot";

function effectOf({ code, entries }: Finding, mode: EntryMode): BootEffect | undefined {
  const { boot, title } = textOf(code);
  if (boot === undefined) return undefined;
  if (entries === undefined || mode === "all-fail" || boot.effect === "limits")
    return { ...boot, text: title, code };
  return { ...boot, effect: "limits", text: `not with every menu entry: ${title}`, code };
}

function firmwareEffects({ architecture, bios }: Pick<Plan, "architecture" | "bios">): BootEffect[] {
  if (bios !== null) return [];
  if (!hasBios(architecture)) return [withoutBios(architecture)];
  return [{ effect: "breaks", ways: ["bios"], text: "the ISO has no boot code for BIOS", code: null }];
}
