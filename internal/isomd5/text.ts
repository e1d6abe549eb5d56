/**
 * The text in the primary volume descriptor's application use area (ECMA-119, 8.4.32) by which `checkisomd5`, and so
 * dracut's `rd.live.check`, checks a medium. The format has only isomd5sum's programs as a reference.
 */

/** Bytes from the descriptor's beginning; the area is 512 bytes long. */
export const AREA_OFFSET = 883;
export const AREA_SIZE = 512;

/** Sectors of 2048 bytes at the end that the sum does not cover. Burners may leave them unreadable. */
export const SKIP_SECTORS = 15;
export const FRAGMENT_COUNT = 20;
/** Hexadecimal digits of all fragment sums together. */
export const FRAGMENT_SUMS_LENGTH = 60;

const CLOSING = "THIS IS NOT THE SAME AS RUNNING MD5SUM ON THIS ISO!!";

export interface IsoMd5Sums {
  /** 32 hexadecimal digits. */
  md5: string;
  skipSectors: number;
  /** Whether the maker calls this medium a supported release. */
  supported: boolean;
  /** The digits of each fragment's sum; empty if the ISO does not have fragment sums. */
  fragmentSums: readonly string[];
}

/** The area's 512 bytes. */
export function encodeArea(sums: IsoMd5Sums): Uint8Array {
  const text = [
    `ISO MD5SUM = ${sums.md5}`,
    `SKIPSECTORS = ${sums.skipSectors}`,
    `RHLISOSTATUS=${sums.supported ? 1 : 0}`,
    `FRAGMENT SUMS = ${sums.fragmentSums.join("")}`,
    `FRAGMENT COUNT = ${sums.fragmentSums.length}`,
    CLOSING,
  ].join(";");
  return new TextEncoder().encode(text.padEnd(AREA_SIZE));
}

type AreaContent =
  /** The area has only spaces or NULs. */
  | { state: "blank" }
  /** The area has other content, without a checksum. */
  | { state: "foreign" }
  /** A checksum begins here, but cannot be read. */
  | { state: "broken"; detail: string }
  | {
      state: "sums";
      sums: IsoMd5Sums; // Whether the text has exactly the bytes that this version writes.;
      exact: boolean;
    };

/** Reads the content of the area. */
export function decodeArea(area: Uint8Array): AreaContent {
  const text = Buffer.from(area.buffer, area.byteOffset, area.byteLength).toString("latin1");
  if (/^[ \0]*$/.test(text)) return { state: "blank" };
  if (!/ISO MD5SUM|SKIPSECTORS|RHLISOSTATUS|FRAGMENT SUMS|FRAGMENT COUNT/.test(text))
    return { state: "foreign" };
  const md5 = /ISO MD5SUM = ([^;]{32})/.exec(text)?.[1];
  const skipSectors = numberAfter(text, "SKIPSECTORS = ");
  if (md5 === undefined || !/^[0-9a-f]{32}$/.test(md5)) return broken("no MD5 sum");
  if (skipSectors === undefined) return broken("no number of sectors to skip");
  const fragments = fragmentSumsOf(text);
  if (fragments === undefined) return broken("fragment sums that do not fit their count");
  const sums = { md5, skipSectors, supported: text.includes("RHLISOSTATUS=1"), fragmentSums: fragments };
  return { state: "sums", sums, exact: Buffer.compare(encodeArea(sums), area) === 0 };
}

function fragmentSumsOf(text: string): string[] | undefined {
  const all = /FRAGMENT SUMS = ([^;]*);/.exec(text)?.[1];
  const count = numberAfter(text, "FRAGMENT COUNT = ");
  if (all === undefined && count === undefined) return [];
  if (all === undefined || count === undefined || count < 1 || count > FRAGMENT_SUMS_LENGTH) return undefined;
  const length = Math.floor(FRAGMENT_SUMS_LENGTH / count);
  if (!/^[0-9a-f]*$/.test(all) || all.length > FRAGMENT_SUMS_LENGTH) return undefined;
  // implantisomd5 writes fewer for an ISO with fewer pieces than fragments, which checkisomd5 then fails.
  return Array.from({ length: count }, (_, index) => all.slice(index * length, (index + 1) * length));
}

function numberAfter(text: string, key: string): number | undefined {
  const digits = text.split(key)[1]?.match(/^(\d{1,9});/)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

function broken(what: string): AreaContent {
  return { state: "broken", detail: `the implanted checksum is damaged: ${what}` };
}
