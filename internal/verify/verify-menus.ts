import { ARCHITECTURE_NAMES, ARCHITECTURES } from "../base/architecture.ts";
import { counted } from "../text/counted.ts";
/** The checks of the GRUB menus and of the files that they name. */

import { textOf } from "../bytes/fields.ts";
import { ProblemLog } from "../bytes/problem-log.ts";
import { readFatFile } from "../fat/read.ts";
import type { ByteSource } from "../files/byte-source.ts";
import { afterLabel } from "../grub/kernel-arguments.ts";
import { type KernelEntry, readKernelEntries } from "../grub/kernel-entries.ts";
import { type GrubMenu, readGrubMenu } from "../grub/read-menu.ts";
import { findNode, type IsoNode, readNode } from "../iso/read/iso-node.ts";
import type { VolumeDescriptor } from "../iso/read/volume-descriptor.ts";
import { SECTOR } from "../iso-format/units.ts";
import { printable } from "../text/printable.ts";
import type { EfiSystemPartition } from "./efi-system-partition.ts";
import type { ReportBuilder } from "./verify-report.ts";

/** Menus in the folders that GRUB has for each platform. */
export const EFI_PLATFORM_MENUS = ARCHITECTURE_NAMES.map(
  (name) => `/boot/grub/${ARCHITECTURES[name].grub.efi}/grub.cfg`,
);

/** The menus that GRUB reads, by its built-in prefix. */
const MENU_PATHS = [
  "/EFI/BOOT/grub.cfg",
  "/boot/grub2/grub.cfg",
  "/boot/grub/grub.cfg",
  "/boot/grub/loopback.cfg",
  ...EFI_PLATFORM_MENUS,
];
const MAX_MENU = 1024 * 1024;

export interface FoundMenu {
  /** The name of the place in messages. */
  where: string;
  /** Path on the ISO or in the EFI system partition, in the spelling of {@link MENU_PATHS}. */
  path: string;
  offset: number;
  menu: GrubMenu;
  kernels: readonly KernelEntry[];
  /** Whether a path exists from this menu's point of view. */
  has: (path: string) => boolean;
}

interface MenuSurroundings {
  primary: VolumeDescriptor;
  tree: IsoNode;
  esps: readonly EfiSystemPartition[];
  builder: ReportBuilder;
}

/** Runs the checks `grub-menus` and `menu-label`, and returns the menus that were found. */
export async function checkMenus(source: ByteSource, surroundings: MenuSurroundings): Promise<FoundMenu[]> {
  const menus = [...(await menusOfTree(source, surroundings.tree)), ...(await menusOfEsps(surroundings))];
  if (menus.length === 0) surroundings.builder.absent("grub-menus", "no grub.cfg where GRUB looks for one");
  for (const found of menus) checkFiles(found, surroundings.builder);
  checkLabels(menus, surroundings);
  return menus;
}

async function menusOfTree(source: ByteSource, tree: IsoNode): Promise<FoundMenu[]> {
  const menus: FoundMenu[] = [];
  for (const path of MENU_PATHS) {
    const node = findNode(tree, path);
    if (node?.kind !== "file") continue;
    const script = textOf(await readNode(source, node, MAX_MENU));
    const offset = (node.extents[0]?.lba ?? 0) * SECTOR;
    menus.push({
      where: path,
      path,
      offset,
      ...readMenu(script, path),
      has: (wanted) => isThere(tree, wanted),
    });
  }
  return menus;
}

