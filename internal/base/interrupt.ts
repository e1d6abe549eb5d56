import { PlatterError } from "./error.ts";

/** The user, or a signal, stopped what was under way. */
export function interrupted(what: string): PlatterError {
  return new PlatterError({
    code: "E_INTERRUPTED",
    kind: "interrupted",
    message: `Interrupted during ${what}`,
  });
}

/** Stops work that was called off. @throws PlatterError `E_INTERRUPTED` */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof PlatterError ? signal.reason : interrupted(what);
}
