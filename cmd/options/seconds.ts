import { PlatterError } from "../../internal/base/error.ts";

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, min: 60, h: 3600 };

/** A parser of the option's value as seconds: a number, or one with s, m, min or h. It throws `E_DURATION`. */
export function seconds(option: string) {
  return (text: string): number => {
    const match = /^(\d+)(s|m|min|h)?$/.exec(text);
    const value = Number(match?.[1]) * UNITS[match?.[2] ?? "s"]!;
    if (value > 0) return value;
    throw new PlatterError({
      code: "E_DURATION",
      kind: "usage",
      message: `Cannot use \`${option} ${text}\`: it is not a time above 0`,
      hint: "Give seconds such as 300, or a number with a unit such as 5m.",
    });
  };
}
