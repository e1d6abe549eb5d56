import { throwIfAborted } from "../base/interrupt.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { SECTOR } from "../iso-format/units.ts";
import { findVolumeExtent, PIECE_SIZE, PieceHash } from "./isomd5.ts";
import { AREA_SIZE, decodeArea, type IsoMd5Sums } from "./text.ts";

const READ_PIECES = 32;

export interface PassOptions {
  /** Bytes done and bytes in all. */
  onProgress?: ((done: number, total: number) => void) | undefined;
  signal?: AbortSignal | undefined;
}

interface FragmentCheck {
  /** The byte range that this fragment's sum covers in addition to the sums before it. */
  from: number;
  to: number;
  ok: boolean;
}

export interface IsoMd5Check {
  /** Whether `checkisomd5` would pass it. */
  ok: boolean;
  /** Whether the file is an ISO 9660 file system at all. */
  isIso: boolean;
  /** Whether a checksum is implanted, valid or not. */
  present: boolean;
  /** Whether the whole sum is right. */
  wholeOk: boolean;
  fragments: FragmentCheck[];
  /** The range with the first damaged byte, as precisely as the fragments show it. */
  damaged: { from: number; to: number } | undefined;
  /** Whether the text has exactly the bytes that current tools write. */
  exact: boolean;
  expected: string | undefined;
  actual: string | undefined;
  /** One sentence for people. */
  message: string;
}

const NOTHING: IsoMd5Check = {
  ok: false,
  isIso: true,
  present: false,
  wholeOk: false,
  fragments: [],
  damaged: undefined,
  exact: false,
  expected: undefined,
  actual: undefined,
  message: "no checksum is implanted",
};

/**
 * Reads the ISO once and compares the sums of the whole and of the fragments with the implanted ones.
 * @throws PlatterError `E_INTERRUPTED` after an abort.
 */
export async function checkIsoMd5(source: ByteSource, options: PassOptions = {}): Promise<IsoMd5Check> {
  const extent = findVolumeExtent(await source.read(PIECE_SIZE, PIECE_SIZE));
  if (extent === undefined) return { ...NOTHING, isIso: false, message: "it is not an ISO 9660 file system" };
  const area = decodeArea(await source.read(extent.areaOffset, AREA_SIZE));
  if (area.state === "broken") return { ...NOTHING, present: true, message: area.detail };
  if (area.state !== "sums") return NOTHING;
  const { sums, exact } = area;
  const found = { ...NOTHING, present: true, exact, expected: sums.md5 };
  const total = extent.volumeSize - sums.skipSectors * SECTOR;
  if (total <= extent.areaOffset) {
    return { ...found, message: "the implanted checksum skips more than the ISO has" };
  }
  if (total > source.size) {
    const message = `the ISO is cut off: ${source.size} bytes are there, ${extent.volumeSize} should be`;
    return { ...found, damaged: { from: source.size, to: extent.volumeSize }, message };
  }
  const hash = new PieceHash({
    total,
    areaOffset: extent.areaOffset,
    fragmentCount: sums.fragmentSums.length,
  });
  const room = new Uint8Array(READ_PIECES * PIECE_SIZE);
  while (hash.offset < total) {
    throwIfAborted(options.signal, "the checking of the ISO");
    const chunk = await source.read(hash.offset, Math.min(room.length, total - hash.offset), room);
    if (chunk.length === 0) return { ...found, message: `the ISO cannot be read at byte ${hash.offset}` };
    for (let at = 0; at < chunk.length; at += PIECE_SIZE) hash.update(chunk.subarray(at, at + PIECE_SIZE));
    options.onProgress?.(hash.offset, total);
  }
  const { md5, fragmentSums } = hash.finish();
  return judge(found, { sums, actual: md5, fragmentSums, total });
}

function judge(
  found: IsoMd5Check,
  pass: { sums: IsoMd5Sums; actual: string; fragmentSums: readonly string[]; total: number },
): IsoMd5Check {
  const { sums, actual, fragmentSums, total } = pass;
  const bounds = fragmentBounds(total, fragmentSums.length);
  const fragments: FragmentCheck[] = bounds.map(({ from, to, index }) => ({
    from,
    to,
    ok: fragmentSums[index] === sums.fragmentSums[index],
  }));
  const wholeOk = actual === sums.md5;
  const firstBad = fragments.findIndex((fragment) => !fragment.ok);
  const ok = wholeOk && firstBad < 0;
  const tail = { from: fragments.at(-1)?.to ?? 0, to: total };
  const damaged = ok ? undefined : (fragments[firstBad] ?? tail);
  return {
    ...found,
    ok,
    wholeOk,
    fragments,
    damaged: damaged === undefined || wholeOk ? undefined : { from: damaged.from, to: damaged.to },
    actual,
    message: messageFor({ ok, wholeOk, damaged }),
  };
}

function messageFor(result: {
  ok: boolean;
  wholeOk: boolean;
  damaged: { from: number; to: number } | undefined;
}): string {
  if (result.ok) return "the implanted checksum is right";
  if (result.wholeOk) return "the ISO is whole, but the implanted fragment sums are damaged";
  const where =
    result.damaged === undefined ? "" : ` between bytes ${result.damaged.from} and ${result.damaged.to}`;
  return `the checksum is wrong: the ISO is damaged${where}`;
}

/**
 * The byte ranges of the fragments that the checker compares. A fragment's sum includes the piece in which the next
 * fragment begins.
 */
function fragmentBounds(total: number, count: number): { from: number; to: number; index: number }[] {
  const bounds: { from: number; to: number; index: number }[] = [];
  let from = 0;
  for (let fragment = 1, offset = 0; fragment <= count; offset += PIECE_SIZE) {
    if (offset >= total) break;
    const current = Math.floor((offset * (count + 1)) / total);
    if (current < fragment) continue;
    const to = Math.min(total, offset + PIECE_SIZE);
    bounds.push({ from, to, index: current - 1 });
    from = to;
    fragment = current + 1;
  }
  return bounds;
}
