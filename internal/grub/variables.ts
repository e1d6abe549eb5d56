/** iso.yaml's variables; `root` is the kernel arguments. */
export const VARIABLE_NAMES = ["isolabel", "kernelpath", "initrdpath", "root", "product", "version"] as const;

/** The value of each variable. */
export type Variables = Record<(typeof VARIABLE_NAMES)[number], string>;

/**
 * Replaces `${isolabel}`, `$isolabel` and the other variables. Replacements are not searched again. `$$` is one `$`;
 * any other `$` stays. A name is as long as possible: `$rootfs` is not `$root`.
 */
export function replaceVariables(text: string, variables: Variables): string {
  return text.replace(VARIABLE, (all, braced?: string, plain?: string) => {
    if (all === "$$") return "$";
    const name = braced ?? plain ?? "";
    return Object.hasOwn(variables, name) ? variables[name as keyof Variables] : all;
  });
}

const VARIABLE = /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g;

/** The names of all variables in a text, known or not, except GRUB's own name for the medium. */
export function variablesIn(text: string): string[] {
  return [...text.replace(GRUB_ROOT, "$1").matchAll(VARIABLE)].flatMap(
    ([, braced, plain]) => braced ?? plain ?? [],
  );
}

/** GRUB's own name for the medium before a path. It is not needed, since paths here begin at the medium. */
export const GRUB_ROOT = /(^|\s)\(\$(?:root|\{root\})\)(?=\/)/g;
