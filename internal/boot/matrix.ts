import { runTogether } from "../base/run-together.ts";
import type { BootResult, BootWay } from "./boot-result.ts";

/**
 * Boots in each of the ways, at most `atOnce` together, and returns the results in the order of the ways. A
 * failed boot is a result. After the first error it ends the other boots, waits for them, and throws the error.
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
  async function worker(): Promise<void> {
    while (next < ways.length && !stop.signal.aborted) {
      const index = next++;
      results[index] = await boot(ways[index]!, either);
    }
  }
  const workers = Array.from({ length: Math.max(1, atOnce) }, () => worker);
  await runTogether(workers, () => stop.abort());
  return results;
}
