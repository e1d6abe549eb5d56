import type { OnBytes, Task } from "../base/progress.ts";
import { type BytePath, toBytePath } from "../bytes/byte-path.ts";
import type { WalkOptions } from "../image/entry-walk.ts";
import type { Toolbox } from "../process/toolbox.ts";
import type { BlockReuse } from "../squashfs/blocks/block-reuse.ts";
import { type SquashfsTarget, writeSquashfs } from "../squashfs/write.ts";
import { erofsWriter } from "./erofs-writer.ts";
import type { RootfsOptions } from "./rootfs-options.ts";
import type { RootfsContent, RootfsWriter } from "./rootfs-writer.ts";
import { squashfsWriter } from "./squashfs-writer.ts";

/** Folders that dracut and systemd need as mount points, even if the image does not have them. */
const ENSURED = ["usr", "proc", "sys", "dev", "run", "tmp"].map(toBytePath);

/** The writer for the type of the file system. */
export function rootfsWriter({ type }: Pick<RootfsOptions, "type">): RootfsWriter {
  return type === "erofs" ? erofsWriter : squashfsWriter;
}

/** The options for a walk over the entries of the root file system. */
export function walkOptions(exclude: (path: BytePath) => boolean, time: number): WalkOptions {
  return { include: (_node, path) => !exclude(path), ensureDirectories: ENSURED, ensuredMtime: time };
}

interface RootfsRun extends RootfsContent {
  /** Host path; it must not exist. */
  output: string;
  log: string;
  signal: AbortSignal;
  task: Task;
  /** Warns the user about attributes that the file system cannot store. */
  warn: (text: string) => void;
  /** Blocks of earlier squashfs files. An erofs does not use them. */
  reuse?: BlockReuse | undefined;
}

/** Writes the tree as a file system, without unpacking it. */
export async function writeRootfs(run: RootfsRun, toolbox: Toolbox): Promise<void> {
  const { output, log, signal, task, warn, reuse, ...content } = run;
  const onBytes = progressOf(task);
  await rootfsWriter(run.options).write(content, { output, log, signal, onBytes, warn, reuse }, toolbox);
}

/** Whether platter itself writes the root file system. Then it can also write it into another file. */
export function isOwnRootfs(options: RootfsOptions): boolean {
  return rootfsWriter(options) === squashfsWriter;
}

/** Writes the tree as a file system into an open file, if {@link isOwnRootfs}. Returns its length in bytes. */
export async function writeRootfsInto(
  target: SquashfsTarget,
  run: Pick<RootfsRun, "tree" | "walk" | "options" | "time" | "signal" | "task" | "reuse">,
): Promise<number> {
  const { tree, task, ...squashfs } = run;
  return writeSquashfs(tree, target, { ...squashfs, onBytes: progressOf(task) });
}

function progressOf(task: Task): OnBytes {
  return (done, total) => task.progress(Math.min(done, total), total);
}
