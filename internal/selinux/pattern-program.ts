import { type ByteSet, byteRange, onlyMember } from "./byte-set.ts";
import { PatternProblem } from "./pattern-source.ts";
import type { PatternNode } from "./pattern-syntax.ts";

export type Instruction =
  | { kind: "set"; set: ByteSet; next: number }
  | { kind: "fork"; targets: number[] }
  | { kind: "start"; next: number }
  | { kind: "end"; next: number }
  | { kind: "accept" };

/** A pattern as a nondeterministic automaton over bytes, without the prefix of all matching paths. */
export interface PatternProgram {
  /** Bytes with which each matching path begins, one byte a character. They are not in the instructions. */
  prefix: string;
  instructions: readonly Instruction[];
  entry: number;
}

/** Most instructions of a pattern. No known policy needs more, and more would make each step slow. */
const MAX_INSTRUCTIONS = 2000;

/** Compiles a pattern (Thompson's construction). Throws {@link PatternProblem} if it is too large. */
export function compilePattern(node: PatternNode): PatternProgram {
  const { prefix, rest } = withoutPrefix(node);
  const builder = new ProgramBuilder();
  const accept = builder.add({ kind: "accept" });
  let entry = builder.compile(rest, accept);
  if (prefix === "" && !isAnchored(node)) {
    // PCRE2 searches: without `^` a match may begin anywhere.
    const any = builder.add({ kind: "set", set: byteRange(0, 255), next: 0 });
    const fork = builder.add({ kind: "fork", targets: [entry, any] });
    builder.instructions[any] = { kind: "set", set: byteRange(0, 255), next: fork };
    entry = fork;
  }
  return { prefix, instructions: builder.instructions, entry };
}

/** Separates the literal bytes after `^` from the rest of the pattern. */
function withoutPrefix(node: PatternNode): { prefix: string; rest: PatternNode } {
  if (node.kind !== "sequence" || node.parts[0]?.kind !== "start") return { prefix: "", rest: node };
  let prefix = "";
  for (const part of node.parts.slice(1)) {
    const byte = part.kind === "set" ? onlyMember(part.set) : undefined;
    if (byte === undefined) break;
    prefix += String.fromCharCode(byte);
  }
  if (prefix === "") return { prefix, rest: node };
  return { prefix, rest: { kind: "sequence", parts: node.parts.slice(1 + prefix.length) } };
}

function isAnchored(node: PatternNode): boolean {
  if (node.kind === "start") return true;
  if (node.kind === "choice") return node.options.every(isAnchored);
  return node.kind === "sequence" && node.parts[0] !== undefined && isAnchored(node.parts[0]);
}

class ProgramBuilder {
  readonly instructions: Instruction[] = [];

  add(instruction: Instruction): number {
    if (this.instructions.length >= MAX_INSTRUCTIONS)
      throw new PatternProblem("has a pattern that is too large");
    return this.instructions.push(instruction) - 1;
  }

  /** Compiles a node that is followed by the instruction `next`. Returns the entry of the node. */
  compile(node: PatternNode, next: number): number {
    switch (node.kind) {
      case "set":
        return this.add({ kind: "set", set: node.set, next });
      case "start":
      case "end":
        return this.add({ kind: node.kind, next });
      case "sequence":
        return node.parts.reduceRight((after, part) => this.compile(part, after), next);
      case "choice":
        return this.add({ kind: "fork", targets: node.options.map((option) => this.compile(option, next)) });
      case "repeat":
        return this.#repeat(node, next);
      default:
        throw node satisfies never;
    }
  }

  #repeat({ part, min, max }: Extract<PatternNode, { kind: "repeat" }>, next: number): number {
    let entry = next;
    if (Number.isFinite(max)) {
      for (let count = min; count < max; count++) {
        entry = this.add({ kind: "fork", targets: [this.compile(part, entry), next] });
      }
    } else {
      const targets = [next];
      entry = this.add({ kind: "fork", targets });
      targets.push(this.compile(part, entry));
    }
    for (let count = 0; count < min; count++) entry = this.compile(part, entry);
    return entry;
  }
}
