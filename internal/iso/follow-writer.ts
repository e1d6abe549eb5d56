import { readAtOnce } from "../chunk.ts";
import { positionOf } from "../file-space.ts";

/** Bytes that are read back at once. */
const BLOCK = 1024 * 1024;
/** Milliseconds between two looks at a writer that is not far enough. */
const PAUSE = 2;
/** Milliseconds of work after which signals and timers get their turn. */
const TURN = 30;

export interface FollowedFile {
  /** Open for reading and writing; the writer writes through the same description, in order. */
  readonly fd: number;
  readonly path: string;
}

export interface Follower {
  /** Takes the bytes in their order, in blocks; undefined where nobody wants them. A block is filled anew after that. */
  take: ((block: Uint8Array) => void) | undefined;
  /** Is told, every now and then and at the end, how many bytes are written. */
  reached: (size: number) => void | Promise<void>;
}

/**
 * Follows a program that writes a file until it ends: reads the bytes close behind it, while they are still in the page
 * cache. The result is how many it wrote.
 * @throws whatever `writer` rejects with, `E_FILE_READ`, and what the follower throws, once the writer has ended
 */
export async function followWriter(
  writer: Promise<unknown>,
  file: FollowedFile,
  { take, reached }: Follower,
): Promise<number> {
  let state = "writing" as "writing" | "done" | "failed";
  const ended = writer.then(
    () => {
      state = "done";
    },
    () => {
      state = "failed";
    },
  );
  const block = new Uint8Array(BLOCK);
  let turn = performance.now();
  let taken = 0;
  try {
    for (;;) {
      // Asked before the position: what is there after the end is all.
      const isDone = state === "done";
      const size = positionOf(file.fd);
      await reached(size);
      const ready = isDone ? size : size - (size % BLOCK);
      if (take !== undefined && taken < ready) {
        const target = block.subarray(0, Math.min(BLOCK, ready - taken));
        readAtOnce(file, { target, at: taken });
        take(target);
        taken += target.length;
      } else if (isDone) return size;
      else await Promise.race([ended, Bun.sleep(PAUSE)]);
      // Throws why.
      if (state === "failed") await writer;
      if (performance.now() - turn < TURN) continue;
      await new Promise(setImmediate);
      turn = performance.now();
    }
  } finally {
    await writer;
  }
}
