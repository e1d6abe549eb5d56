import type { BootResult, BootWay } from "./boot-result.ts";

/**
 * Boots in each of the ways, `atOnce` at a time, and gives the results in the order of the ways. The first error
 * (not: failed boot) ends what is under way, and is thrown once all of it has ended.
 */
export async function bootMatrix(
  ways: readonly BootWay[],
  {
    boot,
    atOnce,
    signal,
  }: {
    boot: (way: BootWay, signal: AbortSignal) => Promise<BootResult>;
    atOnce: number;
    signal: AbortSignal;
  },
): Promise<BootResult[]> {
  const results: BootResult[] = [];
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  let next = 0;
  let first: { error: unknown } | undefined;
  async function worker(): Promise<void> {
    while (next < ways.length && first === undefined) {
      const index = next++;
      try {
        results[index] = await boot(ways[index]!, either);
      } catch (error) {
        first ??= { error };
        stop.abort();
      }
    }
  }
  await Promise.all(Array.from({ length: Math.max(1, atOnce) }, worker));
  if (first !== undefined) throw (first as { error: unknown }).error;
  return results;
}
