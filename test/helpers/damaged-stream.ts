import { expect } from "bun:test";
import { decompressed } from "../../internal/compression/decompress.ts";
import { contentOf, failureOf, pieces } from "./images/memory-layers.ts";

/** Expects that a compressed stream that is cut off at four places, or has a changed byte, ends with an error that names it. */
export async function expectDamageNamed(packed: Buffer): Promise<void> {
  const flipped = Buffer.from(packed);
  flipped[packed.length >> 1] = (flipped[packed.length >> 1] as number) ^ 0xff;
  for (const bad of [
    packed.subarray(0, packed.length - 10),
    packed.subarray(0, packed.length - 1),
    packed.subarray(0, 20),
    packed.subarray(0, 5),
    flipped,
  ]) {
    const failure = await failureOf(contentOf(decompressed(pieces(bad, 1000), { name: "blob 123" })));
    expect(failure).toMatchObject({ code: "E_BLOB_CORRUPT", kind: "contract" });
    expect(String(failure)).toContain("blob 123");
  }
}
