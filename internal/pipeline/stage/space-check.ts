import { statfsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../../base/error.ts";
import type { Reporter } from "../../base/progress.ts";
import { formatBytes } from "../../ui/format.ts";
import type { ArtifactCache } from "../work/artifact-cache.ts";
import type { Range, SpaceEstimate } from "./space-estimate.ts";

/** The folders that a build writes to. */
export interface SpaceUse {
  /** The work directory. */
  work: string;
  /** Whether the root file system is written into the ISO, or into the work directory first and then copied. */
  rootfs: "in-iso" | "artifact";
  /** Host path of the ISO. Undefined if no ISO is made. */
  output: string | undefined;
  /** The cache, if blocks are added to it. */
  cache: Pick<ArtifactCache, "path" | "limit"> | undefined;
}

/** A folder, and the bytes that it needs. */
export interface SpaceNeed {
  folder: string;
  bytes: Range;
  /** The files that need the bytes, for messages. */
  what: string;
}

/** The number of a folder's file system, and whether copies in the work directory's file system may share blocks. */
interface Disks {
  diskOf: (folder: string) => number;
  copies: "share-blocks" | "take-space";
}

/** Bytes that a build still needs, by file system. */
export function spaceNeeds(estimate: SpaceEstimate, use: SpaceUse & Disks): SpaceNeed[] {
  const needs = ownNeeds(estimate, use);
  const { cache, diskOf } = use;
  if (cache === undefined) return needs;
  // All blocks may be new. If they do not fit, the cache stays as it is, and the build goes on.
  const entry = {
    folder: cache.path,
    bytes: { least: 0, most: Math.min(estimate.rootfs.most, cache.limit) },
  };
  const what = "a new entry of the cache";
  const shared = needs.findIndex(({ folder }) => diskOf(folder) === diskOf(cache.path));
  const other = needs[shared];
  if (other === undefined) return [...needs, { ...entry, what }];
  const bytes = { least: other.bytes.least, most: other.bytes.most + entry.bytes.most };
  return needs.with(shared, { ...other, bytes, what: `${other.what} and ${what}` });
}

/** Bytes for the root file system and the ISO. */
function ownNeeds(estimate: SpaceEstimate, use: SpaceUse & Disks): SpaceNeed[] {
  const { rootfs, iso, esp, temporary } = estimate;
  const [work, output] = [use.work, use.output === undefined ? undefined : dirname(use.output)];
  const isoNeed = output === undefined ? [] : [{ folder: output, bytes: iso, what: "the ISO" }];
  if (use.rootfs === "in-iso") return isoNeed;
  const made = { least: rootfs.least, most: rootfs.most + esp };
  const making = { least: made.least + temporary, most: made.most + temporary };
  if (output === undefined || use.diskOf(output) !== use.diskOf(work))
    return [{ folder: work, bytes: making, what: "the root file system" }, ...isoNeed];
  const both = {
    least: iso.least + (use.copies === "share-blocks" ? 0 : made.least),
    most: iso.most + made.most,
  };
  const what = "the ISO and, next to it, the root file system";
  return [{ folder: output, bytes: larger(both, making), what }];
}

/**
 * Checks the free space of all disks before anything large is written. Warns if a disk may become full.
 * @throws PlatterError `E_DISK_SPACE` if the space is too small in any case
 */
export function checkSpace(
  estimate: SpaceEstimate,
  use: SpaceUse & { reporter: Pick<Reporter, "notice"> },
): void {
  const copies = NOT_SHARING.has(statfsSync(use.work).type) ? "take-space" : "share-blocks";
  for (const { folder, bytes, what } of spaceNeeds(estimate, { ...use, diskOf, copies })) {
    const free = freeSpace(folder);
    if (bytes.least > free.atMost) throw tooLittle({ folder, what, needed: bytes.least, free: free.atMost });
    if (bytes.most <= free.surely) continue;
    const needed = `${what} may need up to ${formatBytes(bytes.most)}`;
    const message = `\`${folder}\` may become full: it has ${formatBytes(free.surely)} free, and ${needed}`;
    use.reporter.notice({ severity: "warning", code: "W_DISK_SPACE", message });
  }
}

function tooLittle({
  folder,
  what,
  needed,
  free,
}: {
  folder: string;
  what: string;
  needed: number;
  free: number;
}): PlatterError {
  return new PlatterError({
    code: "E_DISK_SPACE",
    kind: "machine",
    message: `Cannot put ${what} into \`${folder}\`: it has ${formatBytes(free)} free, and ${formatBytes(needed)} or more are needed`,
    hint: "Free some space, or use a larger file system for -o, --work or TMPDIR.",
  });
}

function larger(a: Range, b: Range): Range {
  return { least: Math.max(a.least, b.least), most: Math.max(a.most, b.most) };
}

/** Free bytes of a file system. `surely` is for ordinary users, and `atMost` includes the bytes reserved for root. */
function freeSpace(folder: string): { surely: number; atMost: number } {
  const { bavail, bfree, bsize } = statfsSync(folder);
  return { surely: bavail * bsize, atMost: (process.getuid?.() === 0 ? bfree : bavail) * bsize };
}

function diskOf(folder: string): number {
  return statSync(folder).dev;
}

/**
 * File systems on which a copy never shares blocks with its source, by the type of statfs(2): ext2 to ext4, tmpfs, FAT.
 * On other file systems a copy may share blocks.
 */
const NOT_SHARING = new Set([0xef53, 0x01021994, 0x4d44]);
