import type { ByteCursor } from "../bytes/byte-cursor.ts";
import { broken } from "./problem.ts";

/** Layout of a header: magic and thirteen numbers of eight hexadecimal digits (buffer-format, "cpio header"). */
const HEADER = 110;
const [MODE, FILE_SIZE, NAME_SIZE] = [14, 54, 94];
/** The kernel skips a member with a longer name. */
const MAX_NAME = 4096;
const TRAILER = "TRAILER!!!";
/** The digit that a header begins with. */
const ZERO = 0x30;
const PADDING = Buffer.alloc(64 * 1024);

/** One name in an initramfs. */
export interface Member {
  /** Path without leading `./` and `/`, with one character for each byte. */
  name: string;
  /** File type and permissions, as in stat(2). */
  mode: number;
  /** Bytes. */
  size: number;
  /** Its content, if `wants` asked for it. */
  content: Uint8Array | undefined;
}

export interface ArchiveOptions {
  /** Whether a member's content is wanted; only asked for regular files. */
  wants: (name: string, size: number) => boolean;
  /** Counts one member; throws if there are too many. */
  count: () => void;
  /**
   * The name of the container of the archives, if that is not the initramfs itself. It follows the offset in problems.
   */
  within?: string;
}

/**
 * The members of newc archives (`070701`, `070702`), one after the other with zeros between them, up to the first byte
 * that is neither a zero nor the beginning of a header. The trailer is not a member.
 * @throws InitramfsProblem
 */
export async function* readArchives(cursor: ByteCursor, options: ArchiveOptions): AsyncGenerator<Member> {
  while (await skipZeros(cursor)) {
    if (peek(cursor) !== ZERO) return;
    const member = await readMember(cursor, options);
    if (member !== undefined) yield member;
  }
}

/** Skips zeros; false at the end of the stream. */
export async function skipZeros(cursor: ByteCursor): Promise<boolean> {
  while (await cursor.more()) {
    const piece = cursor.piece(PADDING.length);
    if (PADDING.subarray(0, piece.length).equals(piece)) continue;
    cursor.unread(piece.subarray(piece.findIndex((byte) => byte !== 0)));
    return true;
  }
  return false;
}

/** The next byte, which {@link skipZeros} has found. */
function peek(cursor: ByteCursor): number {
  const piece = cursor.piece(1);
  cursor.unread(piece);
  return piece[0]!;
}

async function readMember(cursor: ByteCursor, options: ArchiveOptions): Promise<Member | undefined> {
  options.count();
  const { position } = cursor;
  const place = `byte ${position}${options.within ?? ""}`;
  if (position % 4 !== 0) throw broken(`has a cpio header at ${place}, not a multiple of 4`);
  const header = Buffer.from(await cursor.read(HEADER)).toString("latin1");
  if (header.length < HEADER) throw cutOff("header", place);
  if (!/^07070[12](?:[0-9a-f]{8}){13}$/i.test(header)) {
    throw broken(`has no cpio header of format newc at ${place}`);
  }
  const mode = hex(header, MODE);
  const size = hex(header, FILE_SIZE);
  const nameSize = hex(header, NAME_SIZE);
  const paddedName = padded(HEADER + nameSize) - HEADER;
  if (nameSize === 0 || nameSize > MAX_NAME) {
    await pass(cursor, paddedName + padded(size), place);
    return undefined;
  }
  const bytes = await cursor.read(paddedName);
  if (bytes.length < paddedName) throw cutOff("name", place);
  const name = nameOf(bytes.subarray(0, nameSize));
  if (name === TRAILER) {
    await pass(cursor, padded(size), place);
    return undefined;
  }
  if (!isFile(mode) || !options.wants(name, size)) {
    await pass(cursor, padded(size), place);
    return { name, mode, size, content: undefined };
  }
  const content = new Uint8Array(await cursor.read(size));
  if (content.length < size) throw cutOff("file", place);
  await pass(cursor, padded(size) - size, place);
  return { name, mode, size, content };
}

function isFile(mode: number): boolean {
  return (mode & 0o170000) === 0o100000;
}

function hex(header: string, at: number): number {
  return Number.parseInt(header.slice(at, at + 8), 16);
}

function padded(length: number): number {
  return Math.ceil(length / 4) * 4;
}

function nameOf(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("latin1");
  const end = text.indexOf("\0");
  return (end < 0 ? text : text.slice(0, end)).replace(/^(?:\.?\/)+/, "");
}

/** The padding after the last member may be missing. */
async function pass(cursor: ByteCursor, length: number, place: string): Promise<void> {
  if (length - (await cursor.skip(length)) > 3) throw cutOff("file", place);
}

function cutOff(what: string, place: string): Error {
  return broken(`ends within the ${what} of the member at ${place}`);
}
