/**
 * The results of all of them. A failure is thrown once each has ended, so that nothing goes on behind its caller's back:
 * with `Promise.all` a file could still appear in a folder that is being removed.
 */
export async function allDone<T extends readonly unknown[] | []>(
  works: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(works);
  return Promise.all(works);
}
