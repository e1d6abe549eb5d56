import { BOOT_WAYS, type BootClaims } from "../../internal/contract/findings/boot-claims.ts";
import { BOOT_WAY_NAMES, bootClaimText } from "../../internal/ui/boot-claims-text.ts";

/** One line for each way to boot: `Secure Boot: no: the kernel is not signed (F_KERNEL_UNSIGNED)`. */
export function claimTexts(claims: BootClaims): string[] {
  return BOOT_WAYS.map((way) => `${BOOT_WAY_NAMES[way]}: ${bootClaimText(claims[way])}`);
}
