import { PlatterError } from "./error.ts";

/** The error that the user, or a signal, stopped the run. */
export function interrupted(what?: string): PlatterError {
  return new PlatterError({
    code: "E_INTERRUPTED",
    kind: "interrupted",
    message: what === undefined ? "Interrupted" : `Interrupted during ${what}`,
  });
}

/** Throws if the signal is aborted. @throws PlatterError `E_INTERRUPTED` */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted !== true) return;
  throw signal.reason instanceof PlatterError ? signal.reason : interrupted(what);
}
