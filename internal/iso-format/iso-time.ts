/** Points in time as ISO 9660 records them, always in UTC. Parameters are seconds since 1970. */

/** Seven bytes of a directory record (ECMA-119, 9.1.5). They reach from 1900 to 2155; later times become the last one. */
export function recordTime(seconds: number): Uint8Array {
  const date = new Date(Math.min(seconds, LAST_RECORD_TIME) * 1000);
  return Uint8Array.of(
    date.getUTCFullYear() - 1900,
    date.getUTCMonth() + 1,
    date.getUTCDate(),
    date.getUTCHours(),
    date.getUTCMinutes(),
    date.getUTCSeconds(),
    0,
  );
}

const LAST_RECORD_TIME = Date.UTC(2155, 11, 31, 23, 59, 59) / 1000;

/** Seventeen bytes of a volume descriptor (ECMA-119, 8.4.26.1): 16 digits and the offset from UTC. */
export function volumeTime(seconds: number): Uint8Array {
  const digits = new Date(seconds * 1000).toISOString().replace(/[-:T]/g, "").slice(0, 14);
  return Uint8Array.of(...Buffer.from(`${digits}00`, "latin1"), 0);
}

/** The seventeen bytes for an unspecified time. */
export const NO_VOLUME_TIME: Uint8Array = Uint8Array.of(...Buffer.from("0".repeat(16), "latin1"), 0);
