import { PlatterError } from "../error.ts";

/** Stops work that was called off. @throws PlatterError `E_INTERRUPTED` */
export function throwIfAborted(signal: AbortSignal | undefined): void {
  if (signal?.aborted !== true) return;
  if (signal.reason instanceof PlatterError) throw signal.reason;
  throw new PlatterError({
    code: "E_INTERRUPTED",
    kind: "interrupted",
    message: "Interrupted while reading the image.",
  });
}
