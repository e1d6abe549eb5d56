import type { Transform } from "node:stream";
import { collectGarbage } from "../base/collect-garbage.ts";
import { PlatterError } from "../base/error.ts";
import { corrupt } from "./compression-error.ts";
import type { ZstdFrames } from "./zstd-frames.ts";

/**
 * Bytes of one output chunk, and bytes buffered before and after the engine's thread, which keep it busy while this thread
 * does other work. If many layers are open, smaller buffers save memory.
 */
const PIECES = {
  few: { chunkSize: 1024 * 1024, highWaterMark: 2 * 1024 * 1024 },
  many: { chunkSize: 256 * 1024, highWaterMark: 256 * 1024 },
};
/** Streams that may be open together with large buffers. */
const FEW = 4;

let open = 0;

/** Bytes of output after which all objects are collected if many streams are open. */
const COLLECT_AFTER = 128 * 1024 * 1024;

let sinceCollection = 0;

/**
 * The stream decompressed by an engine of Node's on another thread. `frames` checks whether a zstd stream is complete.
 * @throws PlatterError `E_BLOB_CORRUPT`, `E_COMPRESSION_WINDOW`; any error of the input
 */
export async function* inflated(
  input: AsyncIterable<Uint8Array>,
  create: (options: typeof PIECES.few) => Transform,
  options: { name: string; frames?: ZstdFrames },
): AsyncGenerator<Uint8Array> {
  const consumer = { isGone: false };
  const engine = create(open++ < FEW ? PIECES.few : PIECES.many);
  const feeding = feed(input, engine, { consumer, frames: options.frames });
  try {
    for await (const chunk of engine as AsyncIterable<Uint8Array>) {
      yield chunk;
      sinceCollection += chunk.length;
      if (open <= FEW || sinceCollection < COLLECT_AFTER) continue;
      sinceCollection = 0;
      collectGarbage("all");
    }
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
    if (options.frames?.isWhole === false) throw corrupt(options.name, new Error("it ends in the middle"));
  } catch (cause) {
    consumer.isGone = true;
    engine.destroy();
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
    throw cause instanceof PlatterError ? cause : corrupt(options.name, cause as Error);
  } finally {
    open--;
    consumer.isGone = true;
    engine.destroy();
    await feeding;
  }
}

/** Gives the engine its input, and reads all input even if the engine ends earlier. Returns the error of the input. */
async function feed(
  input: AsyncIterable<Uint8Array>,
  engine: Transform,
  options: { consumer: { readonly isGone: boolean }; frames: ZstdFrames | undefined },
): Promise<{ error: unknown } | undefined> {
  const events = ["drain", "end", "error", "close"];
  let wake = () => {};
  const onEvent = () => wake();
  for (const event of events) engine.on(event, onEvent);
  try {
    for await (const chunk of input) {
      if (options.consumer.isGone) break;
      options.frames?.add(chunk);
      // The engine does not need the bytes after the last member.
      if (engine.readableEnded || engine.destroyed || engine.write(chunk)) continue;
      await new Promise<void>((resolve) => {
        wake = resolve;
        if (!engine.writableNeedDrain || engine.destroyed || engine.readableEnded) resolve();
      });
    }
    if (!engine.destroyed) engine.end();
    return undefined;
  } catch (error) {
    engine.destroy();
    return { error };
  }
}
