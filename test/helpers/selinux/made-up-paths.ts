import type { EntryType } from "../../../internal/image/image-tree.ts";
import type { ByteSet } from "../../../internal/selinux/byte-set.ts";
import { PatternProblem } from "../../../internal/selinux/pattern-source.ts";
import { type PatternNode, parsePattern } from "../../../internal/selinux/pattern-syntax.ts";

export interface TypedPath {
  /** With a leading slash, one byte a character. */
  path: string;
  type: EntryType;
}

const TYPES: readonly EntryType[] = [
  "file",
  "directory",
  "symlink",
  "character-device",
  "block-device",
  "fifo",
];
const NAMES = [
  "etc",
  "usr",
  "lib",
  "bin",
  "home",
  "run",
  "var",
  "log",
  "x",
  "a.b",
  "passwd",
  "caf\xc3\xa9",
  "q\n",
];

/**
 * Paths that are close to what a policy is about: texts that its patterns describe, and the same with a part changed.
 * The same seed gives the same paths.
 */
export function madeUpPaths(
  patterns: readonly string[],
  { count, seed }: { count: number; seed: number },
): TypedPath[] {
  const random = numbers(seed);
  const pick = <Item>(items: readonly Item[]): Item => items[random(items.length)]!;
  const nodes = patterns.flatMap((pattern) => parsed(pattern) ?? []);
  const paths: TypedPath[] = [];
  while (paths.length < count) {
    let path = example(pick(nodes), random);
    switch (random(8)) {
      case 0:
        path += `/${pick(NAMES)}`;
        break;
      case 1:
        path = path.slice(0, path.lastIndexOf("/"));
        break;
      case 2:
        path = `/${pick(NAMES)}${path}`;
        break;
      case 3: {
        const at = random(path.length + 1);
        path = path.slice(0, at) + pick(["x", ".", "-", "0", "\n", ""]) + path.slice(at + 1);
        break;
      }
      default:
        break;
    }
    paths.push({
      path: `/${path
        .replace(/\0/g, "0")
        .replace(/\/+/g, "/")
        .replace(/^\/|\/$/g, "")}`,
      type: pick(TYPES),
    });
  }
  return paths;
}

function parsed(pattern: string): PatternNode | undefined {
  try {
    return parsePattern(pattern);
  } catch (error) {
    if (error instanceof PatternProblem) return undefined;
    throw error;
  }
}

/** A text that a pattern describes. */
function example(node: PatternNode, random: (below: number) => number): string {
  switch (node.kind) {
    case "set":
      return String.fromCharCode(memberOf(node.set, random));
    case "start":
    case "end":
      return "";
    case "sequence":
      return node.parts.map((part) => example(part, random)).join("");
    case "choice":
      return example(node.options[random(node.options.length)]!, random);
    case "repeat": {
      const count = node.min + random(Math.min(node.max, node.min + 4) - node.min + 1);
      return Array.from({ length: count }, () => example(node.part, random)).join("");
    }
    default:
      throw node satisfies never;
  }
}

/** Mostly a letter, where the set has one. */
function memberOf(set: ByteSet, random: (below: number) => number): number {
  const members = [...set.keys()].filter((byte) => set[byte] === 1 && byte > 0);
  const usual = members.filter((byte) => /[a-z0-9._-]/.test(String.fromCharCode(byte)));
  const from = usual.length > 0 && random(20) > 0 ? usual : members;
  return from[random(from.length)]!;
}

/** xorshift32: numbers from 0 on, below the limit. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}
