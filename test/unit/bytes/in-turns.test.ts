import { expect, test } from "bun:test";
import { setImmediate } from "node:timers/promises";
import { inTurns } from "../../../internal/bytes/chunk.ts";

async function* atOnce(): AsyncGenerator<Uint8Array> {
  for (let i = 0; i < 100; i++) yield new Uint8Array([i]);
}

test("a stream that never waits lets others have a turn at each chunk", async () => {
  let turns = 0;
  let reads = true;
  const other = (async () => {
    for (; reads; turns++) await setImmediate();
  })();
  const bytes: number[] = [];
  for await (const chunk of inTurns(atOnce())) bytes.push(...chunk);
  reads = false;
  await other;
  expect(bytes).toEqual(Array.from({ length: 100 }, (_, i) => i));
  expect(turns).toBeGreaterThanOrEqual(100);
});
