import { constants, existsSync } from "node:fs";
import { copyFile, link, lstat, mkdir, stat, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { errnoOf } from "../../base/machine-error.ts";
import type { CacheContent } from "../../documents/cache-document.ts";
import { readInput } from "../../files/open-input.ts";
import { writeError, writeInHeldFolder } from "../../files/whole-file.ts";
import { contentOf } from "./cache-content.ts";
import { type CacheEntry, CacheFolder, FILE, type NewEntry } from "./cache-folder.ts";
import { readRecord, UNREADABLE } from "./cache-record.ts";
import { type CachedBlocks, openBlocks } from "./cached-blocks.ts";
import { reportSwept } from "./claim.ts";
import { fileChecksum } from "./file-checksum.ts";

/**
 * Limits of the blocks that are searched and of the artifacts that are open for them. Each block needs about 60 bytes
 * of memory. Blocks beyond the limits are compressed again, and become part of a new artifact.
 */
const MOST_BLOCKS = 2 ** 19;
const MOST_FILES = 256;
/** Most bytes of the table of a layer. */
const MOST_TABLE = 512 * 1024 * 1024;

export interface CacheOptions {
  /** Most bytes of all entries together. */
  limit: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called with a sentence for each leftover of a killed run that was removed. */
  report: (text: string) => void;
}

/** An entry and the kind of its artifact. */
export type ListedEntry = CacheEntry & { content: CacheContent };

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
  /** The removals of damaged entries. They report no errors. */
  readonly #removals: Promise<void>[] = [];

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

  /** Most bytes of all entries together. */
  get limit(): number {
    return this.#options.limit;
  }

  /** Links or copies an artifact to `output`, and checks it. @throws PlatterError `E_WORK`, `E_NO_SPACE` */
  async fetch(key: string, output: string): Promise<Fetched> {
    const entry = this.#folder.entry(key);
    const record = readRecord(`${entry}/${FILE.record}`);
    if (record === "unreadable" || (record === "absent" && !existsSync(entry))) return "absent";
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
      await this.#removeDamaged(entry);
      return "damaged";
    }
    await this.#touch(entry);
    return "found";
  }

  /**
   * Opens the artifacts whose blocks have one of these identities, the last used first. The caller closes them. Damaged entries
   * are removed. `warn` gets a sentence for each of them, also if the damage is noticed when its blocks are read.
   */
  async openBlocks(
    identities: readonly string[],
    { warn }: { warn: (text: string) => void },
  ): Promise<CachedBlocks[]> {
    const opened: CachedBlocks[] = [];
    let count = 0;
    const drop = (path: string) => {
      warn(`An entry in \`${this.path}\` is damaged, so platter does not use it`);
      this.#removals.push(this.#removeDamaged(path));
    };
    for (const { path } of await this.#entries()) {
      const blocks = this.#openEntry(path, identities);
      // Another run may have removed the entry at the same time.
      if (blocks === "damaged" && existsSync(path)) drop(path);
      if (typeof blocks === "string") continue;
      const { identity, file } = blocks;
      const calls = { onUsed: () => void this.#touch(path), onDamaged: () => drop(path) };
      opened.push({ identity, file: { ...file, ...calls } });
      count += file.blocks.count;
      if (count > MOST_BLOCKS || opened.length === MOST_FILES) break;
    }
    return opened;
  }

  #openEntry(path: string, identities: readonly string[]): CachedBlocks | "other" | "damaged" {
    const key = this.#folder.keyOf(path);
    if (key === undefined) return "other";
    const record = readRecord(`${path}/${FILE.record}`);
    if (typeof record === "string") return record === "unreadable" ? "other" : "damaged";
    if (record.key !== key) return "damaged";
    return openBlocks(path, { size: record.size, identities });
  }

  /** Stores a file that is used as a whole, unless it is larger than the limit of the cache. */
  async store(key: string, file: string): Promise<void> {
    const write = async (artifact: string) => {
      await linkOrCopy(file, artifact);
      return { key, checksum: await fileChecksum(artifact) };
    };
    await this.#add(write, "kept");
  }

  /** Stores a file that `write` writes to a path. It replaces an earlier one with the same key. */
  async storeWritten(write: (artifact: string) => Promise<NewEntry>): Promise<void> {
    await this.#add(write, "replaced");
  }

  async #add(write: (artifact: string) => Promise<NewEntry>, earlier: "kept" | "replaced"): Promise<void> {
    const { limit } = this.#options;
    // A new entry may have the name of a damaged one.
    for (const removal of this.#removals) await removal;
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

  /** All entries with their kinds. The most recently used is first. @throws PlatterError `E_CACHE` */
  async list(): Promise<ListedEntry[]> {
    return (await this.#entries()).map(withContent);
  }

  /** Removes the least recently used entries above `limit` bytes. Returns them. @throws PlatterError `E_CACHE` */
  async prune(limit: number): Promise<ListedEntry[]> {
    const listed = new Map((await this.list()).map((entry) => [entry.path, entry]));
    try {
      const removed = await this.#folder.shrink({ limit, spared: undefined });
      return removed.map((entry) => listed.get(entry.path) ?? { ...entry, content: "unknown" });
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  /** All entries. The most recently used is first. @throws PlatterError `E_CACHE` */
  async #entries(): Promise<CacheEntry[]> {
    try {
      return (await this.#folder.entries()).sort((a, b) => b.used - a.used);
    } catch (error) {
      throw writeError(error, { code: "E_CACHE", path: this.path });
    }
  }

  /** Removes an entry. It stays if the cache cannot be written to. */
  async #removeDamaged(entry: string): Promise<void> {
    await this.#folder.remove(entry).catch(() => undefined);
  }

  /** Records that an entry was used now. */
  async #touch(entry: string): Promise<void> {
    await this.#folder.touch(entry, this.#options.now());
  }
}

function withContent(entry: CacheEntry): ListedEntry {
  const { path } = entry;
  return { ...entry, content: contentOf(`${path}/${FILE.artifact}`, `${path}/${FILE.blocks}`) };
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
