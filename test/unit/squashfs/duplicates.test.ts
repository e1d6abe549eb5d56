import { expect, test } from "bun:test";
import fc from "fast-check";
import { Duplicates } from "../../../internal/squashfs/duplicates.ts";

const digestOf = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest();

test("finds what was added first, among thousands", () => {
  const texts = fc.array(fc.integer({ min: 0, max: 3000 }), { minLength: 1000, maxLength: 4000 });
  fc.assert(
    fc.property(texts, (contents) => {
      const duplicates = new Duplicates();
      const first = new Map<number, number>();
      for (const [file, content] of contents.entries()) {
        expect(duplicates.findOrAdd(digestOf(`${content}`), file)).toBe(first.get(content));
        if (!first.has(content)) first.set(content, file);
      }
    }),
    { numRuns: 10 },
  );
});

test("digests that begin alike are distinguished", () => {
  const duplicates = new Duplicates();
  const digests = Array.from({ length: 2000 }, (_, i) => {
    const digest = Buffer.alloc(32, 7);
    digest.writeUInt32LE(i, 28);
    return digest;
  });
  for (const [i, digest] of digests.entries()) expect(duplicates.findOrAdd(digest, i)).toBeUndefined();
  for (const [i, digest] of digests.entries()) expect(duplicates.findOrAdd(digest, 9999)).toBe(i);
});
