import { type FileHandle, open, readFile, stat } from "node:fs/promises";
import { PlatterError } from "../base/error.ts";
import type { Task } from "../base/progress.ts";
import { runTogether } from "../base/run-together.ts";
import { rangeBytesSync, unreadableFile } from "../bytes/chunk.ts";
import { writeWhole } from "../files/whole-file.ts";
import { MIN_BOOT_IMAGE } from "../iso-format/boot-info.ts";
import { BLOCK } from "../iso-format/units.ts";
import { writeIsoMd5 } from "../isomd5/file.ts";
import type { IsoContent, IsoLayout, RootfsContent } from "./layout.ts";
import { type IsoDescription, type SizedContent, type SizedFile, sizeOf } from "./write/description.ts";
import { layoutIso } from "./write/layout-iso.ts";
import { writeIso } from "./write/write-iso.ts";

interface AssembleRun {
  layout: IsoLayout;
  /** Whether the checksum is implanted. */
  checksum: "implant" | "leave";
  signal: AbortSignal;
  task: Pick<Task, "progress">;
}

/**
 * Writes an ISO file, which appears when it is complete. `write` gets the open file, which is empty.
 * @throws PlatterError `E_OUTPUT`, `E_NO_SPACE`, and the errors of `write`
 */
export async function withIsoFile<T>(output: string, write: (file: FileHandle) => Promise<T>): Promise<T> {
  return writeWhole(output, {
    code: "E_OUTPUT",
    write: async (partial) => {
      await using file = await open(partial, "w+", 0o644);
      return await write(file);
    },
  });
}

/**
 * Writes the ISO into an open file, which is empty except for a root file system that is in place, and then the
 * checksum, which also covers the structures that are written last. Returns the ISO's size in bytes.
 * @throws PlatterError `E_FILE_READ`, `E_FILE_SHRANK`, `E_BOOT_PROGRAM`, `E_INTERRUPTED`; the system's error if the
 * file cannot be written
 */
export async function assembleIso(file: FileHandle, run: AssembleRun): Promise<number> {
  const image = layoutIso(await describeIso(run.layout));
  const contents = image.contents.reduce((sum, { content }) => sum + sizeOf(content), 0);
  const total = contents + (run.checksum === "implant" ? image.size : 0);
  const { signal, task } = run;
  await writeIso(file.fd, image, { signal, onBytes: (done) => task.progress(done, total) });
  const onProgress = (done: number) => task.progress(contents + done, total);
  if (run.checksum === "implant") await writeIsoMd5(file, { size: image.size, signal, onProgress });
  return image.size;
}

/**
 * The layout with all sizes, and with the boot programs of BIOS in memory, whose bytes depend on their place.
 * @throws PlatterError `E_FILE_READ`, `E_BOOT_PROGRAM`
 */
async function describeIso(layout: IsoLayout): Promise<IsoDescription> {
  const { bios } = layout;
  const sized = async (file: {
    isoPath: string;
    content: IsoContent | RootfsContent;
  }): Promise<SizedFile> => {
    const { isoPath, content } = file;
    if (isoPath !== bios?.image) return { isoPath, content: await withSize(content) };
    return {
      isoPath,
      content: { bytes: await bootProgram(content, { name: isoPath, least: MIN_BOOT_IMAGE }) },
    };
  };
  const code = bios && (await bootProgram(bios.hybridMbr, { name: "boot_hybrid.img", least: BLOCK }));
  return {
    ...layout,
    rootfs: layout.rootfs && (await sized(layout.rootfs)),
    files: await runTogether(layout.files.map((file) => () => sized(file))),
    bios: bios && { image: bios.image, code: code! },
    esp: await withSize(layout.espImage),
  };
}

async function withSize(content: IsoContent | RootfsContent): Promise<SizedContent> {
  if (!("path" in content)) return content;
  const { path } = content;
  try {
    return { path, size: (await stat(path)).size };
  } catch (error) {
    throw unreadableFile(error, path);
  }
}

/** @throws PlatterError `E_FILE_READ`, `E_BOOT_PROGRAM` */
async function bootProgram(
  content: IsoContent | RootfsContent,
  options: { name: string; least: number },
): Promise<Uint8Array> {
  const bytes = await bytesOfContent(content, options.name);
  if (bytes.length >= options.least) return bytes;
  throw new PlatterError({
    code: "E_BOOT_PROGRAM",
    kind: "contract",
    message: `Cannot boot with \`${options.name}\`: it has ${bytes.length} bytes, and ${options.least} or more are needed`,
    hint: "Install the package of GRUB's modules in the image again, or pass --no-bios for an ISO without BIOS boot.",
  });
}

async function bytesOfContent(content: IsoContent | RootfsContent, name: string): Promise<Uint8Array> {
  if ("bytes" in content) return content.bytes;
  if ("inPlace" in content) throw new Error(`${name} is not a root file system`);
  if ("range" in content) return rangeBytesSync(content.range);
  try {
    return await readFile(content.path);
  } catch (error) {
    throw unreadableFile(error, content.path);
  }
}
