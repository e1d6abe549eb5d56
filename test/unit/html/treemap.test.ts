import { expect, test } from "bun:test";
import fc from "fast-check";
import { squarify } from "../../../internal/html/treemap.ts";

const WHOLE = { x: 10, y: 20, width: 1000, height: 600 };

const round = (value: number) => Math.round(1000 * value) / 1000;

test("squarify: the example of the paper", () => {
  const found = squarify([6, 6, 4, 3, 2, 2, 1], { x: 0, y: 0, width: 6, height: 4 });
  const rounded = found.map(({ x, y, width, height }) => [x, y, width, height].map(round));
  expect(rounded.slice(0, 4)).toEqual([
    [0, 0, 3, 2],
    [0, 2, 3, 2],
    [3, 0, 1.714, 2.333],
    [4.714, 0, 1.286, 2.333],
  ]);
});

test("squarify: areas are proportional, and the parts cover the whole without an overlap", () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 1, max: 1_000_000 }), { minLength: 1, maxLength: 60 }),
      (numbers) => {
        const amounts = numbers.toSorted((a, b) => b - a);
        const total = amounts.reduce((sum, amount) => sum + amount, 0);
        const parts = squarify(amounts, WHOLE);
        expect(parts.length).toBe(amounts.length);
        for (const [i, { x, y, width, height }] of parts.entries()) {
          expect((width * height) / (WHOLE.width * WHOLE.height)).toBeCloseTo(amounts[i]! / total, 6);
          expect(x).toBeGreaterThanOrEqual(WHOLE.x);
          expect(y).toBeGreaterThanOrEqual(WHOLE.y);
          expect(x + width).toBeLessThan(WHOLE.x + WHOLE.width + 1e-6);
          expect(y + height).toBeLessThan(WHOLE.y + WHOLE.height + 1e-6);
          for (const other of parts.slice(i + 1)) {
            const across = Math.min(x + width, other.x + other.width) - Math.max(x, other.x);
            const down = Math.min(y + height, other.y + other.height) - Math.max(y, other.y);
            expect(Math.min(across, down)).toBeLessThan(1e-6);
          }
        }
      },
    ),
    { numRuns: 100 },
  );
});
