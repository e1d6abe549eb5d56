import { z } from "zod";
import type { Architecture } from "../../base/architecture.ts";
import type { ProblemCode } from "../../bytes/problem-codes.ts";

/** How firmware starts an ISO: `secureBoot` is UEFI with Secure Boot on. */
export const BOOT_WAYS = ["bios", "uefi", "secureBoot"] as const;
export type BootWay = (typeof BOOT_WAYS)[number];

const bootReasonSchema = z.strictObject({
  /** A phrase without a full stop: `the kernel is not signed`. */
  text: z.string(),
  /** Code of the finding, or of the problem in a finished ISO; null if the reason has neither. */
  code: z.string().nullable(),
});

const bootClaimSchema = z.strictObject({
  boots: z.boolean(),
  /** The reasons why it does not boot, or the limits of a way that boots. */
  reasons: z.array(bootReasonSchema),
});

export const bootClaimsSchema = z.strictObject({
  bios: bootClaimSchema,
  uefi: bootClaimSchema,
  secureBoot: bootClaimSchema,
});

/** Whether an ISO boots in each way, with the reasons. */
export type BootClaims = z.infer<typeof bootClaimsSchema>;
export type BootClaim = z.infer<typeof bootClaimSchema>;

/** Code of a finding, or of a problem in a finished ISO. */
export type ReasonCode = ProblemCode | `F_${string}`;

/** A reason that prevents or limits some ways to boot. */
export interface BootEffect {
  effect: "breaks" | "limits";
  ways: readonly BootWay[];
  text: string;
  code: ReasonCode | null;
}

/** The effect of an architecture without BIOS: BIOS firmware exists only on x86. */
export function withoutBios(architecture: Architecture): BootEffect {
  return { effect: "breaks", ways: ["bios"], text: `machines of ${architecture} have no BIOS`, code: null };
}

/** The claims that result from all effects together. Secure Boot needs everything that UEFI needs. */
export function claimsFrom(effects: readonly BootEffect[]): BootClaims {
  const claim = (way: BootWay): BootClaim => {
    const applies = ({ ways }: BootEffect) =>
      ways.includes(way) || (way === "secureBoot" && ways.includes("uefi"));
    const own = effects.filter(applies);
    const breaking = own.filter(({ effect }) => effect === "breaks");
    const boots = breaking.length === 0;
    const reasons = (boots ? own : breaking).map(({ text, code }) => ({ text, code }));
    return { boots, reasons };
  };
  return { bios: claim("bios"), uefi: claim("uefi"), secureBoot: claim("secureBoot") };
}
