import { ImageInode } from "./layer-node.ts";
import { tarError } from "./tar-error.ts";
import type { TarDialect, TarMember } from "./tar-member.ts";

/** 2262-04-11 in seconds: 2^63 nanoseconds. */
const MAX_GO_TIME = 9_223_372_036;

/** The inode that a member describes; a hard link describes none of its own. @throws PlatterError `E_TAR_LINK` */
export function memberInode(
  member: TarMember,
  options: { dialect: TarDialect; archive: string; locator: unknown },
): ImageInode {
  if (member.type === "hard-link") throw new TypeError("a hard link has no inode of its own");
  const { uid, gid, size } = member;
  // Linux gives every symlink these bits, whatever an archive says.
  const mode = member.type === "symlink" ? 0o777 : member.mode;
  const inode = new ImageInode(member.type, {
    mode,
    uid,
    gid,
    mtime: unpackedTime(member, options.dialect),
    size,
  });
  if (member.type === "symlink") {
    if (member.linkPath === "") {
      throw tarError("E_TAR_LINK", options.archive, `the symlink \`${member.path}\` leads nowhere`);
    }
    inode.target = ownString(member.linkPath);
  } else if (member.type === "character-device" || member.type === "block-device") {
    inode.devMajor = member.devMajor;
    inode.devMinor = member.devMinor;
  }
  if (member.xattrs !== undefined) inode.xattrs = member.xattrs;
  if (member.type === "file") inode.locator = options.locator;
  return inode;
}

/**
 * podman sets what a hard link's header says on the common inode, but for mode and time where that is a symlink.
 * Writers repeat the first header, so that this matters for odd archives only.
 */
export function applyLinkMetadata(inode: ImageInode, member: TarMember): void {
  inode.uid = member.uid;
  inode.gid = member.gid;
  if (inode.type !== "symlink") {
    inode.mode = member.mode;
    inode.mtime = unpackedTime(member, "layer");
  }
  if (member.xattrs === undefined) return;
  const merged = [...new Map([...(inode.xattrs ?? []), ...member.xattrs])];
  inode.xattrs = new Map(merged.sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** containers/storage sets times that Go cannot hold in nanoseconds to 1970, those of symlinks excepted. */
function unpackedTime(member: TarMember, dialect: TarDialect): number {
  if (dialect === "archive" || member.type === "symlink") return member.mtime;
  return member.mtime < 0 || member.mtime > MAX_GO_TIME ? 0 : member.mtime;
}

/** A string that does not keep a longer one alive that it was cut from. */
export function ownString(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
