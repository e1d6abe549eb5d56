/**
 * Orders kernel versions (names of module directories) as the distributions do, oldest first: a negative number if
 * `left` is older. Version and release (the part after the first hyphen) are compared one after the other, each as in
 * rpm; `-rc1` and Debian's `-trunk` come before the release itself. Names of equal rank (`1.0`, `1.00`) are ordered by
 * their characters, so that the order is total.
 */
export function compareVersions(left: string, right: string): number {
  const [leftVersion, leftRelease] = split(left);
  const [rightVersion, rightRelease] = split(right);
  return (
    compareSegments(leftVersion, rightVersion) ||
    compareSegments(leftRelease, rightRelease) ||
    compareText(left, right)
  );
}

function split(name: string): [version: string, release: string] {
  // In rpm a part after a tilde comes before the release.
  const marked = name.replace(/-(?=(?:rc\d|trunk\b))/, "~");
  const hyphen = marked.indexOf("-");
  return hyphen < 0 ? [marked, ""] : [marked.slice(0, hyphen), marked.slice(hyphen + 1)];
}

/**
 * rpm's comparison (`rpmvercmp`): digits as numbers, letters by code, a number above letters, other characters only
 * separate; `~` sorts before the end of the text, `^` after it but before anything longer. 0 for equal rank.
 */
export function compareSegments(left: string, right: string): number {
  const leftParts = segments(left);
  const rightParts = segments(right);
  for (let at = 0; ; at++) {
    const a = leftParts[at];
    const b = rightParts[at];
    if (a === undefined && b === undefined) return 0;
    const order = rank(a) - rank(b);
    if (order !== 0 || a === undefined || b === undefined) return order;
    const within = /^\d/.test(a) ? compareNumbers(a, b) : compareText(a, b);
    if (within !== 0) return within;
  }
}

function segments(text: string): string[] {
  return text.match(/\d+|[A-Za-z]+|[~^]/g) ?? [];
}

function rank(segment: string | undefined): number {
  if (segment === undefined) return 1;
  if (segment === "~") return 0;
  if (segment === "^") return 2;
  return /^\d/.test(segment) ? 4 : 3;
}

/** Numbers of any length. */
function compareNumbers(left: string, right: string): number {
  const a = left.replace(/^0+/, "");
  const b = right.replace(/^0+/, "");
  return a.length - b.length || compareText(a, b);
}

function compareText(left: string, right: string): number {
  if (left === right) return 0;
  return left < right ? -1 : 1;
}
