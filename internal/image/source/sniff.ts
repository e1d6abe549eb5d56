/** The number of bytes from the start of a file that {@link sniff} needs: an ISO's first descriptor is at 32 KiB. */
export const SNIFFED = 34 * 1024;

/** A kind of file that is not an image. */
interface OtherKind {
  /** Its name with an article, as in "it is an ISO". */
  kind: string;
  /** A hint for a file of this kind; `PATH` stands for its path. */
  hint: string;
}

const FROM_IMAGE = "Name the container image that it was made from.";
const DISK = "Name a container image: platter does not read disk images.";

/** Magic numbers by their offset, the more certain ones first. */
const MAGIC: readonly (readonly [number, string, OtherKind])[] = [
  [32769, "CD001", { kind: "an ISO", hint: `${FROM_IMAGE} To check the ISO, run \`platter verify PATH\`.` }],
  [0, "hsqs", { kind: "a squashfs", hint: "Unpack it with `unsquashfs -d DIR PATH`, and name `dir:DIR`." }],
  [1024, "\xe2\xe1\xf5\xe0", { kind: "an erofs", hint: "Mount it on a folder, and name `dir:FOLDER`." }],
  [
    0,
    "PK\x03\x04",
    { kind: "a zip archive", hint: "Unpack it with `unzip PATH`, and name the image in it." },
  ],
  [0, "PK\x05\x06", { kind: "an empty zip archive", hint: FROM_IMAGE }],
  [0, "7z\xbc\xaf\x27\x1c", { kind: "a 7z archive", hint: "Unpack it, and name the image in it." }],
  [0, "QFI\xfb", { kind: "a qcow2 disk image", hint: DISK }],
  [0, "vhdxfile", { kind: "a VHDX disk image", hint: DISK }],
  [0, "KDMV", { kind: "a VMDK disk image", hint: DISK }],
  [512, "EFI PART", { kind: "a raw disk image", hint: DISK }],
  [0, "\x7fELF", { kind: "a program (ELF)", hint: "Name the container image itself." }],
  [0, "MZ", { kind: "a program (PE)", hint: "Name the container image itself." }],
  [0, "!<arch>\n", { kind: "a Debian package or a library", hint: "Name the container image itself." }],
  [0, "\xed\xab\xee\xdb", { kind: "an RPM package", hint: "Name the container image itself." }],
  [1080, "\x53\xef", { kind: "an ext4 file system", hint: "Mount it on a folder, and name `dir:FOLDER`." }],
];

const EMPTY: OtherKind = {
  kind: "an empty file",
  hint: "Write the image again, and check that it is complete.",
};
const TEXT: OtherKind = { kind: "a text file", hint: "Name the container image itself." };
const UNKNOWN: OtherKind = {
  kind: "a file of a kind that platter does not know",
  hint: "Name the container image itself.",
};
const MBR: OtherKind = { kind: "a raw disk image", hint: DISK };

/** The kind of a file that begins with these bytes, decompressed; undefined for a tar archive. */
export function sniff(start: Uint8Array): OtherKind | undefined {
  if (start.length === 0) return EMPTY;
  const bytes = Buffer.from(start.buffer, start.byteOffset, start.length);
  const has = (at: number, magic: string) => bytes.toString("latin1", at, at + magic.length) === magic;
  if (has(257, "ustar")) return undefined;
  const known = MAGIC.find(([at, magic]) => has(at, magic))?.[2];
  if (known !== undefined) return known;
  if (isText(bytes)) return TEXT;
  if (has(510, "\x55\xaa")) return MBR;
  return isTarHeader(bytes) ? undefined : UNKNOWN;
}

/**
 * Whether a tar archive without a magic number may begin with these bytes: its checksum has octal digits, or it does
 * not have members.
 */
function isTarHeader(start: Buffer): boolean {
  const header = start.subarray(0, 512);
  return header.every((byte) => byte === 0) || /^ *[0-7]+[ \0]*$/.test(header.toString("latin1", 148, 156));
}

/** Whether the bytes are UTF-8 without control characters other than white space. */
function isText(start: Uint8Array): boolean {
  // The last character may be cut off.
  const text = new TextDecoder("utf-8").decode(start, { stream: true });
  return !/[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f\ufffd]/.test(text);
}
