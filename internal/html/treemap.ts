/** Rectangles whose areas are proportional to amounts (Bruls, Huizing, van Wijk: Squarified Treemaps, 2000). */

export interface Rectangle {
  x: number;
  y: number;
  width: number;
  height: number;
}

/**
 * Divides a rectangle into one for each amount. The amounts are above 0, the largest first. The parts are as square as
 * the algorithm can make them.
 */
export function squarify(amounts: readonly number[], whole: Rectangle): Rectangle[] {
  const found: Rectangle[] = [];
  let rest = whole;
  let left = sumOf(amounts);
  for (let first = 0; first < amounts.length; ) {
    const scale = (rest.width * rest.height) / left;
    const side = Math.min(rest.width, rest.height);
    const ratio = (end: number) => worstRatio(amounts.slice(first, end), { scale, side });
    let end = first + 1;
    while (end < amounts.length && ratio(end + 1) <= ratio(end)) end++;
    const amountsOfRow = amounts.slice(first, end);
    const sum = sumOf(amountsOfRow);
    const { row, remaining } = layRow(amountsOfRow, { rest, share: sum / left });
    found.push(...row);
    rest = remaining;
    left -= sum;
    first = end;
  }
  return found;
}

/** The largest ratio of the sides of a row's rectangles. The row is along a side of this length. */
function worstRatio(amounts: readonly number[], { scale, side }: { scale: number; side: number }): number {
  const depth = (sumOf(amounts) * scale) / side;
  const lengths = [amounts[0]!, amounts.at(-1)!].map((amount) => (amount * scale) / depth);
  return Math.max(...lengths.map((length) => Math.max(length / depth, depth / length)));
}

/** Puts a row along the shorter side. It takes `share` of the area. */
function layRow(
  amounts: readonly number[],
  { rest, share }: { rest: Rectangle; share: number },
): { row: Rectangle[]; remaining: Rectangle } {
  const { x, y, width, height } = rest;
  const sum = sumOf(amounts);
  const isColumn = width >= height;
  const depth = (isColumn ? width : height) * share;
  let start = 0;
  const row = amounts.map((amount) => {
    const length = ((isColumn ? height : width) * amount) / sum;
    const at = start;
    start += length;
    return isColumn
      ? { x, y: y + at, width: depth, height: length }
      : { x: x + at, y, width: length, height: depth };
  });
  const remaining = isColumn
    ? { x: x + depth, y, width: width - depth, height }
    : { x, y: y + depth, width, height: height - depth };
  return { row, remaining };
}

function sumOf(amounts: readonly number[]): number {
  return amounts.reduce((sum, amount) => sum + amount, 0);
}
