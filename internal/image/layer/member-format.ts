/**
 * The form of members in the table of a layer. A chunk is its compressed length and its length, four bytes each with the
 * lowest byte first, and then a zstd frame. It holds whole members. Numbers have seven bits in each byte, the lowest first,
 * and the highest bit is set in all but the last byte. Texts and attributes begin with their length. A member is: type and
 * flags, path, mode, owner, group, time without sign, size, and then, if it has them, the target of a link, the numbers of a
 * device, and the number of a set of attributes. The set follows its first use.
 */
import type { TarMemberType } from "../../tar/member.ts";

/** The types in the order of their numbers. */
export const TYPES: readonly TarMemberType[] = [
  "file",
  "directory",
  "symlink",
  "hard-link",
  "character-device",
  "block-device",
  "fifo",
];

/** The bits after the number of the type. */
export const FLAG = { type: 7, sparse: 8, link: 16, xattrs: 32, negative: 64 } as const;

/** Most bytes of a chunk before compression: a member has at most some megabytes of attributes. */
export const MOST_CHUNK = 64 * 1024 * 1024;
