import { toBytePath } from "../image/byte-path.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { Task } from "../ui/reporter.ts";
import { type WalkOptions, walkEntries } from "./entry-walk.ts";
import { erofsWriter } from "./erofs-writer.ts";
import type { RootfsType } from "./rootfs-options.ts";
import type { RootfsContent, RootfsWriter } from "./rootfs-writer.ts";
import { squashfsWriter } from "./squashfs-writer.ts";

/** Folders that dracut and systemd need as mount points, with or without the image. */
const ENSURED = ["usr", "proc", "sys", "dev", "run", "tmp"].map(toBytePath);

/** By the type of file system that each makes. */
export const ROOTFS_WRITERS: Readonly<Record<RootfsType, RootfsWriter>> = {
  squashfs: squashfsWriter,
  erofs: erofsWriter,
};

/** What of the tree goes into the root file system. */
export function walkOptions(
  exclude: (path: ReturnType<typeof toBytePath>) => boolean,
  time: number,
): WalkOptions {
  return { include: (_node, path) => !exclude(path), ensureDirectories: ENSURED, ensuredMtime: time };
}

export interface RootfsRun extends RootfsContent {
  /** Host path; it must not exist. */
  output: string;
  log: string;
  task: Task;
  /** Tells the user what cannot be kept. */
  warn: (text: string) => void;
}

/** Writes the tree as a file system: a tar stream goes straight into the tool, nothing is unpacked. */
export async function makeRootfs(run: RootfsRun, toolbox: Toolbox): Promise<void> {
  const { output, log, task, warn, ...content } = run;
  let total = 0;
  for (const { size } of walkEntries(run.tree, run.walk)) total += size;
  const onBytes = (done: number) => task.progress(Math.min(done, total), total);
  await ROOTFS_WRITERS[run.options.type].write(content, { output, log, onBytes, warn }, toolbox);
}
