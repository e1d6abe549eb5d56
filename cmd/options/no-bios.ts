import { PlatterError } from "../../internal/base/error.ts";

/** Something for BIOS was asked for, and the ISO has none of it. */
export function noBios(): PlatterError {
  return new PlatterError({
    code: "E_NO_BIOS",
    kind: "usage",
    message: "Cannot make anything for BIOS: the plan is for a UEFI-only ISO",
    hint: "Leave --no-bios out, or skip this stage: only x86_64 boots on BIOS.",
  });
}
