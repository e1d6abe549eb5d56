/** A point in time as FAT stores it ("Date and Time Formats"). */
export interface FatTime {
  /** Bits 15..9 years since 1980, 8..5 month, 4..0 day. */
  date: number;
  /** Bits 15..11 hour, 10..5 minute, 4..0 seconds / 2. */
  time: number;
  /** The rest of the two seconds, in units of 10 ms: 0 or 100. */
  tenths: number;
}

const EARLIEST = Date.UTC(1980, 0, 1) / 1000;
const LATEST = Date.UTC(2107, 11, 31, 23, 59, 59) / 1000;

/** Seconds since 1970 as a FAT time in UTC; a time outside 1980 to 2107 becomes the nearest end. */
export function toFatTime(seconds: number): FatTime {
  const moment = new Date(Math.min(LATEST, Math.max(EARLIEST, Math.floor(seconds))) * 1000);
  return {
    date: ((moment.getUTCFullYear() - 1980) << 9) | ((moment.getUTCMonth() + 1) << 5) | moment.getUTCDate(),
    time:
      (moment.getUTCHours() << 11) | (moment.getUTCMinutes() << 5) | Math.floor(moment.getUTCSeconds() / 2),
    tenths: (moment.getUTCSeconds() % 2) * 100,
  };
}
