import { z } from "zod";
import type { Architecture } from "../../base/architecture.ts";
import type { ProblemCode } from "../../bytes/problem-codes.ts";

/** How firmware starts an ISO: `secureBoot` is UEFI with Secure Boot on. */
export const BOOT_WAYS = ["bios", "uefi", "secureBoot"] as const;
export type BootWay = (typeof BOOT_WAYS)[number];

const bootReasonSchema = z.strictObject({
  text: z.string().describe("A phrase without a full stop, such as `the kernel is not signed`."),
  code: z
    .string()
    .nullable()
    .describe("Code of the finding, or of the problem in a finished ISO. Null if the reason has neither."),
});

const bootClaimSchema = z.strictObject({
  boots: z.boolean().describe("Whether the ISO boots in this way."),
  reasons: z
    .array(bootReasonSchema)
    .describe("Why the ISO does not boot in this way, or the limits of a way that boots."),
});

export const bootClaimsSchema = z
  .strictObject({
    bios: bootClaimSchema.describe("BIOS firmware."),
    uefi: bootClaimSchema.describe("UEFI firmware with Secure Boot off."),
    secureBoot: bootClaimSchema.describe("UEFI firmware with Secure Boot on."),
  })
  .meta({ id: "boots", description: "Whether the ISO boots in each way." });

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
