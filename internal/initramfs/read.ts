import { throwIfAborted } from "../base/interrupt.ts";
import { ByteCursor } from "../bytes/byte-cursor.ts";
import { type ArchiveOptions, type Member, readArchives, skipZeros } from "./cpio.ts";
import { decompressSegment } from "./decompress-segment.ts";
import { broken, closed } from "./problem.ts";
import { MAGIC_LENGTH, segmentFormat } from "./segment.ts";

/** Limits for reading one initramfs. The largest ones in use are far smaller. */
interface InitramfsLimits {
  segments: number;
  members: number;
  /** The most bytes of decompressed segments. */
  decompressed: number;
}

const LIMITS: InitramfsLimits = { segments: 64, members: 500_000, decompressed: 4 * 1024 ** 3 };

export interface InitramfsOptions {
  /** Whether a file's content is wanted. */
  wants: ArchiveOptions["wants"];
  signal: AbortSignal;
  limits?: InitramfsLimits;
}

/**
 * The members of an initramfs in their order (Documentation/driver-api/early-userspace/buffer-format.rst): plain and
 * compressed archives, with zeros between them. Only yielded members are kept.
 * @throws InitramfsProblem, PlatterError `E_INTERRUPTED`, and any error of the input
 */
export async function* initramfsMembers(
  input: AsyncIterable<Uint8Array>,
  options: InitramfsOptions,
): AsyncGenerator<Member> {
  const { signal, limits = LIMITS } = options;
  let members = 0;
  const archive: ArchiveOptions = {
    wants: options.wants,
    count: () => {
      throwIfAborted(signal, "inspect");
      if (++members > limits.members) throw closed(`has more than ${limits.members} files`);
    },
  };
  const budget = { left: limits.decompressed, of: limits.decompressed };
  await using cursor = new ByteCursor(input);
  for (let segments = 1; await skipZeros(cursor); segments++) {
    if (segments > limits.segments) throw closed(`has more than ${limits.segments} parts`);
    const place = cursor.position;
    const start = await cursor.read(MAGIC_LENGTH);
    cursor.unread(start);
    const format = segmentFormat(start);
    if (format === undefined)
      throw broken(`has something unknown at byte ${place}, beginning with ${hexOf(start)}`);
    if (format === "cpio") {
      yield* readArchives(cursor, archive);
      continue;
    }
    const content = decompressSegment(cursor, format);
    await using inner = new ByteCursor(within(content, { budget, signal }));
    yield* readArchives(inner, { ...archive, within: ` of the ${format} data, decompressed` });
    if (await inner.more())
      throw broken(`has data that is not an archive in the ${format} data at byte ${place}`);
  }
}

/** Limits the decompressed size, for small files that expand without end. */
async function* within(
  content: AsyncIterable<Uint8Array>,
  { budget, signal }: { budget: { left: number; of: number }; signal: AbortSignal },
): AsyncGenerator<Uint8Array> {
  for await (const chunk of content) {
    throwIfAborted(signal, "inspect");
    budget.left -= chunk.length;
    if (budget.left < 0) throw closed(`has more than ${budget.of} bytes when decompressed`);
    yield chunk;
  }
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes)
    .toString("hex")
    .replace(/..(?=.)/g, "$& ");
}
