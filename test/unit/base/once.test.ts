import { expect, test } from "bun:test";
import { once } from "../../../internal/base/once.ts";

test("once: nothing is made before the first call, and every call returns the same promise", async () => {
  let made = 0;
  const get = once(async () => ++made);
  expect(made).toBe(0);
  const [first, second] = [get(), get()];
  expect(second).toBe(first);
  expect(await first).toBe(1);
  expect(await get()).toBe(1);
  expect(made).toBe(1);
});

test("once: a failure is not tried again", async () => {
  let tries = 0;
  const get = once(async () => {
    tries++;
    throw new Error("no image");
  });
  expect(get()).rejects.toThrow("no image");
  expect(get()).rejects.toThrow("no image");
  expect(tries).toBe(1);
});
