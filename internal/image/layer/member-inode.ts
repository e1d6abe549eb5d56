import type { TarDialect, TarMember } from "../../tar/member.ts";
import { shownPath, tarError } from "../../tar/tar-error.ts";
import type { Locator } from "../image-tree.ts";
import type { NewInode } from "../table/inode-columns.ts";
import type { InodeTable } from "../table/inode-table.ts";
import { MAX_PATH } from "./member-path.ts";

/** 2262-04-11 in seconds: 2^63 nanoseconds. */
const MAX_GO_TIME = 9_223_372_036;

/**
 * A folder without an entry in any layer, with podman's attributes. Its time is 1970 instead of the time of unpacking.
 */
export const IMPLIED_FOLDER: NewInode = { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0 };

/**
 * Adds the inode that a member describes; a hard link does not have its own inode. @throws PlatterError `E_TAR_LINK`
 */
export function addMemberInode(
  inodes: InodeTable,
  member: TarMember,
  options: { dialect: TarDialect; archive: string; locator: Locator },
): number {
  if (member.type === "hard-link") throw new TypeError("a hard link has no inode of its own");
  const { type, uid, gid, size } = member;
  // Linux gives every symlink these bits, independent of the archive.
  const mode = type === "symlink" ? 0o777 : member.mode;
  const mtime = unpackedTime(member, options.dialect);
  const inode = inodes.add({ type, mode, uid, gid, mtime, size });
  if (type === "symlink") {
    if (member.linkPath === "") {
      throw tarError("E_TAR_LINK", options.archive, `the symlink ${shownPath(member.path)} leads nowhere`);
    }
    if (member.linkPath.length > MAX_PATH) {
      const length = member.linkPath.length;
      const problem = `the symlink ${shownPath(member.path)} has a target of ${length} bytes, and Linux takes ${MAX_PATH}`;
      throw tarError("E_TAR_LINK", options.archive, problem);
    }
    inodes.setTarget(inode, ownString(member.linkPath));
  } else if (type === "character-device" || type === "block-device") {
    inodes.setDevice(inode, member.devMajor, member.devMinor);
  }
  inodes.setXattrs(inode, member.xattrs);
  if (type === "file") inodes.setLocator(inode, options.locator);
  return inode;
}

/**
 * podman applies a hard link's header to the common inode, except mode and time of a symlink. Writers repeat the first
 * header, so this matters only for unusual archives.
 */
export function applyLinkMetadata(inodes: InodeTable, inode: number, member: TarMember): void {
  inodes.setOwner(inode, member);
  if (inodes.type(inode) !== "symlink") {
    inodes.setMode(inode, member.mode);
    inodes.setMtime(inode, unpackedTime(member, "layer"));
  }
  if (member.xattrs === undefined) return;
  const merged = [...new Map([...(inodes.xattrs(inode) ?? []), ...member.xattrs])];
  inodes.setXattrs(inode, new Map(merged.sort(([a], [b]) => (a < b ? -1 : 1))));
}

/** Times that Go cannot store in nanoseconds are set to 1970, except for symlinks, as containers/storage does. */
function unpackedTime(member: TarMember, dialect: TarDialect): number {
  if (dialect === "archive" || member.type === "symlink") return member.mtime;
  return member.mtime < 0 || member.mtime > MAX_GO_TIME ? 0 : member.mtime;
}

/** A copy of a string, which does not keep the longer original alive. */
function ownString(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
