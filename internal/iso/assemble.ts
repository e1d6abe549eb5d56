import { type FileHandle, open, stat, statfs } from "node:fs/promises";
import { PlatterError } from "../error.ts";
import { errnoOf } from "../machine-error.ts";
import { SteadyWriting } from "../steady-writing.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { Task } from "../ui/reporter.ts";
import { writeWhole } from "../whole-file.ts";
import { BlockGatherer } from "./block-gatherer.ts";
import { IsoMd5, type IsoMd5Implant } from "./isomd5.ts";
import { type IsoLayout, xorrisoArguments } from "./layout.ts";
import { SourceRelease } from "./source-release.ts";

/**
 * XFS_SUPER_MAGIC of statfs(2). XFS sets space aside behind the end of a growing file, as much as the file has: one
 * that has its length from the beginning takes no more than it needs.
 */
const XFS = 0x58465342;

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

/** Writes the ISO: once, in order, beside its final place, with its checksum computed on the way. */
export async function assembleIso(run: AssembleRun, toolbox: Toolbox): Promise<{ size: number }> {
  const { layout, output, log, task } = run;
  const expected = await expectedSize(layout);
  return writeWhole(output, {
    code: "E_OUTPUT",
    write: async (partial) => {
      await using file = await open(partial, "w", 0o644);
      const checksum = run.checksum === "implant" ? new Checksum() : undefined;
      using _ = new SteadyWriting(partial, "result");
      if ((await statfs(partial)).type === XFS) await file.truncate(expected);
      using release = new SourceRelease(run.sources === "use-up" ? layout.files : []);
      let size = 0;
      const blocks = new BlockGatherer(async (block) => {
        const writing = writeFully(file, block, size).catch((error) => {
          if (errnoOf(error) !== "ENOSPC" || !release.settle(file.fd)) throw error;
          return writeFully(file, block, size);
        });
        // Another thread writes meanwhile.
        checksum?.update(block);
        await writing;
        size += block.length;
        await release.written(block, size);
        task.progress(Math.min(size, expected), expected);
      });
      await toolbox.use("xorriso", (path) => xorrisoArguments(mapPaths(layout, path)), {
        log,
        env: { SOURCE_DATE_EPOCH: String(layout.time) },
        onStdout: (chunk) => blocks.add(chunk),
      });
      await blocks.flush();
      if (size === 0) throw noIso("nothing", log);
      if (checksum !== undefined) {
        const implant = checksum.finish();
        if (implant === undefined) throw noIso("something that is no ISO 9660 file system", log);
        await writeFully(file, implant.bytes, implant.offset);
      }
      await file.truncate(size);
      await file.sync();
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

async function writeFully(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    done += (await file.write(bytes, done, bytes.length - done, position + done)).bytesWritten;
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
