import { architecturesWithBios } from "../../internal/base/architecture.ts";
import { PlatterError } from "../../internal/base/error.ts";

/** Something for BIOS was asked for, and the ISO has none of it. */
export function noBios(): PlatterError {
  return new PlatterError({
    code: "E_NO_BIOS",
    kind: "usage",
    message: "Cannot make anything for BIOS: the plan is for a UEFI-only ISO",
    hint: `Leave --no-bios out, or skip this stage: only ${architecturesWithBios()} boots on BIOS.`,
  });
}
