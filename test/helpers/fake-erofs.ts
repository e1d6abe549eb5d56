/** The only program that makes something for platter, as a shell script: mkfs.erofs. */
import type { Scene } from "./scene.ts";

/** Flags by which the root file system of a tiny image is made by mkfs.erofs: its kernel reads lz4. */
export const EROFS = ["--rootfs", "erofs", "--compression", "lz4"] as const;

const zeros = (count: number) => `head -c ${count} /dev/zero`;

/**
 * The end of such a script if all goes well: it takes all of its input, and makes an erofs of two blocks. Its superblock
 * is at byte 1,024, and the inode of its root directory at byte 2,048 (Linux, fs/erofs/erofs_fs.h).
 */
export const MAKES = `cat >/dev/null
{ ${zeros(1024)}; printf '\\342\\341\\365\\340'; ${zeros(8)}; printf '\\014\\000\\100\\000'
${zeros(20)}; printf '\\002\\000\\000\\000'; ${zeros(984)}
${zeros(4)}; printf '\\355\\101'; ${zeros(6138)}; } >"$output"`;

/** A mkfs.erofs that is new enough, and is this script otherwise. `$output` is the file that it is to make. */
export function fakeErofs(scene: Scene, script: string): void {
  const version = `[ "$1" = -V ] && echo 'mkfs.erofs (erofs-utils) 1.8.6' && exit`;
  scene.fake("mkfs.erofs", `${version}\nfor output; do :; done\n${script}`);
}
