import { writeSync } from "node:fs";
import { open, stat, statfs } from "node:fs/promises";
import { writeAtOnce } from "../chunk.ts";
import { PlatterError } from "../error.ts";
import { FILE_SYSTEM, positionOf } from "../file-space.ts";
import { errnoOf } from "../machine-error.ts";
import { SteadyWriting } from "../steady-writing.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { Task } from "../ui/reporter.ts";
import { writeWhole } from "../whole-file.ts";
import { followWriter } from "./follow-writer.ts";
import { IsoMd5, type IsoMd5Implant } from "./isomd5.ts";
import { type IsoLayout, xorrisoArguments } from "./layout.ts";
import { SourceRelease } from "./source-release.ts";

/**
 * How much of the ISO's size must be free for xorriso to write into the file: it refuses a file that there is no room
 * for yet, and what is released on the way makes some. platter writes what it gives then.
 */
const ROOM = 1.05;

export interface AssembleRun {
  layout: IsoLayout;
  /** Where the ISO appears once it is whole. */
  output: string;
  /** Whether the checksum is computed and implanted while the ISO is written. */
  checksum: "implant" | "leave";
  /** Whether the files of the layout stay, or are gone once they are on the ISO, to save space. */
  sources: "keep" | "use-up";
  log: string;
  task: Task;
}

/**
 * Writes the ISO: once, in order, beside its final place. Its checksum is computed close behind xorriso, out of the page
 * cache: a pipe between the two would cost as much as the checksum.
 */
export async function assembleIso(run: AssembleRun, toolbox: Toolbox): Promise<{ size: number }> {
  const { layout, output, log, task } = run;
  const expected = await expectedSize(layout);
  return writeWhole(output, {
    code: "E_OUTPUT",
    write: async (partial) => {
      await using file = await open(partial, "w+", 0o644);
      const checksum = run.checksum === "implant" ? new Checksum() : undefined;
      using _ = new SteadyWriting(partial);
      const { type, bavail, bsize } = await statfs(partial);
      // XFS sets space aside behind the end of a growing file, as much as the file has: one that has its length from the
      // beginning takes no more than it needs.
      if (type === FILE_SYSTEM.xfs) await file.truncate(expected);
      const iso = { fd: file.fd, path: partial };
      using release = new SourceRelease(iso, run.sources === "use-up" ? layout.files : []);
      // What btrfs calls free may be promised to what waits in memory.
      const hasRoom = type !== FILE_SYSTEM.btrfs && bavail * bsize > expected * ROOM;
      const copy = async (chunk: Uint8Array) => {
        append(file.fd, chunk, release);
        await release.written(positionOf(file.fd));
      };
      const writing = toolbox.use("xorriso", (path) => xorrisoArguments(mapPaths(layout, path)), {
        log,
        env: { SOURCE_DATE_EPOCH: String(layout.time) },
        ...(hasRoom ? { stdout: file.fd } : { onStdout: copy }),
      });
      const size = await followWriter(writing, iso, {
        take: checksum && ((block) => checksum.update(block)),
        reached: async (written) => {
          if (hasRoom) await release.written(written);
          task.progress(Math.min(written, expected), expected);
        },
      });
      if (size === 0) throw noIso("nothing", log);
      if (checksum !== undefined) {
        const implant = checksum.finish();
        if (implant === undefined) throw noIso("something that is no ISO 9660 file system", log);
        writeAtOnce(file.fd, implant.bytes, implant.offset);
      }
      await file.truncate(size);
      return { size };
    },
  });
}

/** The ISO's checksum; that it has none is told at the end, when what xorriso itself says is known. */
class Checksum {
  #md5: IsoMd5 | undefined = new IsoMd5();

  update(chunk: Uint8Array): void {
    this.#attempt((md5) => md5.update(chunk));
  }

  finish(): IsoMd5Implant | undefined {
    return this.#attempt((md5) => md5.finish());
  }

  #attempt<T>(action: (md5: IsoMd5) => T): T | undefined {
    try {
      return this.#md5 && action(this.#md5);
    } catch (error) {
      if (!(error instanceof PlatterError)) throw error;
      this.#md5 = undefined;
      return undefined;
    }
  }
}

function noIso(instead: string, log: string): PlatterError {
  return new PlatterError({
    code: "E_TOOL_FAILED",
    kind: "tool",
    message: `\`xorriso\` wrote ${instead}`,
    hint: `Its full output is in \`${log}\`.`,
    log,
  });
}

/** Writes where the file's description stands, which goes forward with it; makes room where there is some to be made. */
function append(fd: number, bytes: Uint8Array, release: SourceRelease): void {
  for (let done = 0; done < bytes.length; ) {
    try {
      done += writeSync(fd, bytes, done);
    } catch (error) {
      if (errnoOf(error) !== "ENOSPC" || !release.settle()) throw error;
    }
  }
}

/** Close to the ISO's size, and not a promise. */
async function expectedSize(layout: IsoLayout): Promise<number> {
  const sizes = await Promise.all(
    [...layout.files.map(({ hostPath }) => hostPath), layout.espImage].map(
      async (path) => (await stat(path)).size,
    ),
  );
  return sizes.reduce((sum, size) => sum + Math.ceil(size / 2048) * 2048, 1024 * 1024);
}

function mapPaths(layout: IsoLayout, path: (hostPath: string) => string): IsoLayout {
  return {
    ...layout,
    files: layout.files.map(({ isoPath, hostPath }) => ({ isoPath, hostPath: path(hostPath) })),
    bios: layout.bios && { ...layout.bios, hybridMbr: path(layout.bios.hybridMbr) },
    espImage: path(layout.espImage),
  };
}
