/** The only program that makes something for platter, as a shell script: mkfs.erofs. */
import type { Scene } from "./scene.ts";

/** Flags by which the root file system of a tiny image is made by mkfs.erofs: its kernel reads lz4. */
export const EROFS = ["--rootfs", "erofs", "--compression", "lz4"] as const;

/** The end of such a script if all goes well: it takes all of its input and makes a file. */
export const MAKES = 'cat >/dev/null; head -c 8192 /dev/zero >"$output"';

/** A mkfs.erofs that is new enough, and is this script otherwise. `$output` is the file that it is to make. */
export function fakeErofs(scene: Scene, script: string): void {
  const version = `[ "$1" = -V ] && echo 'mkfs.erofs (erofs-utils) 1.8.6' && exit`;
  scene.fake("mkfs.erofs", `${version}\nfor output; do :; done\n${script}`);
}
