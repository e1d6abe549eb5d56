type Results<W extends readonly (() => unknown)[]> = { -readonly [K in keyof W]: Awaited<ReturnType<W[K]>> };

/**
 * Calls all functions, waits until each has ended, and returns their results. At the first error, `cancel` is called to
 * stop the other functions. That error is thrown after all have ended, so nothing runs in the background afterwards.
 */
export async function runTogether<const W extends readonly (() => unknown)[]>(
  works: W,
  cancel: () => void = () => undefined,
): Promise<Results<W>> {
  const failures: unknown[] = [];
  const results = await Promise.all(
    works.map(async (work) => {
      try {
        return await work();
      } catch (error) {
        if (failures.push(error) === 1) cancel();
        return undefined;
      }
    }),
  );
  if (failures.length > 0) throw failures[0];
  return results as Results<W>;
}
