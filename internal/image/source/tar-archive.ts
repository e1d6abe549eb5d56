import { join } from "node:path";
import type { ByteRange } from "../../bytes/byte-range.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { RangeStream } from "../../bytes/range-stream.ts";
import { compressionIn } from "../../compression/compression.ts";
import { decompressed } from "../../compression/decompress.ts";
import { TarReader } from "../../tar/tar-reader.ts";
import { type Blob, storedBlob } from "../decompress/blob.ts";
import { copyToUnnamed } from "../decompress/unnamed-copy.ts";
import { type ArchiveKind, ArchiveSurvey } from "./archive-kind.ts";

/**
 * A file's bytes as plain tar. If it is not compressed, they can be skipped.
 * @throws PlatterError `E_FILE_READ`, later `E_BLOB_CORRUPT`
 */
export function tarBytes(file: OpenFile, options: { signal: AbortSignal }): AsyncIterable<Uint8Array> {
  const input = new RangeStream(file.whole(), options.signal);
  if (!isCompressed(file)) return input;
  return decompressed(input, { name: `\`${file.path}\``, signal: options.signal });
}

function isCompressed(file: OpenFile): boolean {
  return compressionIn(file.whole()) !== "none";
}

/** A tar file whose members are read in place. */
export class TarArchive implements Disposable {
  readonly #file: OpenFile;
  readonly #signal: AbortSignal;
  readonly #members: ReadonlyMap<string, ByteRange>;

  private constructor(
    readonly path: string,
    options: { file: OpenFile; signal: AbortSignal; members: ReadonlyMap<string, ByteRange> },
  ) {
    this.#file = options.file;
    this.#signal = options.signal;
    this.#members = options.members;
  }

  /**
   * Finds the offsets of the members. An archive that is compressed as a whole is decompressed into `work` first, into
   * a file without a name.
   * @throws PlatterError `E_FILE_OPEN`, `E_TAR_…`, `E_BLOB_CORRUPT`, `E_SPOOL_WRITE`
   */
  static async open(path: string, options: { work: string; signal: AbortSignal }): Promise<TarArchive> {
    const { signal } = options;
    let file = OpenFile.open(path);
    try {
      if (isCompressed(file)) {
        using compressed = file;
        const bytes = tarBytes(compressed, options);
        file = await copyToUnnamed(bytes, { work: options.work, name: "archive", path });
      }
      return new TarArchive(path, { file, signal, members: await findMembers(file, { path, signal }) });
    } catch (error) {
      file[Symbol.dispose]();
      throw error;
    }
  }

  /** The content of a member, links followed; undefined if the archive does not have it. */
  blob(
    member: string,
    options: Pick<Blob, "name"> & Partial<Pick<Blob, "digest" | "size">>,
  ): Blob | undefined {
    const range = this.#members.get(member);
    return range && storedBlob({ file: this.#file, ...range }, { ...options, signal: this.#signal });
  }

  /** The kind of the archive, by the names of its files. */
  get kind(): ArchiveKind {
    const survey = new ArchiveSurvey();
    for (const path of this.#members.keys()) if (survey.add({ path, type: "file" })) break;
    return survey.kind;
  }

  [Symbol.dispose](): void {
    this.#file[Symbol.dispose]();
  }
}

async function findMembers(
  file: OpenFile,
  options: { path: string; signal: AbortSignal },
): Promise<Map<string, ByteRange>> {
  const members = new Map<string, ByteRange>();
  const links = new Map<string, string>();
  const stream = new RangeStream(file.whole(), options.signal);
  await using reader = new TarReader(stream, { archive: `\`${options.path}\``, dialect: "archive" });
  for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
    const name = normal(member.path);
    members.delete(name);
    links.delete(name);
    if (member.type === "hard-link") links.set(name, normal(member.linkPath));
    else if (member.type === "symlink") links.set(name, normal(join("/", name, "..", member.linkPath)));
    else if (member.type === "file" && !member.sparse) {
      members.set(name, { start: member.contentOffset, length: member.size });
    }
  }
  // Old versions of Docker wrote a repeated layer as a link.
  for (const [name, target] of links) {
    const range = members.get(target);
    if (range !== undefined) members.set(name, range);
  }
  return members;
}

function normal(path: string): string {
  return join("/", path).replace(/^\/|\/$/g, "");
}
