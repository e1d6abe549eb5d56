import { closeSync, statfsSync, statSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { PlatterError } from "../error.ts";
import { punchHole } from "../file-space.ts";
import { openUnnamed } from "../image/unnamed-file.ts";
import { formatBytes } from "../ui/format.ts";
import type { Reporter } from "../ui/reporter.ts";
import type { Range, SpaceEstimate } from "./space-estimate.ts";

/** What will be written where. */
export interface SpaceUse {
  /** The work directory. */
  work: string;
  /** Whether what is in the work directory stays when the ISO takes it in. */
  sources: "keep" | "use-up";
  /** The ISO; undefined where none is made. */
  output: string | undefined;
}

/** A folder, and how many bytes it must hold. */
export interface SpaceNeed {
  folder: string;
  bytes: Range;
  /** What they are needed for. */
  what: string;
}

/** What a build still needs, by file system: the ISO takes the place of what it is made of, where that is released. */
export function spaceNeeds(estimate: SpaceEstimate, use: SpaceUse & { onOneDisk: boolean }): SpaceNeed[] {
  const { rootfs, iso, esp, temporary } = estimate;
  const [work, output] = [use.work, use.output === undefined ? undefined : dirname(use.output)];
  const made = plus(rootfs, esp);
  const making = { least: made.least + temporary, most: made.most + temporary };
  const rootfsNeed = { folder: work, bytes: making, what: "the root file system" };
  if (output === undefined) return [rootfsNeed];
  if (!use.onOneDisk) return [rootfsNeed, { folder: output, bytes: iso, what: "the ISO" }];
  if (use.sources === "use-up") {
    return [{ folder: output, bytes: larger(plus(iso, esp), making), what: "the ISO" }];
  }
  const both = { least: made.least + iso.least, most: made.most + iso.most };
  const what = "the ISO and, beside it, the root file system";
  return [{ folder: output, bytes: larger(both, making), what }];
}

/**
 * Looks whether the disks have room for a build, before anything large is written: a warning where it may become too
 * little.
 * @throws PlatterError `E_DISK_SPACE` where it is too little in any case
 */
export function checkSpace(estimate: SpaceEstimate, use: SpaceUse & { reporter: Reporter }): void {
  const onOneDisk = use.output !== undefined && deviceOf(use.work) === deviceOf(dirname(use.output));
  const sources = use.sources === "use-up" && canRelease(use.work) ? "use-up" : "keep";
  for (const { folder, bytes, what } of spaceNeeds(estimate, { ...use, onOneDisk, sources })) {
    const free = freeSpace(folder);
    if (bytes.least > free.atMost) throw tooLittle({ folder, what, needed: bytes.least, free: free.atMost });
    if (bytes.most <= free.surely) continue;
    use.reporter.warn(
      `\`${folder}\` has ${formatBytes(free.surely)} free, and ${what} may need up to ${formatBytes(bytes.most)}: ` +
        "it may become full. [W_DISK_SPACE]",
    );
  }
}

function tooLittle(about: { folder: string; what: string; needed: number; free: number }): PlatterError {
  const { folder, what, needed, free } = about;
  return new PlatterError({
    code: "E_DISK_SPACE",
    kind: "machine",
    message: `\`${folder}\` has ${formatBytes(free)} free, and ${what} will need ${formatBytes(needed)} or more`,
    hint: "Free some space, or name a folder on a larger file system with -o, and with --work for what is made on the way.",
  });
}

function plus({ least, most }: Range, bytes: number): Range {
  return { least, most: most + bytes };
}

function larger(a: Range, b: Range): Range {
  return { least: Math.max(a.least, b.least), most: Math.max(a.most, b.most) };
}

/** Bytes: what an ordinary user may use, and what is there for root, who may use what is reserved. */
function freeSpace(folder: string): { surely: number; atMost: number } {
  const { bavail, bfree, bsize } = statfsSync(folder);
  return { surely: bavail * bsize, atMost: (process.getuid?.() === 0 ? bfree : bavail) * bsize };
}

function deviceOf(folder: string): number {
  return statSync(folder).dev;
}

/** Whether the file system takes back parts of a file: found out with one. */
function canRelease(folder: string): boolean {
  const length = 64 * 1024;
  const fd = openUnnamed(folder, "trial");
  try {
    writeSync(fd, new Uint8Array(length));
    return punchHole(fd, { offset: 0, length });
  } finally {
    closeSync(fd);
  }
}
