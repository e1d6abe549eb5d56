import { constants, existsSync } from "node:fs";
import { copyFile, link, lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf } from "../../base/machine-error.ts";
import { readInput } from "../../files/open-input.ts";
import { writeError, writeInHeldFolder } from "../../files/whole-file.ts";
import type { KnownFile } from "../../reuse/known-files.ts";
import { type CacheEntry, CacheFolder, FILE, type NewEntry } from "./cache-folder.ts";
import { readRecord, readRecordedSize } from "./cache-record.ts";
import { openBlocks } from "./cached-blocks.ts";
import { reportSwept } from "./claim.ts";
import { fileChecksum } from "./file-checksum.ts";

/**
 * Limits of the blocks that are searched and of the artifacts that are open for them. Each block needs about 60 bytes
 * of memory.
 */
const MOST_BLOCKS = 2 ** 19;
const MOST_FILES = 64;
/** Most bytes of the table of a layer. */
const MOST_TABLE = 512 * 1024 * 1024;
/** Errors of reading an artifact that is another user's, or on a damaged disk. */
const UNREADABLE = ["EACCES", "EPERM", "EIO", "ELOOP"];

export interface CacheOptions {
  /** Most bytes of all entries together. */
  limit: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called with a sentence for each leftover of a killed run that was removed. */
  report: (text: string) => void;
}

/** The result of a search in the cache. */
export type Fetched = "found" | "absent" | "damaged";

/**
 * A folder of large files, each under a key that identifies its bytes. Several builds share it. Entries are added and
 * removed by a rename, so no lock is needed. A file from the cache is a hard link or a copy, so it stays if the entry
 * is removed. The least recently used entries are removed first.
 */
export class ArtifactCache {
  readonly path: string;
  readonly #folder: CacheFolder;
  readonly #options: CacheOptions;

  private constructor(path: string, options: CacheOptions) {
    this.path = path;
    this.#folder = new CacheFolder(path);
    this.#options = options;
  }

