import { closeSync, openSync } from "node:fs";
import { isatty } from "node:tty";
import { PlatterError } from "../../base/error.ts";
import { throwIfAborted } from "../../base/interrupt.ts";
import { machineError } from "../../base/machine-error.ts";
import { writeAtSync } from "../../bytes/chunk.ts";

/** File descriptor of standard input. */
const STANDARD_INPUT = 0;

/** Refuses a terminal as standard input. @throws PlatterError `E_REFERENCE` */
export function requirePiped(): void {
  if (!isatty(STANDARD_INPUT)) return;
  throw new PlatterError({
    code: "E_REFERENCE",
    kind: "usage",
    message: "Cannot read an image from standard input: it is a terminal",
    hint: "Give it an archive, such as with `podman save NAME | platter build - -o os.iso`.",
  });
}

/**
 * Copies standard input into a new file of the folder, and returns its path. Reading an image needs the archive's
 * members in any order, and more than once.
 * @throws PlatterError `E_REFERENCE_KIND` if it is empty, `E_SPOOL_WRITE`, `E_INTERRUPTED`
 */
export async function spoolStandardInput(folder: string, signal: AbortSignal): Promise<string> {
  const path = `${folder}/standard-input`;
  const reader = Bun.stdin.stream().getReader();
  // Ends a read that waits for a writer.
  const cancel = () => void reader.cancel();
  signal.addEventListener("abort", cancel, { once: true });
  try {
    const fd = openSync(path, "wx");
    try {
      let isEmpty = true;
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        isEmpty &&= part.value.length === 0;
        writeAtSync(fd, part.value);
      }
      if (isEmpty && !signal.aborted) throw emptyInput();
    } finally {
      closeSync(fd);
    }
  } catch (error) {
    throw machineError(error, {
      code: "E_SPOOL_WRITE",
      message: `Cannot copy standard input to \`${path}\``,
    });
  } finally {
    signal.removeEventListener("abort", cancel);
  }
  throwIfAborted(signal, "copying standard input");
  return path;
}

/** An error about the copy, in which the name replaces its path. Other errors are returned unchanged. */
export function withoutPath(error: unknown, { path, name }: { path: string; name: string }): unknown {
  if (!(error instanceof PlatterError)) return error;
  const replace = (text: string) => text.replaceAll(`\`${path}\``, name).replaceAll(path, name);
  const { message, detail, hint, ...rest } = error.details;
  return new PlatterError({
    ...rest,
    message: replace(message),
    detail: detail?.map(replace),
    hint: hint === undefined ? undefined : replace(hint),
  });
}

function emptyInput(): PlatterError {
  return new PlatterError({
    code: "E_REFERENCE_KIND",
    kind: "usage",
    message: "Cannot read an image from standard input: it is empty",
    hint: "Look at the error of the program before the pipe.",
  });
}
