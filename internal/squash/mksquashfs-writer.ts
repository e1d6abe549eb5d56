import { totalmem } from "node:os";
import { printable } from "../text/printable.ts";
import { compareDotted } from "../tool/find.ts";
import { type RootOptions, rootOptions, tarChunks } from "./entry-stream.ts";
import { walkEntries } from "./entry-walk.ts";
import { setRootInode } from "./root-inode.ts";
import type { RootfsOptions } from "./rootfs-options.ts";
import { counted, type RootfsWriter } from "./rootfs-writer.ts";

/**
 * What mksquashfs may hold in its queues, in MiB. Left to itself it takes a quarter of the machine's memory and fills that
 * with what it cannot compress yet, also in a container that may have much less; the bytes are the same.
 */
const MEMORY = 512;

/**
 * Writes a squashfs with a compression that platter does not have on board: mksquashfs takes the tar stream, and the
 * root directory's own metadata as options.
 */
export const mksquashfsWriter: RootfsWriter = {
  tools: ["mksquashfs"],
  async write({ tree, walk, options, time }, { output, log, onBytes, warn }, toolbox) {
    const root = rootOptions(tree);
    const { version } = await toolbox.find("mksquashfs");
    const stdin = counted(tarChunks(tree, walk), { tree, walk, onBytes });
    if (root.xattrs.size > 0 && needsRootInode(version)) warn(lostXattrs(version, root));
    const args = { options, root, time, version, machineMemory: totalmem() };
    await toolbox.use("mksquashfs", (path) => mksquashfsArguments(path(output), args), {
      stdin,
      log,
      output,
    });
    if (!needsRootInode(version)) return;
    const otherIds = new Set<number>();
    for (const { path, uid, gid } of walkEntries(tree, walk)) if (path !== "") otherIds.add(uid).add(gid);
    await setRootInode(output, { ...root, otherIds });
  },
};

/** Arguments of mksquashfs for a tar archive on its standard input. The machine's memory is in bytes. */
export function mksquashfsArguments(
  output: string,
  about: { options: RootfsOptions; root: RootOptions; time: number; version: string; machineMemory: number },
): string[] {
  const { options, root, time } = about;
  const args = ["-", output, "-tar", "-noappend", "-no-progress", "-exit-on-error"];
  args.push("-b", String(options.blockSize), "-mkfs-time", String(time));
  // It refuses to take more than three quarters of a small machine.
  if (about.machineMemory / 4 > MEMORY * 1024 ** 2) args.push("-mem", `${MEMORY}M`);
  args.push(
    "-root-mode",
    root.mode.toString(8),
    "-root-uid",
    String(root.uid),
    "-root-gid",
    String(root.gid),
  );
  args.push("-root-time", String(root.mtime));
  args.push("-comp", options.compression);
  // Where the root's inode must be corrected afterwards, it must be readable without the compressor.
  if (needsRootInode(about.version)) args.push("-noI");
  // Before 4.6 there is no way to give the root any with a tar archive.
  if (!needsRootInode(about.version))
    for (const [name, value] of root.xattrs)
      args.push("-p", `/ x ${name}=0s${Buffer.from(value).toString("base64")}`);
  return args;
}

function lostXattrs(version: string, { xattrs }: RootOptions): string {
  const names = [...xattrs.keys()].map(printable).join(", ");
  return `mksquashfs ${version} leaves out the root directory's own extended attributes (${names}); 4.6 keeps them.`;
}

/** mksquashfs before 4.6 ignores the root's time and owner when it reads a tar archive. */
function needsRootInode(version: string): boolean {
  return compareDotted(version, "4.6") < 0;
}
