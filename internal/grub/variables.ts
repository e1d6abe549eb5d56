/** iso.yaml's variables; `root` is the kernel arguments. */
export const VARIABLE_NAMES = ["isolabel", "kernelpath", "initrdpath", "root", "product", "version"] as const;

/** The value of each variable. */
export type Variables = Record<(typeof VARIABLE_NAMES)[number], string>;

/**
 * Replaces `${isolabel}` and `$isolabel` and the other variables, once: what is put in is not looked at again. `$$`
 * is one `$`; any other `$` stays. A name is as long as it can be: `$rootfs` is none.
 */
export function replaceVariables(text: string, variables: Variables): string {
  return text.replace(
    /\$(?:\$|\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))/g,
    (all, braced?: string, plain?: string) => {
      if (all === "$$") return "$";
      const name = braced ?? plain ?? "";
      return Object.hasOwn(variables, name) ? variables[name as keyof Variables] : all;
    },
  );
}
