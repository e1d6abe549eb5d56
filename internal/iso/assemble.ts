import { open, rename, rm, stat } from "node:fs/promises";
import { PlatterError } from "../error.ts";
import { machineError } from "../image/machine-error.ts";
import type { Toolbox } from "../tool/toolbox.ts";
import type { Task } from "../ui/reporter.ts";
import { IsoMd5 } from "./isomd5.ts";
import { type IsoLayout, xorrisoArguments } from "./layout.ts";

export interface AssembleRun {
  layout: IsoLayout;
  /** Where the ISO appears once it is whole. */
  output: string;
  /** Whether the checksum is computed and implanted while the ISO is written. */
  checksum: "implant" | "leave";
  log: string;
  task: Task;
}

/** Writes the ISO: once, in order, beside its final place, with its checksum computed on the way. */
export async function assembleIso(run: AssembleRun, toolbox: Toolbox): Promise<{ size: number }> {
  const { layout, output, log, task } = run;
  const partial = `${output}.partial`;
  const expected = await expectedSize(layout);
  const md5 = run.checksum === "implant" ? new IsoMd5() : undefined;
  const file = await open(partial, "w", 0o644).catch((error) => {
    throw machineError(error, { code: "E_OUTPUT", message: `Cannot write \`${output}\`` });
  });
  try {
    let size = 0;
    await toolbox.use("xorriso", (path) => xorrisoArguments(mapPaths(layout, path)), {
      log,
      env: { SOURCE_DATE_EPOCH: String(layout.time) },
      onStdout: async (chunk) => {
        md5?.update(chunk);
        await writeFully(file, chunk, size);
        size += chunk.length;
        task.progress(Math.min(size, expected), expected);
      },
    });
    if (size === 0) {
      throw new PlatterError({
        code: "E_TOOL_FAILED",
        kind: "tool",
        message: "`xorriso` wrote nothing",
        hint: `Its output is in \`${log}\`.`,
      });
    }
    if (md5 !== undefined) {
      const { offset, bytes } = md5.finish();
      await writeFully(file, bytes, offset);
    }
    await file.sync();
    await file.close();
    await rename(partial, output);
    return { size };
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(partial, { force: true });
    throw error;
  }
}

async function writeFully(
  file: Awaited<ReturnType<typeof open>>,
  bytes: Uint8Array,
  position: number,
): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file
      .write(bytes, done, bytes.length - done, position + done)
      .catch((error) => {
        throw machineError(error, { code: "E_OUTPUT", message: "Cannot write the ISO" });
      });
    done += bytesWritten;
  }
}

/** Close to the ISO's size, for progress alone. */
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