/** Menus in the EFI system partition may name files there, or, after a search, on the ISO. */
async function menusOfEsps({ esps, tree }: MenuSurroundings): Promise<FoundMenu[]> {
  const menus: FoundMenu[] = [];
  for (const { source, volume, place } of esps) {
    const paths = new Set(volume.entries.map((entry) => `/${entry.path.toLowerCase()}`));
    for (const entry of volume.entries) {
      const known = MENU_PATHS.find((path) => path.toLowerCase() === `/${entry.path.toLowerCase()}`);
      if (known === undefined) continue;
      const bytes = await readFatFile(source, volume, { entry, length: MAX_MENU });
      menus.push({
        where: `/${entry.path} of the EFI system partition`,
        path: known,
        offset: place.start + entry.offset,
        ...readMenu(textOf(bytes), `/${entry.path}`),
        has: (path) => paths.has(path.toLowerCase()) || isThere(tree, path),
      });
    }
  }
  return menus;
}

function readMenu(script: string, path: string): Pick<FoundMenu, "menu" | "kernels"> {
  return { menu: readGrubMenu(script, path), kernels: readKernelEntries(script, path) };
}

function isThere(tree: IsoNode, path: string): boolean {
  return followNode(tree, path) !== undefined;
}

/** The node at a path; GRUB follows Rock Ridge's links. */
export function followNode(tree: IsoNode, path: string): IsoNode | undefined {
  let wanted = path;
  for (let hop = 0; hop < 16; hop++) {
    const node = findNode(tree, wanted);
    if (node?.target === undefined) return node;
    const folder = wanted.slice(0, wanted.lastIndexOf("/"));
    wanted = normalize(node.target.startsWith("/") ? node.target : `${folder}/${node.target}`);
  }
  return undefined;
}

function normalize(path: string): string {
  const parts: string[] = [];
  for (const part of path.split("/")) {
    if (part === "..") parts.pop();
    else if (part !== "" && part !== ".") parts.push(part);
  }
  return `/${parts.join("/")}`;
}

function checkFiles({ where, menu, has, offset }: FoundMenu, builder: ReportBuilder): void {
  const log = new ProblemLog();
  for (const { line, what } of menu.syntax) {
    log.note({ code: "menu-syntax", detail: `${where}, line ${line} ${what}`, offset });
  }
  for (const { path, line, command } of menu.files) {
    if (has(path)) continue;
    const detail = `${where}, line ${line}: \`${command}\` names ${printable(path)}, which is missing`;
    log.note({ code: "menu-file", detail, offset });
  }
  const detail = `${where}: ${counted(menu.entries.length, "entry", "entries")}, names ${counted(menu.files.length, "file")}`;
  builder.add("grub-menus", log.reading(undefined), detail);
}

function checkLabels(menus: readonly FoundMenu[], { primary, esps, builder }: MenuSurroundings): void {
  const log = new ProblemLog();
  const labels = menus.flatMap(({ menu, where }) => menu.labels.map((label) => ({ ...label, where })));
  if (labels.length === 0) {
    builder.absent("menu-label", "no menu names a label");
    return;
  }
  log.covers({ name: "primary volume descriptor: volume id", start: primary.offset + 40, length: 32 });
  for (const { label, sought, line, from, where } of labels) {
    const rest = afterLabel(sought, primary.volumeId);
    // GRUB's own `search` takes the whole word for the label.
    if (from === "search" ? sought === primary.volumeId : rest !== undefined) continue;
    const detail = `${where}, line ${line}: \`${printable(from)}\` wants the label \`${printable(label)}\`, the ISO's is \`${printable(primary.volumeId)}\``;
    log.note({ code: "menu-label", detail, offset: primary.offset + 40 });
  }
  for (const { place, volume } of esps) {
    if (!place.isPartition || (volume.label !== undefined && volume.label !== primary.volumeId)) continue;
    // udev gives a partition without a label the label of the disk. A search by label may then find the wrong one.
    const what = volume.label === undefined ? "no label of its own" : "the ISO's own label";
    const detail = `the EFI system partition has ${what}, so that a search by label may find it instead of the ISO`;
    log.note({ code: "esp-label", detail, offset: place.start, severity: "warning" });
  }
  builder.add(
    "menu-label",
    log.reading(undefined),
    `\`${primary.volumeId}\` in ${counted(labels.length, "place")}`,
  );
}
