/** The entries of a GRUB menu that start Linux. */
import { isoPath } from "./read-menu.ts";
import { readGrubScript, writtenWord } from "./script.ts";

export interface KernelEntry {
  /** Empty for commands outside of an entry, which GRUB runs without a menu. */
  title: string;
  /** Absolute path on the ISO; undefined if it depends on a variable. */
  kernel: string | undefined;
  /** Absolute paths on the ISO; one that depends on a variable is undefined. */
  initramfsPaths: (string | undefined)[];
  /** Variables that only GRUB knows are marked. See {@link readGrubScript}. */
  kernelArgs: string[];
}

/** The most entries that are read. No real menu has more. */
const MAX_ENTRIES = 64;
const LINUX = ["linux", "linuxefi"];
const INITRD = ["initrd", "initrdefi"];

/** Reads a menu whose path is `path`. GRUB's `$prefix` is its folder; an entry without a `linux` line is not listed. */
export function readKernelEntries(script: string, path: string): KernelEntry[] {
  const entries: KernelEntry[] = [];
  const folder = path.slice(0, Math.max(0, path.lastIndexOf("/")));
  let isOpen = false;
  for (const { words, entry } of readGrubScript(script)) {
    const [command = "", ...rest] = words;
    if (command === "menuentry" || command === "submenu") isOpen = false;
    if (LINUX.includes(command)) {
      if (entries.length === MAX_ENTRIES) break;
      const [kernel, ...kernelArgs] = rest;
      const title = writtenWord(entry ?? "");
      entries.push({ title, kernel: isoPath(kernel, folder), initramfsPaths: [], kernelArgs });
      isOpen = true;
    }
    if (INITRD.includes(command) && isOpen)
      entries.at(-1)!.initramfsPaths.push(...rest.map((word) => isoPath(word, folder)));
  }
  return entries;
}
