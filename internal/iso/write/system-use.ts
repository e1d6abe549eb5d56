import {
  encodeExtension,
  encodeName,
  encodePosixAttributes,
  encodeSharingProtocol,
  encodeTimes,
  MODE,
} from "../../iso-format/rock-ridge.ts";

/**
 * The system use entries of a record in their order. `name` is empty for `.` and `..`; the root's own `.` also
 * announces Rock Ridge.
 */
export function rockRidgeEntries(entry: {
  name: string;
  kind: "file" | "directory";
  isRootSelf: boolean;
  time: number;
}): Uint8Array[] {
  const attributes = [encodePosixAttributes(MODE[entry.kind]), encodeTimes(entry.time)];
  if (entry.isRootSelf) return [encodeSharingProtocol(), ...attributes, encodeExtension()];
  if (entry.name === "") return attributes;
  return [...attributes, encodeName(new TextEncoder().encode(entry.name))];
}
