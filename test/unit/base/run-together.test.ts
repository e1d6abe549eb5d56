import { expect, test } from "bun:test";
import { runTogether } from "../../../internal/base/run-together.ts";

test("runTogether: returns the results in the works' order", async () => {
  const first = Promise.withResolvers<number>();
  const works = [
    () => first.promise,
    () => 2,
    async () => {
      first.resolve(1);
      return "three";
    },
  ] as const;
  expect(await runTogether(works)).toEqual([1, 2, "three"]);
  expect(await runTogether([])).toEqual([]);
});

test("runTogether: starts no work before the ones listed earlier", async () => {
  const started: number[] = [];
  await runTogether([1, 2, 3].map((number) => () => started.push(number)));
  expect(started).toEqual([1, 2, 3]);
});

test("runTogether: the first error cancels the others and is thrown once all have ended", async () => {
  const cancelled = Promise.withResolvers<void>();
  const events: string[] = [];
  const stopped = async (name: string) => {
    await cancelled.promise;
    events.push(`${name} ended`);
    throw new Error(`${name} was cancelled`);
  };
  const running = runTogether(
    [
      () => stopped("one"),
      async () => {
        await Bun.file(import.meta.path).text();
        throw new Error("the cause");
      },
      () => stopped("three"),
    ],
    () => {
      events.push("cancel");
      cancelled.resolve();
    },
  );
  expect(await running.catch((error: Error) => error.message)).toBe("the cause");
  expect(events).toEqual(["cancel", "one ended", "three ended"]);
});

test("runTogether: a work that throws synchronously is a failure as well", async () => {
  let ended = false;
  const works = [
    () => {
      throw new Error("synchronous");
    },
    async () => {
      await Promise.resolve();
      ended = true;
    },
  ];
  expect(await runTogether(works).catch((error: Error) => error.message)).toBe("synchronous");
  expect(ended).toBe(true);
});
