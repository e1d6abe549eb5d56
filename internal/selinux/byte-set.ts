/** A set of bytes. Each of the 256 elements is 1 for a member. */
export type ByteSet = Uint8Array<ArrayBuffer>;

/** The set of all bytes from `first` to `last`. */
export function byteRange(first: number, last: number): ByteSet {
  return new Uint8Array(256).fill(1, first, last + 1);
}

export function oneByte(byte: number): ByteSet {
  return byteRange(byte, byte);
}

export function complement(set: ByteSet): ByteSet {
  return set.map((member) => 1 - member);
}

/** Adds the members of `other` to `set`. */
export function addAll(set: ByteSet, other: ByteSet): void {
  for (const [byte, member] of other.entries()) if (member === 1) set[byte] = 1;
}

/** The only member. Undefined if the set is empty or has several members. */
export function onlyMember(set: ByteSet): number | undefined {
  const first = set.indexOf(1);
  return first < 0 || set.indexOf(1, first + 1) >= 0 ? undefined : first;
}

function setOf(...ranges: readonly (readonly [number, number])[]): ByteSet {
  const set = new Uint8Array(256);
  for (const [first, last] of ranges) set.fill(1, first, last + 1);
  return set;
}

const DIGIT = setOf([0x30, 0x39]);
const WORD = setOf([0x30, 0x39], [0x41, 0x5a], [0x5f, 0x5f], [0x61, 0x7a]);
const SPACE = setOf([0x09, 0x0d], [0x20, 0x20]);

/** Classes after a backslash, as PCRE2 has them in the C locale (pcre2pattern, "Generic character types"). */
export const ESCAPED_CLASSES: Readonly<Record<string, ByteSet>> = {
  d: DIGIT,
  D: complement(DIGIT),
  w: WORD,
  W: complement(WORD),
  s: SPACE,
  S: complement(SPACE),
};

/** POSIX classes in the C locale (pcre2pattern, "POSIX character classes"). */
export const POSIX_CLASSES: Readonly<Record<string, ByteSet>> = {
  alnum: setOf([0x30, 0x39], [0x41, 0x5a], [0x61, 0x7a]),
  alpha: setOf([0x41, 0x5a], [0x61, 0x7a]),
  ascii: setOf([0x00, 0x7f]),
  blank: setOf([0x09, 0x09], [0x20, 0x20]),
  cntrl: setOf([0x00, 0x1f], [0x7f, 0x7f]),
  digit: DIGIT,
  graph: setOf([0x21, 0x7e]),
  lower: setOf([0x61, 0x7a]),
  print: setOf([0x20, 0x7e]),
  punct: setOf([0x21, 0x2f], [0x3a, 0x40], [0x5b, 0x60], [0x7b, 0x7e]),
  space: SPACE,
  upper: setOf([0x41, 0x5a]),
  word: WORD,
  xdigit: setOf([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]),
};

/** Divides the bytes into classes, so that all bytes of a class are members of the same sets. */
export function byteClasses(sets: readonly ByteSet[]): { classes: Uint8Array; samples: number[] } {
  let classes: number[] = new Array(256).fill(0);
  let samples = [0];
  for (const set of new Set(sets)) {
    const numbers = new Map<number, number>();
    const next: number[] = [];
    samples = [];
    for (const [byte, class_] of classes.entries()) {
      const key = 2 * class_ + set[byte]!;
      let number = numbers.get(key);
      if (number === undefined) {
        number = numbers.size;
        numbers.set(key, number);
        samples.push(byte);
      }
      next.push(number);
    }
    classes = next;
  }
  return { classes: Uint8Array.from(classes), samples };
}
