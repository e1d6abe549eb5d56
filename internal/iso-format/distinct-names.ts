/** A name that a format wants for an entry of one directory. */
export interface WantedName {
  stem: string;
  /** The extension with its dot, or an empty text. A number is put before it. */
  suffix: string;
  /** Characters that stem and suffix together may have. */
  limit: number;
  /** Whether this is the entry's own name. The entry then keeps it. */
  isOwn: boolean;
}

/**
 * Distinct names, in the same order. An entry whose wanted name is taken gets a number at the end of the stem, which is
 * cut to make room. The result depends on the order, so callers sort the entries.
 */
export function distinctNames(wanted: readonly WantedName[]): { stem: string; suffix: string }[] {
  const taken = new Set<string>();
  const numbers = new Map<string, number>();
  for (const { stem, suffix, isOwn } of wanted) if (isOwn) taken.add(stem + suffix);
  return wanted.map(({ stem, suffix, limit, isOwn }) => {
    if (isOwn) return { stem, suffix };
    const whole = stem + suffix;
    let name = whole;
    let numbered = stem;
    for (let number = numbers.get(whole) ?? 0; taken.has(name); number++) {
      numbered = stem.slice(0, limit - suffix.length - String(number).length) + number;
      name = numbered + suffix;
      numbers.set(whole, number + 1);
    }
    taken.add(name);
    return { stem: numbered, suffix };
  });
}
