/** The volume descriptors (ECMA-119, clause 8; Joliet specification, section 3; El Torito 1.0, figure 7). */
import { setBoth16, setBoth32 } from "./both-orders.ts";
import { encodeDirectoryRecord } from "./directory-record.ts";
import { NO_VOLUME_TIME, volumeTime } from "./iso-time.ts";
import { jolietPadded, padded } from "./text.ts";
import { type Extent, SECTOR } from "./units.ts";

/** First byte of a descriptor (ECMA-119, 8.1.1). */
const TYPE = { bootRecord: 0, primary: 1, supplementary: 2, terminator: 255 } as const;
/** The escape sequence of UCS-2 level 3 (Joliet specification, section 3). */
const JOLIET_ESCAPE = [0x25, 0x2f, 0x45];
const BOOT_SYSTEM = "EL TORITO SPECIFICATION";
/** The data preparer (ECMA-119, 8.4.22). */
const PREPARER = { offset: 446, length: 128, text: "PLATTER" };
/** Bytes of the application use area, which holds the checksum. */
const APPLICATION_USE = { offset: 883, length: 512 };

interface VolumeFields {
  kind: "primary" | "joliet";
  volumeId: string;
  /** Seconds since 1970. */
  time: number;
  /** Length of the volume in sectors. */
  sectors: number;
  /** Length in bytes, and the sectors of the two tables. */
  pathTable: { size: number; little: number; big: number };
  root: Extent;
}

/** A primary or a Joliet volume descriptor (ECMA-119, 8.4 and 8.5: the two have the same fields). */
export function encodeVolumeDescriptor(volume: VolumeFields): Uint8Array {
  const isJoliet = volume.kind === "joliet";
  const bytes = descriptor(isJoliet ? TYPE.supplementary : TYPE.primary);
  const view = new DataView(bytes.buffer);
  const setText = (at: number, length: number, text: string) =>
    bytes.set(isJoliet ? jolietPadded(text, length) : padded(text, length), at);
  setText(8, 32, "LINUX");
  setText(40, 32, volume.volumeId);
  setBoth32(view, 80, volume.sectors);
  if (isJoliet) bytes.set(JOLIET_ESCAPE, 88);
  setBoth16(view, 120, 1); // Volume set size.
  setBoth16(view, 124, 1); // Volume sequence number.
  setBoth16(view, 128, SECTOR);
  setBoth32(view, 132, volume.pathTable.size);
  view.setUint32(140, volume.pathTable.little, true);
  view.setUint32(148, volume.pathTable.big, false);
  const root = { extent: volume.root, identifier: Uint8Array.of(0), time: volume.time };
  bytes.set(encodeDirectoryRecord({ ...root, kind: "directory", isLast: true }), 156);
  for (const at of [190, 318]) setText(at, 128, ""); // Volume set and publisher.
  setText(PREPARER.offset, PREPARER.length, PREPARER.text);
  setText(574, 128, ""); // Application.
  for (const at of [702, 739, 776]) setText(at, 37, ""); // Copyright, abstract and bibliographic file.
  for (const at of [813, 830]) bytes.set(volumeTime(volume.time), at); // Creation and modification.
  for (const at of [847, 864]) bytes.set(NO_VOLUME_TIME, at); // Expiration and effective date.
  bytes[881] = 1; // File structure version.
  if (!isJoliet) bytes.fill(0x20, APPLICATION_USE.offset, APPLICATION_USE.offset + APPLICATION_USE.length);
  return bytes;
}

/** Names the sector of the boot catalogue. */
export function encodeBootRecord(catalog: number): Uint8Array {
  const bytes = descriptor(TYPE.bootRecord);
  bytes.set(Buffer.from(BOOT_SYSTEM, "latin1"), 7);
  new DataView(bytes.buffer).setUint32(71, catalog, true);
  return bytes;
}

/** Ends the volume descriptor set (ECMA-119, 8.3). */
export function encodeTerminator(): Uint8Array {
  return descriptor(TYPE.terminator);
}

function descriptor(type: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(SECTOR);
  bytes[0] = type;
  bytes.set(Buffer.from("CD001", "latin1"), 1);
  bytes[6] = 1;
  return bytes;
}
