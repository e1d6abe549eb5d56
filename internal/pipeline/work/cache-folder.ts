import { mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { errnoOf } from "../../base/machine-error.ts";
import { HeldFolder } from "../../files/held-folder.ts";
import { CACHE_VERSION, printRecord } from "./cache-record.ts";

/** Names of the files of an entry. Only artifacts of blocks have indexes: of the blocks, and of the small files in them. */
export const FILE = { artifact: "artifact", record: "entry.json", blocks: "blocks", parts: "parts" } as const;
const INDEXES = [FILE.blocks, FILE.parts] as const;

/** Name of an entry's folder. */
const entryName = (key: string) => `v${CACHE_VERSION}-${key}`;
/** Folders of entries of all versions. Entries of other versions are listed and removed too. */
const ENTRY = /^v\d+-[0-9a-f]{64}$/;
/** Name of an entry in the temporary folder in which it is made or removed. */
const UNFINISHED = "entry";

/** One entry of a cache. */
export interface CacheEntry {
  /** Host path of its folder. */
  path: string;
  /** Bytes of its files. */
  size: number;
  /** Time of the last use in milliseconds since 1970. 0 if the entry is incomplete. */
  used: number;
}

/** The files of a new entry besides its artifact. */
export interface NewEntry {
  key: string;
  /** The `fileChecksum` of an artifact that is used as a whole. */
  checksum?: string;
  /** The indexes of an artifact of blocks. */
  indexes?: Readonly<Record<(typeof INDEXES)[number], Uint8Array>> | undefined;
}

/** The entries in the folder of a cache. They are added and removed by a rename, so no lock is needed. */
export class CacheFolder {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** The folder of an entry. */
  entry(key: string): string {
    return `${this.path}/${entryName(key)}`;
  }

  /** The key of an entry's folder. Undefined for an entry of another version. */
  keyOf(entry: string): string | undefined {
    const start = this.entry("");
    return entry.startsWith(start) ? entry.slice(start.length) : undefined;
  }

  /**
   * Makes an entry, whose artifact `fill` writes to a path. An entry of more than `limit` bytes is not kept. An earlier entry
   * with the same key is kept or replaced. Returns the entry's folder.
   * @throws the system's error
   */
  async add(
    fill: (artifact: string) => Promise<NewEntry>,
    { limit, earlier }: { limit: number; earlier: "kept" | "replaced" },
  ): Promise<string | undefined> {
    using folder = HeldFolder.create(this.path);
    const part = `${folder.path}/${UNFINISHED}`;
    await mkdir(part);
    const artifact = `${part}/${FILE.artifact}`;
    const { key, checksum, indexes } = await fill(artifact);
    const { size } = await stat(artifact);
    let total = size;
    for (const [name, bytes] of Object.entries(indexes ?? {})) {
      await writeFile(`${part}/${name}`, bytes);
      total += bytes.length;
    }
    if (total > limit) return undefined;
    await writeFile(`${part}/${FILE.record}`, printRecord({ key, size, checksum }));
    const entry = this.entry(key);
    if (earlier === "replaced") await this.remove(entry);
    try {
      await rename(part, entry);
    } catch (error) {
      // Another run stored an entry with this key first.
      if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    }
    return entry;
  }

  /** All entries, in no order. */
  async entries(): Promise<CacheEntry[]> {
    const entries: CacheEntry[] = [];
    for (const name of await readdir(this.path)) {
      if (!ENTRY.test(name)) continue;
      const path = `${this.path}/${name}`;
      const artifact = await statOf(`${path}/${FILE.artifact}`);
      const record = await statOf(`${path}/${FILE.record}`);
      let size = artifact?.size ?? 0;
      for (const index of INDEXES) size += (await statOf(`${path}/${index}`))?.size ?? 0;
      // An incomplete entry has the time 0, so it is removed first.
      entries.push({ path, size, used: artifact && record ? record.mtimeMs : 0 });
    }
    return entries;
  }

  /** Removes the least recently used entries until the rest is within the limit. Returns the removed entries. */
  async shrink({ limit, spared }: { limit: number; spared: string | undefined }): Promise<CacheEntry[]> {
    const entries = await this.entries();
    const removed: CacheEntry[] = [];
    let total = entries.reduce((sum, { size }) => sum + size, 0);
    for (const entry of entries.sort((a, b) => a.used - b.used)) {
      if (total <= limit) break;
      if (entry.path === spared) continue;
      await this.remove(entry.path);
      removed.push(entry);
      total -= entry.size;
    }
    return removed;
  }

  /** Records that an entry was used at a time in milliseconds since 1970. */
  async touch(entry: string, now: number): Promise<void> {
    const time = new Date(now);
    await utimes(`${entry}/${FILE.record}`, time, time).catch(() => undefined);
  }

  /** Moves an entry away by a rename, so that no run reads half of it, and then removes its files. */
  async remove(entry: string): Promise<void> {
    using folder = HeldFolder.create(this.path);
    await rename(entry, `${folder.path}/${UNFINISHED}`).catch((error) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
  }
}

function statOf(path: string): Promise<{ size: number; mtimeMs: number } | undefined> {
  return stat(path).catch(() => undefined);
}
