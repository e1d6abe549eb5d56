import { PlatterError } from "../internal/error.ts";

/** Something for BIOS was asked for, and the ISO has none of it. */
export function noBios(): PlatterError {
  return new PlatterError({
    code: "E_NO_BIOS",
    kind: "usage",
    message: "The plan is for an ISO that boots on UEFI alone",
    hint: "Leave --no-bios out, or do without this stage; on BIOS only x86_64 boots.",
  });
}
