import type { InflateRaw, ZstdDecompress } from "node:zlib";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { broken, InitramfsProblem } from "./problem.ts";
import type { SegmentFormat } from "./segment.ts";

/** Bytes given to a decompressor together. If a segment ends within them, the rest is read again. */
const PIECE = 256 * 1024;

/** How many bytes of a piece belong to the segment, and whether the segment ends after them. */
export type Follow = (piece: Uint8Array) => { length: number; isEnd: boolean };

/** A decompressor of Node, and its input. */
interface Pump {
  engine: InflateRaw | ZstdDecompress;
  /** Finds the end of the data. Without it the engine finds the end. */
  follow: Follow | undefined;
  format: SegmentFormat;
  place: number;
}

/** Decompresses through a stream of Node. */
export async function* pumped(cursor: ByteCursor, pump: Pump): AsyncGenerator<Uint8Array> {
  const { engine, format, place } = pump;
  // Without a listener, an error before the first read would end the process.
  engine.on("error", () => undefined);
  const feeding = feed(cursor, pump);
  try {
    for await (const chunk of engine as AsyncIterable<Uint8Array>) yield chunk;
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
  } catch (error) {
    engine.destroy();
    const failure = await feeding;
    if (failure !== undefined) throw failure.error;
    if (error instanceof InitramfsProblem) throw error;
    throw broken(
      `has ${format} data at byte ${place} that cannot be decompressed (${(error as Error).message})`,
    );
  } finally {
    engine.destroy();
    await feeding;
  }
}

/** Writes the data of the segment to the engine. Returns the error of the input, if there is one. */
async function feed(cursor: ByteCursor, pump: Pump): Promise<{ error: unknown } | undefined> {
  const { engine, format, place } = pump;
  const follow = pump.follow ?? ((piece) => ({ length: piece.length, isEnd: false }));
  let fed = 0;
  try {
    while (!engine.destroyed) {
      if (!(await cursor.more())) throw broken(`ends within the ${format} data that begins at byte ${place}`);
      const piece = cursor.piece(PIECE);
      const { length, isEnd } = follow(piece);
      if (length < piece.length && !isEnd) throw broken(`has no ${format} data at byte ${place}`);
      cursor.unread(piece.subarray(length));
      await written(engine, piece.subarray(0, length));
      fed += length;
      const left = pump.follow === undefined ? fed - engine.bytesWritten : 0;
      if (left > 0) cursor.unread(piece.subarray(piece.length - left));
      if (left > 0 || isEnd) break;
    }
    if (!engine.destroyed) engine.end();
    return undefined;
  } catch (error) {
    engine.destroy();
    return { error };
  }
}

/** Resolves when the engine has taken the bytes, or has ended. */
function written(engine: Pump["engine"], bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    engine.once("close", resolve);
    engine.write(bytes, () => {
      engine.off("close", resolve);
      resolve();
    });
  });
}
