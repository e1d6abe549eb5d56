/** A command line and its purpose. */
export interface Example {
  line: string;
  purpose: string;
}

const EXAMPLES = new WeakMap<object, readonly Example[]>();

/** Adds examples to the help and the man page of a command. Each is `[LINE, PURPOSE]`. */
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
