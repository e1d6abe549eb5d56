import { constants, existsSync } from "node:fs";
import { copyFile, link, lstat, mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf } from "../../base/machine-error.ts";
import { HeldFolder } from "../../files/held-folder.ts";
import { writeError, writeInHeldFolder } from "../../files/whole-file.ts";
import type { KnownFile } from "../../reuse/known-files.ts";
import { CACHE_VERSION, printRecord, readRecord, readRecordedSize } from "./cache-record.ts";
import { openBlocks } from "./cached-blocks.ts";
import { reportSwept } from "./claim.ts";
import { fileChecksum } from "./file-checksum.ts";

/** Name of an entry's folder. */
const entryName = (key: string) => `v${CACHE_VERSION}-${key}`;
/** Folders of entries of all versions. Entries of other versions are listed and removed too. */
const ENTRY = /^v\d+-[0-9a-f]{64}$/;
const ARTIFACT = "artifact";
const RECORD = "entry.json";
/** File name of the index of the artifact's blocks. Entries of other kinds and of older versions do not have it. */
const BLOCKS = "blocks";
/** Name of an entry in the temporary folder in which it is made or removed. */
const UNFINISHED = "entry";
/**
 * Limits of the blocks that are searched and of the artifacts that are open for them. Each block needs about 60 bytes
 * of memory.
 */
const MOST_BLOCKS = 2 ** 19;
const MOST_FILES = 64;
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
  readonly #options: CacheOptions;

  private constructor(path: string, options: CacheOptions) {
    this.path = path;
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
    const entry = this.#entry(key);
    const record = readRecord(`${entry}/${RECORD}`);
    if (record === "absent" && !existsSync(entry)) return "absent";
    try {
      if (typeof record === "string" || record.key !== key) throw new Damaged();
      await writeInHeldFolder(output, {
        code: "E_WORK",
        write: async (partial) => {
          try {
            if ((await lstat(`${entry}/${ARTIFACT}`)).isFile() === false) throw new Damaged();
            await linkOrCopy(`${entry}/${ARTIFACT}`, partial);
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
      await this.#remove(entry).catch(() => undefined);
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
    const entries = (await this.#entries()).sort((a, b) => b.used - a.used);
    const files: KnownFile[] = [];
    let blocks = 0;
    for (const { path } of entries) {
      const size = readRecordedSize(`${path}/${RECORD}`);
      const file =
        size && openBlocks({ artifact: `${path}/${ARTIFACT}`, size, index: `${path}/${BLOCKS}` }, identity);
      if (!file) continue;
      blocks += file.blocks.count;
      const onDamaged = () => {
        warn(`An entry in \`${this.path}\` is damaged, so platter compresses its blocks again`);
        this.#remove(path).catch(() => undefined);
      };
      files.push({ ...file, onUsed: () => void this.#touch(path), onDamaged });
      if (blocks > MOST_BLOCKS || files.length === MOST_FILES) break;
    }
    return files;
  }

  /**
   * Stores a file under a key, with the index of its blocks if it has one. A file that is larger than the limit of the
   * cache is not stored.
   */
  async store(key: string, file: string, blocks?: Uint8Array | undefined): Promise<void> {
    const length = (await stat(file)).size;
    if (length + (blocks?.length ?? 0) > this.#options.limit) return;
    const entry = this.#entry(key);
    using folder = HeldFolder.create(this.path);
    const part = `${folder.path}/${UNFINISHED}`;
    try {
      await mkdir(part);
      await linkOrCopy(file, `${part}/${ARTIFACT}`);
      if (blocks !== undefined) await writeFile(`${part}/${BLOCKS}`, blocks);
      const checksum = await fileChecksum(file);
      await writeFile(`${part}/${RECORD}`, printRecord({ key, size: length, checksum }));
      await rename(part, entry);
    } catch (error) {
      // Another run stored an entry with this key first.
      if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    }
    await this.#shrink({ limit: this.#options.limit, spared: entry });
  }

  /** All entries. The most recently used is first. @throws PlatterError `E_CACHE` */
  async list(): Promise<CacheEntry[]> {
    try {
      return (await this.#entries()).sort((a, b) => b.used - a.used);
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  /** Removes the least recently used entries above `limit` bytes. Returns them. @throws PlatterError `E_CACHE` */
  async prune(limit: number): Promise<CacheEntry[]> {
    try {
      return await this.#shrink({ limit, spared: undefined });
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  #entry(key: string): string {
    return `${this.path}/${entryName(key)}`;
  }

  /** All entries, in no order. */
  async #entries(): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    for (const name of await readdir(this.path)) {
      if (!ENTRY.test(name)) continue;
      const path = `${this.path}/${name}`;
      const artifact = await statOf(`${path}/${ARTIFACT}`);
      const record = await statOf(`${path}/${RECORD}`);
      const blocks = await statOf(`${path}/${BLOCKS}`);
      const size = (artifact?.size ?? 0) + (blocks?.size ?? 0);
      // An incomplete entry has the time 0, so it is removed first.
      entries.push({ path, size, used: artifact && record ? record.mtimeMs : 0 });
    }
    return entries;
  }

  /** Removes the least recently used entries until the rest is within the limit. Returns the removed entries. */
  async #shrink(options: { limit: number; spared: string | undefined }): Promise<CacheEntry[]> {
    const entries = await this.#entries();
    const removed: CacheEntry[] = [];
    let total = entries.reduce((sum, { size }) => sum + size, 0);
    for (const entry of entries.sort((a, b) => a.used - b.used)) {
      if (total <= options.limit) break;
      if (entry.path === options.spared) continue;
      await this.#remove(entry.path);
      removed.push(entry);
      total -= entry.size;
    }
    return removed;
  }

  /** Records that the entry was used now. */
  async #touch(entry: string): Promise<void> {
    const now = new Date(this.#options.now());
    await utimes(`${entry}/${RECORD}`, now, now).catch(() => undefined);
  }

  /** Moves an entry away by a rename, so that no run reads half of it, and then removes its files. */
  async #remove(entry: string): Promise<void> {
    using folder = HeldFolder.create(this.path);
    await rename(entry, `${folder.path}/${UNFINISHED}`).catch((error) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
  }
}

/** One entry of a cache. */
export interface CacheEntry {
  /** Host path of its folder. */
  path: string;
  /** Bytes of its files. */
  size: number;
  /** Time of the last use in milliseconds since 1970. 0 if the entry is incomplete. */
  used: number;
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

function statOf(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  return stat(path).catch(() => undefined);
}
