import { DataProblem } from "../base/data-problem.ts";
import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { LzmaDecoder } from "./decode.ts";
import type { Window } from "./window.ts";

/** A chunk with at least this control byte is compressed. Two bits above five bits of its size select the reset. */
const COMPRESSED = 0x80;

/**
 * Decompresses LZMA2 data from a cursor up to its end mark, through a window that is empty. Each chunk that is yielded
 * belongs to the caller.
 * @throws DataProblem, and any error of the cursor's source
 */
export async function* lzma2(cursor: ByteCursor, window: Window): AsyncGenerator<Uint8Array> {
  const decoder = new LzmaDecoder(window);
  /** The next chunk must reset the dictionary, or have properties, or reset the state, or may be any chunk. */
  let needs: "dictionary" | "properties" | "state" | "nothing" = "dictionary";
  for (;;) {
    const [control] = await exactly(cursor, 1);
    if (control === 0) return;
    const isCompressed = control! >= COMPRESSED;
    const resets = isCompressed ? (control! >> 5) & 3 : 0;
    if (control === 1 || resets === 3) {
      window.reset();
      decoder.resetPosition();
      needs = "properties";
    } else if (needs === "dictionary" || (!isCompressed && control !== 2))
      throw new DataProblem("has an LZMA2 chunk of an unknown kind");
    const header = await exactly(cursor, isCompressed ? 4 : 2);
    const length = (isCompressed ? (control! & 0x1f) << 16 : 0) + ((header[0]! << 8) | header[1]!) + 1;
    const from = window.reserve(length);
    if (isCompressed) {
      const size = ((header[2]! << 8) | header[3]!) + 1;
      if (resets >= 2) decoder.reset(propertiesOf((await exactly(cursor, 1))[0]!));
      else if (needs === "properties") throw new DataProblem("has an LZMA2 chunk without properties");
      else if (resets === 1) decoder.reset();
      else if (needs === "state") throw new DataProblem("has an LZMA2 chunk without a state");
      needs = "nothing";
      const used = decoder.decode(await exactly(cursor, size), length);
      if (used !== size) throw new DataProblem("has an LZMA2 chunk of another length than it says");
    } else {
      window.append(await exactly(cursor, length));
      decoder.skip(length);
      if (needs === "nothing") needs = "state";
    }
    yield window.bytes.slice(from, from + length);
  }
}

function propertiesOf(byte: number) {
  const [lc, lp, pb] = [byte % 9, Math.floor(byte / 9) % 5, Math.floor(byte / 45)] as const;
  if (pb > 4 || lc + lp > 4) throw new DataProblem("has properties that LZMA2 does not allow");
  return { lc, lp, pb };
}

/** The next bytes, as many as asked for. @throws DataProblem */
export async function exactly(cursor: ByteCursor, length: number): Promise<Uint8Array> {
  const bytes = await cursor.read(length);
  if (bytes.length < length) throw new DataProblem("ends too early");
  return bytes;
}
