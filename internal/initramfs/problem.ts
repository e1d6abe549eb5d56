/** `broken`: the kernel cannot read it either. `closed`: only platter cannot read it. */
export type ProblemKind = "broken" | "closed";

/** Why the rest of an initramfs could not be read. */
export class InitramfsProblem extends Error {
  readonly kind: ProblemKind;

  /** `message` completes a sentence about the initramfs, with the problem and its offset. */
  constructor(kind: ProblemKind, message: string) {
    super(message);
    this.name = "InitramfsProblem";
    this.kind = kind;
  }
}

export function broken(message: string): InitramfsProblem {
  return new InitramfsProblem("broken", message);
}

export function closed(message: string): InitramfsProblem {
  return new InitramfsProblem("closed", message);
}
