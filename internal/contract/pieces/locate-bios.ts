import { GRUB_BIOS_PLATFORM } from "../../base/architecture.ts";
import { displayPath } from "../../bytes/byte-path.ts";
import { type FoundFile, findFile } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { type Finding, finding } from "../findings/finding.ts";

/** The folder of GRUB's modules for BIOS in an image (clause C5). */
export const MODULES_FOLDER = `usr/lib/grub/${GRUB_BIOS_PLATFORM}`;

/** The files that a GRUB core image and a hybrid ISO need. */
const NEEDED = [
  "kernel.img",
  "cdboot.img",
  "diskboot.img",
  "lzma_decompress.img",
  "boot_hybrid.img",
  "moddep.lst",
  "biosdisk.mod",
  "iso9660.mod",
  "part_gpt.mod",
  "normal.mod",
];

export interface NamedFile extends FoundFile {
  name: string;
}

/** Clause C5: the files of GRUB's module directory, in order of their names. */
export function locateBios(root: TreeNode): { modules: NamedFile[] | undefined; findings: Finding[] } {
  const folder = resolve(root, MODULES_FOLDER);
  const modules: NamedFile[] = [];
  for (const name of folder?.children?.keys() ?? []) {
    if (!/^[\w][\w.+-]*\.(?:mod|lst|img)$/.test(name)) continue;
    const found = findFile(root, `${MODULES_FOLDER}/${name}`);
    if (found !== undefined) modules.push({ name, ...found });
  }
  const missing = NEEDED.filter((name) => !modules.some((module) => module.name === name));
  if (missing.length === 0) return { modules, findings: [] };
  const where = `\`${displayPath(MODULES_FOLDER)}\``;
  const seen =
    folder === undefined
      ? `The image has no directory ${where}.`
      : `${where} lacks ${missing.map((name) => `\`${name}\``).join(", ")}.`;
  return { modules: undefined, findings: [finding("F_BIOS_MODULES_MISSING", seen)] };
}

/** Clause C5: the font of GRUB's graphical menu. */
export function locateFont(root: TreeNode): { font: FoundFile | undefined; findings: Finding[] } {
  const places = ["usr/share/grub/unicode.pf2", "usr/share/grub2/unicode.pf2"];
  for (const path of places) {
    const font = findFile(root, path);
    if (font !== undefined) return { font, findings: [] };
  }
  const seen = `The image has no \`unicode.pf2\` in ${places.map((path) => `\`/${path.replace(/\/[^/]+$/, "")}\``).join(" or ")}.`;
  return { font: undefined, findings: [finding("F_FONT_MISSING", seen)] };
}
