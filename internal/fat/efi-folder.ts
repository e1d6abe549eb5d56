import { readdir, readFile, stat } from "node:fs/promises";
import { join, relative } from "node:path";
import { PlatterError } from "../base/error.ts";
import { machineError } from "../base/machine-error.ts";
import type { FatFile } from "./fat-tree.ts";

/** A folder's files for an EFI system partition. */
interface EfiFolder {
  files: FatFile[];
  /** The newest time of a file, in seconds since 1970. */
  newest: number;
  /** Digest over names and contents, in hexadecimal. */
  digest: string;
}

/** Reads a folder that is to become an EFI system partition. @throws PlatterError `E_EFI_DIR` */
export async function readEfiFolder(folder: string): Promise<EfiFolder> {
  const files: FatFile[] = [];
  let newest = 0;
  const hasher = new Bun.CryptoHasher("sha256");
  try {
    const entries = await readdir(folder, { withFileTypes: true, recursive: true });
    const paths = entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => join(entry.parentPath, entry.name));
    for (const path of paths.sort()) {
      const content = await readFile(path);
      newest = Math.max(newest, Math.floor((await stat(path)).mtimeMs / 1000));
      const name = relative(folder, path);
      hasher.update(`${name}\0${content.length}\0`).update(content);
      files.push({ path: name, content });
    }
  } catch (error) {
    throw machineError(error, { code: "E_EFI_DIR", message: `Cannot read \`${folder}\`` });
  }
  if (!files.some(({ path }) => /^efi\/boot\/boot\w+\.efi$/i.test(path))) {
    throw new PlatterError({
      code: "E_EFI_DIR",
      kind: "usage",
      message: `Cannot make an EFI system partition of \`${folder}\`: it does not have \`EFI/BOOT/BOOT*.EFI\``,
      hint: "Name the root folder of the partition, the one with `EFI` in it.",
    });
  }
  return { files, newest, digest: hasher.digest("hex") };
}
