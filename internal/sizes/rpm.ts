/** rpm's database in SQLite: a table of packages with a header each (rpm, docs/manual/format_header.md). */
import { Database, SQLiteError } from "bun:sqlite";
import { resolve } from "../image/resolve.ts";
import type { PackageDatabase } from "./package-files.ts";
import { packageOfHeader } from "./rpm-header.ts";
import type { SquashfsFile } from "./squashfs-file.ts";

/** Places of the database: that of current systems, of ostree's, and of older ones. */
const FOLDERS = ["usr/lib/sysimage/rpm", "usr/share/rpm", "var/lib/rpm"];
const NAME = "rpmdb.sqlite";
/** Databases in formats that platter does not read. */
const OTHER_NAMES = ["Packages", "Packages.db"];
/** Most bytes of a database. That of a desktop system has about 200 MB. */
const MOST = 1024 * 1024 * 1024;
/** Bytes 18 and 19 of a database choose its journal (sqlite.org/fileformat.html, 1.3.3). 1 is without a second file. */
const JOURNAL = { offset: 18, length: 2, rollback: 1 };

/** The packages that rpm knows. Empty without rpm's database. */
export async function rpmPackages(file: SquashfsFile): Promise<PackageDatabase[]> {
  for (const folder of FOLDERS) {
    const names = resolve(file.root, folder)?.children;
    const inode = names?.get(NAME)?.inode;
    if (inode?.type === "file" && inode.size > 0) {
      const path = `${folder}/${NAME}`;
      return [{ path, ...packagesOf(await file.content(inode, MOST)) }];
    }
    const other = OTHER_NAMES.find((name) => names?.has(name));
    if (other !== undefined) {
      return [{ path: `${folder}/${other}`, packages: [], problem: "it is not in rpm's SQLite format" }];
    }
  }
  return [];
}

/** The packages of a database's bytes. */
export function packagesOf(bytes: Buffer): Omit<PackageDatabase, "path"> {
  bytes.fill(JOURNAL.rollback, JOURNAL.offset, JOURNAL.offset + JOURNAL.length);
  try {
    using database = Database.deserialize(bytes, { readonly: true, strict: true });
    return { packages: [...headersIn(database)].map(packageOfHeader) };
  } catch (error) {
    if (error instanceof SQLiteError || error instanceof RangeError) {
      return { packages: [], problem: `it is damaged: ${error.message}` };
    }
    throw error;
  }
}

function* headersIn(database: Database): Generator<Buffer> {
  // The database is not trusted: a view with the name of the table could run for ever.
  database.run("PRAGMA trusted_schema = OFF");
  const table = database
    .query("SELECT 1 FROM sqlite_schema WHERE name = 'Packages' AND type = 'table'")
    .get();
  if (table === null) throw new RangeError("it does not have the table of packages");
  for (const row of database.query("SELECT blob FROM Packages ORDER BY hnum").iterate()) {
    const { blob } = row as { blob: unknown };
    if (blob instanceof Uint8Array) yield Buffer.from(blob.buffer, blob.byteOffset, blob.length);
  }
}
