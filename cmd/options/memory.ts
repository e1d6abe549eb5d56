import { PlatterError } from "../../internal/base/error.ts";

/** Least memory of a machine, in MiB. A small live image boots on BIOS with this much. */
const LEAST_MEMORY = 128;

/**
 * MiB of a text that QEMU's -m accepts: a number of MiB, or a number with M, G or T.
 * @throws PlatterError `E_MEMORY`
 */
export function parseMemory(text: string): number {
  const match = /^(\d+)([mgt]?)(?:i?b)?$/i.exec(text);
  const unit = match?.[2]?.toLowerCase() ?? "";
  const mebibytes = match === null ? Number.NaN : Number(match[1]) * 1024 ** Math.max(0, "mgt".indexOf(unit));
  if (mebibytes >= LEAST_MEMORY) return mebibytes;
  const isPlain = /^\d+$/.test(text) && Number(text) > 0;
  throw new PlatterError({
    code: "E_MEMORY",
    kind: "usage",
    message:
      match === null
        ? `Cannot use \`--memory ${text}\`: it is not a size`
        : `Cannot use \`--memory ${text}\`: it is ${mebibytes} MiB, and a machine needs at least ${LEAST_MEMORY}`,
    hint: isPlain
      ? `Write \`--memory ${text}G\` for GiB: a number without a unit is MiB.`
      : "Give MiB such as 2048, or a number with a unit such as 2G.",
  });
}
