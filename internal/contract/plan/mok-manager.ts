import { mokManagerPath } from "../../base/architecture.ts";
import type { FindingCode } from "../findings/finding.ts";
import type { PartialPlan } from "./plan.ts";

/** Findings about kernels that start with Secure Boot after their key or digest was enrolled. */
const CURABLE: readonly FindingCode[] = ["F_KERNEL_UNTRUSTED", "F_KERNEL_UNSIGNED", "F_KERNEL_MODIFIED"];

/** The path of MokManager on the ISO, if the menu needs an entry for it because shim does not trust the kernel. */
export function mokManagerEntry({
  architecture,
  efi,
  findings,
}: Pick<PartialPlan, "architecture" | "efi" | "findings">): string | undefined {
  const helps = findings.some(({ code }) => CURABLE.includes(code));
  return helps && efi !== undefined && efi.mm !== null ? mokManagerPath(architecture) : undefined;
}
