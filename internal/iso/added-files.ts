import { readdirSync, statSync } from "node:fs";
import { basename, resolve } from "node:path";
import { machineError } from "../base/machine-error.ts";
import type { AddedFile } from "../contract/plan/plan-options.ts";
import { INITRD_PATH, KERNEL_PATH } from "../grub/menu-model.ts";
import { type AddRequest, addError, requireNames } from "./add-request.ts";
import { CORE_IMAGE_PATH, ROOTFS_PATH } from "./iso-files.ts";
import { CATALOG_PATH } from "./write/layout-iso.ts";

/** Files and folders that platter writes itself. Nothing can be added there. */
const OWN_PATHS = [
  "/.discinfo",
  "/.disk",
  "/EFI",
  "/boot/grub",
  "/boot/grub2",
  CATALOG_PATH,
  CORE_IMAGE_PATH,
  INITRD_PATH,
  KERNEL_PATH,
  ROOTFS_PATH,
];

/**
 * The files that requests add, in order of their path on the ISO. A symlink as the source itself is followed.
 * @throws PlatterError `E_ADD`, `E_INPUT`
 */
export function findAddedFiles(requests: readonly AddRequest[]): AddedFile[] {
  const files = requests.flatMap(filesOf).sort((a, b) => (a.isoPath < b.isoPath ? -1 : 1));
  const taken = new Set<string>();
  for (const { isoPath } of files) {
    const own = OWN_PATHS.find((path) => isWithin(isoPath, path) || isWithin(path, isoPath));
    if (own !== undefined) throw addError(isoPath, `platter writes \`${own}\` itself`);
    if (taken.has(isoPath)) throw addError(isoPath, "two files have this path");
    const above = foldersAbove(isoPath).find((path) => taken.has(path));
    if (above !== undefined) throw addError(isoPath, `\`${above}\` is a file`);
    taken.add(isoPath);
  }
  return files;
}

function filesOf({ source, isoPath, isFolder }: AddRequest): AddedFile[] {
  const path = resolve(source);
  const file = statOf(path, source);
  if (!file.isDirectory()) {
    if (!file.isFile()) throw addError(source, "it is neither a file nor a folder");
    const target = isFolder ? `${isoPath}/${basename(path)}` : isoPath;
    requireNames(target);
    return [{ isoPath: target, source: path, size: file.size }];
  }
  const files = filesBelow(path, isoPath);
  if (files.length === 0) throw addError(source, "the folder has no files");
  return files;
}

/** The files in a folder, at any depth. Its empty folders are not on the ISO. */
function filesBelow(folder: string, isoFolder: string): AddedFile[] {
  return entriesOf(folder).flatMap((entry) => {
    const source = `${folder}/${entry.name}`;
    const isoPath = `${isoFolder}/${entry.name}`;
    requireNames(isoPath);
    if (entry.isDirectory()) return filesBelow(source, isoPath);
    if (entry.isFile()) return [{ isoPath, source, size: statOf(source, source).size }];
    throw addError(
      source,
      entry.isSymbolicLink() ? "it is a symlink in a folder" : "it is not a regular file",
    );
  });
}

function statOf(path: string, shown: string) {
  try {
    return statSync(path);
  } catch (error) {
    throw machineError(error, { code: "E_INPUT", message: `Cannot read \`${shown}\`` });
  }
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch (error) {
    throw machineError(error, { code: "E_INPUT", message: `Cannot read \`${folder}\`` });
  }
}

/** Whether a path is the other one or below it, for a reader that ignores the case of letters. */
function isWithin(path: string, folder: string): boolean {
  return `${path}/`.toLowerCase().startsWith(`${folder}/`.toLowerCase());
}

function foldersAbove(path: string): string[] {
  return [...path.matchAll(/\//g)].map(({ index }) => path.slice(0, index)).filter((above) => above !== "");
}
