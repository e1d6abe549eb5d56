import { PlatterError } from "../../internal/base/error.ts";

/** A parser of the option's value as a whole number above 0. It throws `E_NUMBER`. */
export function positive(option: string) {
  return (text: string): number => {
    const value = Number(text);
    if (Number.isInteger(value) && value > 0) return value;
    throw new PlatterError({
      code: "E_NUMBER",
      kind: "usage",
      message: `Cannot use \`${option} ${text}\`: it is not a whole number above 0`,
      hint: "Give a number such as 2.",
    });
  };
}

/** A regular expression that does not match an empty text. @throws PlatterError `E_PATTERN` */
export function pattern(text: string): RegExp {
  try {
    const expression = new RegExp(text);
    // An empty variable of a script would make every boot a success.
    if (expression.test("")) throw new Error("it matches every line");
    return expression;
  } catch (error) {
    throw new PlatterError({
      code: "E_PATTERN",
      kind: "usage",
      message: `Cannot use \`${text}\` as a regular expression: ${(error as Error).message}`,
      hint: "Give a pattern such as --until 'login:'.",
    });
  }
}
