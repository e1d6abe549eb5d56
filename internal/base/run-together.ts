type Results<W extends readonly (() => unknown)[]> = { -readonly [K in keyof W]: Awaited<ReturnType<W[K]>> };

/**
 * Starts all works, waits until each has ended, and returns their results. When the first one throws, `cancel` is
 * called to stop the others. Its error is thrown once all have ended: no work continues after the caller has the error.
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
