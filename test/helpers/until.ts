/** Milliseconds between two looks. */
const LOOK = 5;

/**
 * Waits until the condition holds, for events that nothing announces. It looks again and again, and the time-out of the
 * runner is the only limit.
 */
export async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await Bun.sleep(LOOK);
}

/** The same with a limit in milliseconds, for a caller that reports what is left. False if the limit was reached. */
export async function untilOrLate(condition: () => boolean, limit: number): Promise<boolean> {
  const end = performance.now() + limit;
  while (!condition()) {
    if (performance.now() > end) return false;
    await Bun.sleep(LOOK);
  }
  return true;
}