  /** Opens a folder, creating it if necessary. @throws PlatterError `E_CACHE`, `E_NO_SPACE` */
  static async open(path: string, options: CacheOptions): Promise<ArtifactCache> {
    const absolute = resolve(path);
    try {
      await mkdir(absolute, { recursive: true, mode: 0o700 });
      reportSwept(absolute, options.report);
      return new ArtifactCache(absolute, options);
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: absolute });
    }
  }

  /** Links or copies an artifact to `output`, and checks it. @throws PlatterError `E_WORK`, `E_NO_SPACE` */
  async fetch(key: string, output: string): Promise<Fetched> {
    const entry = this.#folder.entry(key);
    const record = readRecord(`${entry}/${FILE.record}`);
    if (record === "absent" && !existsSync(entry)) return "absent";
    try {
      if (typeof record === "string" || record.key !== key) throw new Damaged();
      await writeInHeldFolder(output, {
        code: "E_WORK",
        write: async (partial) => {
          try {
            if ((await lstat(`${entry}/${FILE.artifact}`)).isFile() === false) throw new Damaged();
            await linkOrCopy(`${entry}/${FILE.artifact}`, partial);
            const { size } = await stat(partial);
            if (size !== record.size || (await fileChecksum(partial)) !== record.checksum)
              throw new Damaged();
          } catch (error) {
            throw UNREADABLE.includes(errnoOf(error) ?? "") ? new Damaged() : error;
          }
        },
      });
    } catch (error) {
      // Another run removed the entry at the same time.
      if (errnoOf((error as Error).cause) === "ENOENT" && !existsSync(entry)) return "absent";
      if (!(error instanceof Damaged) && errnoOf((error as Error).cause) !== "ENOENT") throw error;
      // The entry stays if the cache cannot be written to.
      await this.#folder.remove(entry).catch(() => undefined);
      return "damaged";
    }
    await this.#touch(entry);
    return "found";
  }

  /**
   * Opens the artifacts whose blocks have this identity, the last used first. Damaged ones are left out. The caller closes
   * them. `warn` gets a sentence for each artifact that turns out to be damaged when its blocks are read.
   */
  async openBlocks(identity: string, { warn }: { warn: (text: string) => void }): Promise<KnownFile[]> {
    const entries = (await this.#folder.entries()).sort((a, b) => b.used - a.used);
    const files: KnownFile[] = [];
    let blocks = 0;
    for (const { path } of entries) {
      const size = readRecordedSize(`${path}/${FILE.record}`);
      const file =
        size &&
        openBlocks(
          {
            artifact: `${path}/${FILE.artifact}`,
            size,
            blocks: `${path}/${FILE.blocks}`,
            parts: `${path}/${FILE.parts}`,
          },
          identity,
        );
      if (!file) continue;
      blocks += file.blocks.count;
      const onDamaged = () => {
        warn(`An entry in \`${this.path}\` is damaged, so platter compresses its blocks again`);
        this.#folder.remove(path).catch(() => undefined);
      };
      files.push({ ...file, onUsed: () => void this.#touch(path), onDamaged });
      if (blocks > MOST_BLOCKS || files.length === MOST_FILES) break;
    }
    return files;
  }

  /**
   * Stores a file under a key, with the indexes of a squashfs if it is one. A file that is larger than the limit of the cache
   * is not stored.
   */
  async store(key: string, file: string, indexes?: NewEntry["indexes"]): Promise<void> {
    const write = async (artifact: string) => {
      await linkOrCopy(file, artifact);
      return { key, indexes };
    };
    await this.#add(write, "kept");
  }

  /** Stores a file that `write` writes to a path. It replaces an earlier one with the same key. */
  async storeWritten(write: (artifact: string) => Promise<NewEntry>): Promise<void> {
    await this.#add(write, "replaced");
  }

  async #add(write: (artifact: string) => Promise<NewEntry>, earlier: "kept" | "replaced"): Promise<void> {
    const { limit } = this.#options;
    const spared = await this.#folder.add(write, { limit, earlier });
    if (spared !== undefined) await this.#folder.shrink({ limit, spared });
  }

  /** The bytes of a small artifact, which are not checked. Undefined if they cannot be read. */
  read(key: string): Buffer | undefined {
    const entry = this.#folder.entry(key);
    const record = readRecord(`${entry}/${FILE.record}`);
    if (typeof record === "string" || record.key !== key) return undefined;
    try {
      const bytes = readInput(`${entry}/${FILE.artifact}`, { code: "E_CACHE", limit: MOST_TABLE });
      void this.#touch(entry);
      return bytes;
    } catch {
      // The build reads the image instead.
      return undefined;
    }
  }

  /** Stores small artifacts. They replace earlier ones with the same keys. */
  async replace(artifacts: Iterable<{ key: string; bytes: Uint8Array }>): Promise<void> {
    const { limit } = this.#options;
    for (const { key, bytes } of artifacts) {
      const write = async (artifact: string) => {
        await writeFile(artifact, bytes);
        return { key };
      };
      await this.#folder.add(write, { limit, earlier: "replaced" });
    }
    await this.#folder.shrink({ limit, spared: undefined });
  }

  /** All entries. The most recently used is first. @throws PlatterError `E_CACHE` */
  async list(): Promise<CacheEntry[]> {
    try {
      return (await this.#folder.entries()).sort((a, b) => b.used - a.used);
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  /** Removes the least recently used entries above `limit` bytes. Returns them. @throws PlatterError `E_CACHE` */
  async prune(limit: number): Promise<CacheEntry[]> {
    try {
      return await this.#folder.shrink({ limit, spared: undefined });
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  /** Records that an entry was used now. */
  async #touch(entry: string): Promise<void> {
    await this.#folder.touch(entry, this.#options.now());
  }
}

class Damaged extends Error {}

/** Makes a hard link. If that is not possible, makes a copy that shares blocks if the file system can. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  try {
    await link(from, to);
  } catch (error) {
    if (!["EXDEV", "EPERM", "EACCES", "EMLINK", "ENOTSUP", "EOPNOTSUPP"].includes(errnoOf(error) ?? ""))
      throw error;
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  }
}
