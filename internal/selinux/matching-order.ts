/**
 * How libselinux chooses among matching lines. Before 3.8 the last line wins, and lines without special characters win
 * over all others. From 3.8 on, lines are kept in a tree of folders. 3.8 tries aliases from the first line to the last,
 * all other releases from the last to the first.
 */
export type MatchingOrder = "before 3.8" | "3.8" | "from 3.9";

/** Names of symbol versions in the library, the latest first (libselinux.map). */
const VERSIONS: readonly (readonly [string, MatchingOrder])[] = [
  ["LIBSELINUX_3.9", "from 3.9"],
  ["LIBSELINUX_3.8", "3.8"],
];

/** The order of a `libselinux.so.1`, determined by the symbol versions that it defines. */
export function matchingOrderOf(library: Uint8Array): MatchingOrder {
  const bytes = Buffer.from(library.buffer, library.byteOffset, library.byteLength);
  for (const [version, order] of VERSIONS) if (bytes.includes(`\0${version}\0`)) return order;
  return "before 3.8";
}
