import { bytesToLatin1 } from "../bytes/byte-path.ts";
import { isOverlayXattr, LABEL, LAYER_LABEL } from "../image/xattr-set.ts";
import type { TarDialect } from "./member.ts";
import type { PaxRecords } from "./pax.ts";
import { shownPath, tarError } from "./tar-error.ts";

const SCHILY = "SCHILY.xattr.";
const LIBARCHIVE = "LIBARCHIVE.xattr.";

/**
 * Limits in bytes: the longest value, and all names of an inode with their NULs (xattr(7), "Filesystem differences").
 */
const MAX_VALUE = 65_536;
const MAX_NAMES = 65_536;

/** The extended attributes in a member's records, as name and value; values are views. @throws PlatterError */
export function xattrEntries(
  records: PaxRecords,
  options: { dialect: TarDialect; archive: string; path: string },
): (readonly [string, Uint8Array])[] {
  const entries = allEntries(records, options);
  let names = 0;
  for (const [name, value] of entries) {
    names += name.length + 1;
    if (value.length > MAX_VALUE)
      throw tooLarge(options, `the attribute \`${name}\` of ${value.length} bytes`);
  }
  if (names > MAX_NAMES) throw tooLarge(options, `names of attributes of ${names} bytes`);
  return entries;
}

function tooLarge({ archive, path }: { archive: string; path: string }, what: string): Error {
  return tarError("E_TAR_XATTR", archive, `${shownPath(path)} has ${what}, and Linux takes ${MAX_VALUE}`);
}

function allEntries(
  records: PaxRecords,
  options: { dialect: TarDialect; archive: string },
): (readonly [string, Uint8Array])[] {
  const entries: (readonly [string, Uint8Array])[] = [];
  for (const [keyword, value] of records.values) {
    if (!keyword.startsWith(SCHILY)) continue;
    const name = keyword.slice(SCHILY.length);
    // overlayfs hides them in podman's mount, and a layer must not set their meaning.
    if (isOverlayXattr(name)) continue;
    // Go's archive/tar takes an empty record for none.
    if (options.dialect === "layer" && value.length === 0) continue;
    const ofLayer = name === LABEL ? LAYER_LABEL : name;
    entries.push([
      checkedName(options.dialect === "archive" ? gnuName(name) : ofLayer, options.archive),
      value,
    ]);
  }
  // podman does not support libarchive's form. bsdtar writes both forms, and star's form is exact.
  if (options.dialect === "layer") return entries;
  const known = new Set(entries.map(([name]) => name));
  for (const [keyword, value] of records.values) {
    if (!keyword.startsWith(LIBARCHIVE)) continue;
    const name = checkedName(urlName(keyword.slice(LIBARCHIVE.length)), options.archive);
    if (!known.has(name)) entries.push([name, Buffer.from(bytesToLatin1(value), "base64")]);
  }
  return entries;
}

/** GNU tar writes `%` as `%25` and `=` as `%3D` in an attribute's name. */
function gnuName(name: string): string {
  return name.replace(/%(25|3D)/g, (_, code: string) => (code === "25" ? "%" : "="));
}

function urlName(name: string): string {
  return name.replace(/%([0-9A-Fa-f]{2})/g, (_, code: string) =>
    String.fromCharCode(Number.parseInt(code, 16)),
  );
}

function checkedName(name: string, archive: string): string {
  // Linux: at most 255 bytes, none of them NUL.
  if (name !== "" && name.length <= 255 && !name.includes("\0")) return name;
  throw tarError("E_TAR_PAX", archive, "an extended attribute has an empty, overlong or broken name");
}
