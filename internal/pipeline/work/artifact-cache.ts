import { constants } from "node:fs";
import { copyFile, link, lstat, mkdir, readdir, rename, stat, utimes, writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { z } from "zod";
import { errnoOf } from "../../base/machine-error.ts";
import { HeldFolder } from "../../files/held-folder.ts";
import { readInputText } from "../../files/open-input.ts";
import { writeError, writeInHeldFolder } from "../../files/whole-file.ts";
import { reportSwept } from "./claim.ts";
import { sha256File } from "./receipt.ts";

/** Raised when entries made before are not to be used any more. */
const CACHE_VERSION = 1;
/** An entry is a folder of this name; of its two files the artifact has the first name. */
const ENTRY = new RegExp(`^v${CACHE_VERSION}-[0-9a-f]{64}$`);
const ARTIFACT = "artifact";
const RECORD = "entry.json";
/** The name of an entry in the temporary folder in which it is made or removed. */
const UNFINISHED = "entry";
/** Bytes that a record may have. */
const MAX_RECORD = 64 * 1024;

const recordSchema = z.strictObject({
  version: z.literal(CACHE_VERSION),
  size: z.int().nonnegative(),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});

export interface CacheOptions {
  /** Bytes that all entries together may have. */
  limit: number;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Called with a sentence for each leftover of a killed run that was removed. */
  report: (text: string) => void;
}

/** What a look into the cache gave. */
export type Fetched = "found" | "absent" | "damaged";

/**
 * A folder of large files by a key that stands for their bytes, kept between builds and shared by them. An entry
 * appears whole by a rename and goes by one, so no lock is needed; who fetches one gets a name of its own for the file,
 * or a copy, which stays when the entry goes. Least recently used entries go first.
 */
export class ArtifactCache {
  readonly path: string;
  readonly #options: CacheOptions;

  private constructor(path: string, options: CacheOptions) {
    this.path = path;
    this.#options = options;
  }

  /** Opens a folder, making it where needed. @throws PlatterError `E_CACHE`, `E_NO_SPACE` */
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

  /** Brings an artifact to `output`, checked. @throws PlatterError `E_WORK`, `E_NO_SPACE` */
  async fetch(key: string, output: string): Promise<Fetched> {
    const entry = this.#entry(key);
    const record = readRecord(`${entry}/${RECORD}`);
    if (record === "absent") return "absent";
    try {
      if (record === "damaged") throw new Damaged();
      await writeInHeldFolder(output, {
        code: "E_WORK",
        write: async (partial) => {
          if ((await lstat(`${entry}/${ARTIFACT}`)).isFile() === false) throw new Damaged();
          await linkOrCopy(`${entry}/${ARTIFACT}`, partial);
          const { size } = await stat(partial);
          if (size !== record.size || (await sha256File(partial)) !== record.sha256) throw new Damaged();
        },
      });
    } catch (error) {
      // Another run took the entry away a moment ago.
      if (errnoOf((error as Error).cause) === "ENOENT") return "absent";
      if (!(error instanceof Damaged)) throw error;
      await this.#remove(entry);
      return "damaged";
    }
    const now = new Date(this.#options.now());
    await utimes(`${entry}/${RECORD}`, now, now).catch(() => undefined);
    return "found";
  }

  /** Keeps a file under a key; one that is larger than the whole cache may be is left out. */
  async store(key: string, file: string): Promise<void> {
    const { size } = await stat(file);
    if (size > this.#options.limit) return;
    const entry = this.#entry(key);
    using folder = HeldFolder.create(this.path);
    const part = `${folder.path}/${UNFINISHED}`;
    try {
      await mkdir(part);
      await linkOrCopy(file, `${part}/${ARTIFACT}`);
      const sha256 = await sha256File(file);
      const record: z.infer<typeof recordSchema> = { version: CACHE_VERSION, size, sha256 };
      await writeFile(`${part}/${RECORD}`, `${JSON.stringify(record)}\n`);
      await rename(part, entry);
    } catch (error) {
      // Another run was quicker.
      if (errnoOf(error) !== "ENOTEMPTY" && errnoOf(error) !== "EEXIST") throw error;
    }
    await this.#shrink(entry);
  }

  #entry(key: string): string {
    return `${this.path}/v${CACHE_VERSION}-${key}`;
  }

  /** Removes what was not used for the longest time until the rest is within the limit. */
  async #shrink(spared: string): Promise<void> {
    const entries: { path: string; size: number; used: number }[] = [];
    for (const name of await readdir(this.path)) {
      if (!ENTRY.test(name)) continue;
      const path = `${this.path}/${name}`;
      const [artifact, record] = await Promise.all([
        statOf(`${path}/${ARTIFACT}`),
        statOf(`${path}/${RECORD}`),
      ]);
      // One that is not whole goes first.
      entries.push({ path, size: artifact?.size ?? 0, used: artifact && record ? record.mtimeMs : 0 });
    }
    let total = entries.reduce((sum, { size }) => sum + size, 0);
    for (const { path, size } of entries.sort((a, b) => a.used - b.used)) {
      if (total <= this.#options.limit) return;
      if (path === spared) continue;
      await this.#remove(path);
      total -= size;
    }
  }

  /** Takes an entry away in one step, so that no run sees half of it, and then removes its files. */
  async #remove(entry: string): Promise<void> {
    using folder = HeldFolder.create(this.path);
    await rename(entry, `${folder.path}/${UNFINISHED}`).catch((error) => {
      if (errnoOf(error) !== "ENOENT") throw error;
    });
  }
}

class Damaged extends Error {}

function readRecord(path: string): z.infer<typeof recordSchema> | "absent" | "damaged" {
  try {
    const text = readInputText(path, { code: "E_CACHE", limit: MAX_RECORD });
    return recordSchema.safeParse(JSON.parse(text)).data ?? "damaged";
  } catch (error) {
    return errnoOf((error as Error).cause) === "ENOENT" ? "absent" : "damaged";
  }
}

/** Gives a file another name, or where that cannot be a copy, which shares its blocks if the file system can. */
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
