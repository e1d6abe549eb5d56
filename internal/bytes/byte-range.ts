/** A range of bytes in a file, a disk, an ISO or a part of one. Both numbers are in bytes. */
export interface ByteRange {
  readonly start: number;
  readonly length: number;
}

/** A file of the host that is open for reading. */
export interface OpenedFile {
  readonly fd: number;
  /** Its name in messages. */
  readonly path: string;
}

/** A range of an open file. The file stays open until the receiver of the range asks for the next one. */
export interface FileRange extends ByteRange {
  readonly file: OpenedFile;
}

/** A range of an open file. Its owner must dispose of it. */
export interface HeldRange extends FileRange, Disposable {}

/** A range of a file that another owner closes. */
export function lent(range: FileRange): HeldRange {
  return { ...range, [Symbol.dispose]: () => undefined };
}
