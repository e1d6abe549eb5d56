import { architecturesWithBios } from "../../internal/base/architecture.ts";
import { PlatterError } from "../../internal/base/error.ts";

/** The error for a stage that makes a file for BIOS boot, if the plan does not have BIOS boot. */
export function noBios(): PlatterError {
  return new PlatterError({
    code: "E_NO_BIOS",
    kind: "usage",
    message: "Cannot make a file for BIOS boot: the plan is for a UEFI-only ISO",
    hint: `Leave --no-bios out if the image is for ${architecturesWithBios()}, or skip this stage.`,
  });
}
