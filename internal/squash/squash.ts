import { toBytePath } from "../image/byte-path.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { compareDotted } from "../tool/find.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { Task } from "../ui/reporter.ts";
import { type RootOptions, rootOptions, tarStream } from "./entry-stream.ts";
import { type WalkOptions, walkEntries } from "./entry-walk.ts";
import { setRootInode } from "./root-inode.ts";
import type { SquashOptions } from "./squash-options.ts";

/** Folders that dracut and systemd need as mount points, with or without the image. */
const ENSURED = ["usr", "proc", "sys", "dev", "run", "tmp"].map(toBytePath);

/** What of the tree goes into the squashfs. */
export function walkOptions(
  exclude: (path: ReturnType<typeof toBytePath>) => boolean,
  time: number,
): WalkOptions {
  return { include: (_node, path) => !exclude(path), ensureDirectories: ENSURED, ensuredMtime: time };
}

/** Arguments of mksquashfs for a tar archive on its standard input. */
export function mksquashfsArguments(
  output: string,
  about: { options: SquashOptions; root: RootOptions; time: number; version: string },
): string[] {
  const { options, root, time } = about;
  const args = ["-", output, "-tar", "-noappend", "-no-progress", "-exit-on-error"];
  args.push("-b", String(options.blockSize), "-mkfs-time", String(time));
  args.push(
    "-root-mode",
    root.mode.toString(8),
    "-root-uid",
    String(root.uid),
    "-root-gid",
    String(root.gid),
  );
  args.push("-root-time", String(root.mtime));
  if (options.compression === "none") args.push("-comp", "gzip", "-noI", "-noD", "-noF", "-noX");
  else args.push("-comp", options.compression);
  // Where the root's inode must be corrected afterwards, it must be readable without xz or lz4.
  if (needsRootInode(about.version) && (options.compression === "xz" || options.compression === "lz4"))
    args.push("-noI");
  if (options.level !== null) args.push("-Xcompression-level", String(options.level));
  return args;
}

/** mksquashfs before 4.6 ignores the root's time and owner when it reads a tar archive. */
function needsRootInode(version: string): boolean {
  return compareDotted(version, "4.6") < 0;
}

export interface SquashRun {
  tree: ImageTree;
  walk: WalkOptions;
  options: SquashOptions;
  /** Seconds since 1970: the file system's own time. */
  time: number;
  /** Host path; it must not exist. */
  output: string;
  log: string;
  task: Task;
}

/** Writes the tree as a squashfs: a tar stream goes straight into mksquashfs, nothing is unpacked. */
export async function makeSquashfs(run: SquashRun, toolbox: Toolbox): Promise<void> {
  const { tree, walk, options, time, output, log, task } = run;
  let total = 0;
  const otherIds = new Set<number>();
  for (const { path, size, uid, gid } of walkEntries(tree, walk)) {
    total += size;
    if (path !== "") otherIds.add(uid).add(gid);
  }
  const root = rootOptions(tree);
  const { version } = await toolbox.find("mksquashfs");
  const stdin = counted(tarStream(tree, walk), (done) => task.progress(Math.min(done, total), total));
  const args = { options, root, time, version };
  await toolbox.use("mksquashfs", (path) => mksquashfsArguments(path(output), args), { stdin, log, output });
  if (needsRootInode(version)) await setRootInode(output, { ...root, otherIds });
}

async function* counted(
  stream: AsyncIterable<Uint8Array>,
  onBytes: (sum: number) => void,
): AsyncGenerator<Uint8Array> {
  let sum = 0;
  for await (const chunk of stream) {
    yield chunk;
    sum += chunk.length;
    onBytes(sum);
  }
}
