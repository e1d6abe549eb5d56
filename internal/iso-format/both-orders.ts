/** Numbers that ISO 9660 records in both byte orders, the little-endian copy first (ECMA-119, 7.2.3 and 7.3.3). */

export function setBoth16(view: DataView, at: number, value: number): void {
  view.setUint16(at, value, true);
  view.setUint16(at + 2, value, false);
}

export function setBoth32(view: DataView, at: number, value: number): void {
  view.setUint32(at, value, true);
  view.setUint32(at + 4, value, false);
}
