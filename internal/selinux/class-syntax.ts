import { addAll, type ByteSet, byteRange, complement, ESCAPED_CLASSES, POSIX_CLASSES } from "./byte-set.ts";
import { PatternProblem, type PatternSource, parseEscapedByte } from "./pattern-source.ts";

/** Parses a class of characters after its opening bracket (pcre2pattern, "Square brackets and character classes"). */
export function parseClass(source: PatternSource): ByteSet {
  const negated = source.match(/\^/y) !== undefined;
  const set: ByteSet = new Uint8Array(256);
  let first = true;
  while (first || source.next !== "]") {
    if (source.done) throw new PatternProblem("has a class without a closing bracket");
    first = false;
    const item = parseClassItem(source);
    if (typeof item !== "number") {
      addAll(set, item);
      if (/^-[^\]]/.test(source.text.slice(source.at, source.at + 2))) {
        throw new PatternProblem("has a range that begins with a class");
      }
      continue;
    }
    addAll(set, byteRange(item, rangeEnd(source, item)));
  }
  source.take();
  return negated ? complement(set) : set;
}

/** The last byte of a range that begins with `start`. Returns `start` without a range. */
function rangeEnd(source: PatternSource, start: number): number {
  if (source.match(/-(?!\])/y) === undefined) return start;
  if (source.done) throw new PatternProblem("has a class without a closing bracket");
  const end = parseClassItem(source);
  if (typeof end !== "number") throw new PatternProblem("has a range that ends with a class");
  if (end < start) throw new PatternProblem("has a range whose end is before its start");
  return end;
}

/** Parses one byte, or a class inside the class. */
function parseClassItem(source: PatternSource): number | ByteSet {
  const posix = source.match(/\[:(\^?)([a-z]+):\]/y);
  if (posix !== undefined) {
    const named = POSIX_CLASSES[posix[2]!];
    if (named === undefined) throw new PatternProblem(`has the unknown class \`${posix[0]}\``);
    return posix[1] === "^" ? complement(named) : named;
  }
  if (/^\[[:.=]/.test(source.text.slice(source.at, source.at + 2))) {
    throw new PatternProblem("has a class of a kind that platter does not read");
  }
  const character = source.take();
  if (character !== "\\") return character.charCodeAt(0);
  if (source.done) throw new PatternProblem("has a pattern that ends with a backslash");
  const named = ESCAPED_CLASSES[source.next];
  if (named !== undefined) {
    source.take();
    return named;
  }
  if (source.match(/b/y) !== undefined) return 8;
  return parseEscapedByte(source);
}
