import { writeSync } from "node:fs";
import { printable } from "../text/printable.ts";

const TAIL_LINES = 15;
/** Bytes of a call's output that go into the log. */
const MAX_LOG = 1024 * 1024;

/** Writes the output of a tool to a log, and keeps the end of the output for an error message. */
export class OutputSink {
  #tail = "";
  #stderr = "";
  readonly #log: number | undefined;
  readonly #decoder = new TextDecoder();
  /** Bytes that still go into the log. */
  #left = MAX_LOG;

  constructor(log: number | undefined) {
    this.#log = log;
  }

  line(text: string): void {
    if (this.#log !== undefined) writeSync(this.#log, `${text}\n`);
  }

  write(chunk: Uint8Array, stream?: "stderr"): void {
    if (this.#log !== undefined && this.#left > 0) {
      writeSync(this.#log, chunk.subarray(0, this.#left));
      this.#left -= chunk.length;
      if (this.#left <= 0) this.line("\n(platter leaves out the rest)");
    }
    const text = this.#decoder.decode(chunk, { stream: true });
    this.#tail = (this.#tail + text).slice(-16_384);
    if (stream === "stderr") this.#stderr = (this.#stderr + text).slice(-65_536);
  }

  get stderr(): string {
    return this.#stderr;
  }

  lastLines(): string[] {
    return lastLines(this.#tail);
  }
}

/** The end of what a tool printed, safe on a terminal: a tool may repeat texts of an untrusted image. */
export function lastLines(text: string): string[] {
  return text
    .split(/[\r\n]+/)
    .filter((line) => line.trim() !== "")
    .slice(-TAIL_LINES)
    .map((line) => printable(line.replaceAll("\t", " ")));
}
