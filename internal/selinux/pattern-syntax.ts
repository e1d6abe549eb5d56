import { type ByteSet, byteRange, ESCAPED_CLASSES, oneByte } from "./byte-set.ts";
import { parseClass } from "./class-syntax.ts";
import { PatternProblem, PatternSource, parseEscapedByte } from "./pattern-source.ts";

/** A regular expression without captures. */
export type PatternNode =
  /** One byte of a set. */
  | { kind: "set"; set: ByteSet }
  /** The start of the path. */
  | { kind: "start" }
  /** The end of the path, or the position before a line feed at the end. */
  | { kind: "end" }
  | { kind: "sequence"; parts: readonly PatternNode[] }
  | { kind: "choice"; options: readonly PatternNode[] }
  | { kind: "repeat"; part: PatternNode; min: number; max: number };

/** The limits of PCRE2. */
const MAX_DEPTH = 250;
const MAX_COUNT = 65535;

const ANY = byteRange(0, 255);

/**
 * A pattern of `file_contexts`, as PCRE2 reads it between `^` and `$` with PCRE2_DOTALL (pcre2pattern). Throws
 * {@link PatternProblem} for a pattern that PCRE2 refuses, and for constructs that are not regular or that differ between
 * releases of PCRE2: look-around, back references, atomic groups, options, verbs.
 */
export function parsePattern(text: string): PatternNode {
  const source = new PatternSource(`^${text}$`);
  const node = parseChoice(source, 0);
  if (!source.done) throw new PatternProblem("has a closing parenthesis without an opening one");
  return node;
}

function parseChoice(source: PatternSource, depth: number): PatternNode {
  if (depth > MAX_DEPTH) throw new PatternProblem("has parentheses that are nested too deeply");
  const options = [parseSequence(source, depth)];
  while (source.next === "|") {
    source.take();
    options.push(parseSequence(source, depth));
  }
  return options.length === 1 ? options[0]! : { kind: "choice", options };
}

function parseSequence(source: PatternSource, depth: number): PatternNode {
  const parts: PatternNode[] = [];
  while (!source.done && source.next !== "|" && source.next !== ")") {
    const part = parseItem(source, depth);
    if (part !== undefined) parts.push(repeated(source, part));
  }
  return parts.length === 1 ? parts[0]! : { kind: "sequence", parts };
}

/** Parses one item without its quantifier. Returns undefined for a comment. */
function parseItem(source: PatternSource, depth: number): PatternNode | undefined {
  const character = source.take();
  switch (character) {
    case "^":
      return { kind: "start" };
    case "$":
      return { kind: "end" };
    case ".":
      return { kind: "set", set: ANY };
    case "[":
      return { kind: "set", set: parseClass(source) };
    case "(":
      return parseGroup(source, depth);
    case "\\":
      return { kind: "set", set: parseEscape(source) };
    case "*":
    case "+":
    case "?":
      throw new PatternProblem(`has a \`${character}\` that nothing precedes`);
    default:
      if (character === "{" && source.match(/\d+(?:,\d*)?\}/y) !== undefined) {
        throw new PatternProblem("has a quantifier that nothing precedes");
      }
      return { kind: "set", set: oneByte(character.charCodeAt(0)) };
  }
}

function parseGroup(source: PatternSource, depth: number): PatternNode | undefined {
  if (source.match(/\?#[^)]*\)/y) !== undefined) return undefined;
  if (source.match(/\?:/y) === undefined && /[?*]/.test(source.next)) {
    throw new PatternProblem(
      `has \`(${source.text.slice(source.at, source.at + 3)}\`, which platter does not read`,
    );
  }
  const node = parseChoice(source, depth + 1);
  if (source.take() !== ")") throw new PatternProblem("has an opening parenthesis without a closing one");
  return node;
}

function parseEscape(source: PatternSource): ByteSet {
  if (source.at === source.text.length - 1)
    throw new PatternProblem("has a pattern that ends with a backslash");
  const class_ = ESCAPED_CLASSES[source.next];
  if (class_ !== undefined) {
    source.take();
    return class_;
  }
  return oneByte(parseEscapedByte(source));
}

function repeated(source: PatternSource, part: PatternNode): PatternNode {
  const counts = takeQuantifier(source);
  if (counts === undefined) return part;
  if (part.kind === "start" || part.kind === "end") {
    throw new PatternProblem("has a quantifier after `^` or `$`");
  }
  // A lazy quantifier matches the same paths.
  if (source.next === "?") source.take();
  if (source.next === "+")
    throw new PatternProblem("has a possessive quantifier, which platter does not read");
  if (takeQuantifier(source) !== undefined) throw new PatternProblem("has two quantifiers in a row");
  return { kind: "repeat", part, ...counts };
}

function takeQuantifier(source: PatternSource): { min: number; max: number } | undefined {
  const found = source.match(/[*+?]|\{(\d+)(,?)(\d*)\}/y);
  if (found === undefined) {
    // PCRE2 treats this as a quantifier since 10.43.
    if (source.match(/\{,\d+\}/y) !== undefined) {
      throw new PatternProblem("has `{,n}`, whose meaning depends on the release of PCRE2");
    }
    return undefined;
  }
  if (found[0] === "*") return { min: 0, max: Number.POSITIVE_INFINITY };
  if (found[0] === "+") return { min: 1, max: Number.POSITIVE_INFINITY };
  if (found[0] === "?") return { min: 0, max: 1 };
  const min = Number(found[1]);
  let max = min;
  if (found[2] === ",") max = found[3] === "" ? Number.POSITIVE_INFINITY : Number(found[3]);
  if (min > max || min > MAX_COUNT || (max > MAX_COUNT && Number.isFinite(max))) {
    throw new PatternProblem("has a quantifier with wrong numbers");
  }
  return { min, max };
}
