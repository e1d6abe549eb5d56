import { expect, test } from "bun:test";
import { allDone } from "../../internal/all-done.ts";

test("gives the results in their order", async () => {
  expect(await allDone([Promise.resolve(1), 2, Promise.resolve("three")])).toEqual([1, 2, "three"]);
  expect(await allDone([])).toEqual([]);
});

test("throws the first failure in their order, once each has ended", async () => {
  let ended = 0;
  const later = async (milliseconds: number, failure?: string) => {
    await Bun.sleep(milliseconds);
    ended++;
    if (failure !== undefined) throw new Error(failure);
  };
  const works = [later(30), later(20, "second"), later(1, "third"), later(40)];
  expect(await allDone(works).catch((error: Error) => error.message)).toBe("second");
  expect(ended).toBe(4);
});
