/** A command line that does something useful, and for what it is shown. */
export interface Example {
  line: string;
  purpose: string;
}

const EXAMPLES = new WeakMap<object, readonly Example[]>();

/** Gives a command the examples of its help and its man page. Each is `[LINE, PURPOSE]`. */
export function withExamples<C extends object>(command: C, ...examples: (readonly [string, string])[]): C {
  EXAMPLES.set(
    command,
    examples.map(([line, purpose]) => ({ line, purpose })),
  );
  return command;
}

export function examplesOf(command: object): readonly Example[] {
  return EXAMPLES.get(command) ?? [];
}
