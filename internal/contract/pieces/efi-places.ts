import { ARCHITECTURES, type Architecture, efiSuffix } from "../../base/architecture.ts";
import { type FoundFile, findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { resolve } from "../../image/resolve.ts";
import { compareVersions } from "../../text/version-order.ts";

export type Binary = "shim" | "grub" | "mm";
export const BINARIES: readonly Binary[] = ["shim", "grub", "mm"];

/** The most vendors, and versions of a package, in one image. */
export const MAX_NAMES = 64;

export const VENDOR_FOLDERS = [
  "`/usr/lib/efi/shim/*/EFI`",
  "`/usr/lib/bootupd/updates/EFI`",
  "`/boot/efi/EFI`",
];

/** Directories that are named after vendors. */
export interface Vendors {
  /** In byte order, at most {@link MAX_NAMES}. */
  names: string[];
  /** Paths of directories whose names are not vendors' names. */
  odd: string[];
  /** A directory with more entries than the limit. */
  crowded: string | undefined;
}

/** The first directory of clause C3 that has a vendor decides. An empty directory of a vendor counts too. */
export function vendorsOf(root: TreeNode): Vendors {
  const versions = namesIn(root, "usr/lib/efi/shim");
  if (versions.length > MAX_NAMES) return { names: [], odd: [], crowded: "usr/lib/efi/shim" };
  const groups = [
    versions.map((version) => `usr/lib/efi/shim/${version}/EFI`),
    ["usr/lib/bootupd/updates/EFI"],
    ["boot/efi/EFI"],
  ];
  const odd: string[] = [];
  for (const group of groups) {
    const names = new Set<string>();
    for (const base of group) {
      const here = namesIn(root, base);
      if (here.length > MAX_NAMES) return { names: [], odd, crowded: base };
      for (const name of here) {
        if (name.toUpperCase() === "BOOT") continue;
        if (resolve(root, `${base}/${name}`)?.inode.type !== "directory") continue;
        if (/^[\w.-]+$/.test(name)) names.add(name);
        else odd.push(`${base}/${name}`);
      }
      if (names.size > MAX_NAMES) return { names: [], odd, crowded: base };
    }
    if (names.size > 0) return { names: [...names].sort(), odd, crowded: undefined };
  }
  return { names: [], odd, crowded: undefined };
}

/** The EFI binaries of one vendor. */
type FoundBinaries = Readonly<Record<Binary, FoundFile | undefined>>;

/** Clause C4: each binary from the first of its paths that exists. */
export function findBinaries(
  root: TreeNode,
  where: { architecture: Architecture; vendor: string },
): FoundBinaries {
  const find = (binary: Binary) => firstFile(root, binaryPlaces(binary, { root, ...where }));
  return { shim: find("shim"), grub: find("grub"), mm: find("mm") };
}

/** Whether the image has shim or GRUB for an architecture, of any vendor. */
export function hasLoaders(root: TreeNode, architecture: Architecture): boolean {
  const vendors = [...vendorsOf(root).names, "debian"];
  return vendors.some((vendor) => {
    const { shim, grub } = findBinaries(root, { architecture, vendor });
    return shim !== undefined || grub !== undefined;
  });
}

function firstFile(root: TreeNode, paths: readonly string[]): FoundFile | undefined {
  for (const path of paths) {
    const found = findFile(root, path);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** Every path that clause C4 allows for a binary, the preferred one first. Of several versions the newest counts. */
export function binaryPlaces(
  binary: Binary,
  where: { root: TreeNode; architecture: Architecture; vendor: string },
): string[] {
  const { root, architecture, vendor } = where;
  const name = `${binary === "grub" ? "gcd" : binary}${efiSuffix(architecture)}.efi`;
  const packaged = ["shim", "grub2"].flatMap((folder) => {
    const base = `usr/lib/efi/${folder}`;
    const versions = namesIn(root, base).sort(compareVersions).reverse().slice(0, MAX_NAMES);
    return (versions.length > 0 ? versions : ["*"]).map(
      (version) => `${base}/${version}/EFI/${vendor}/${name}`,
    );
  });
  const places = [
    `boot/efi/EFI/${vendor}/${name}`,
    ...packaged,
    `usr/lib/bootupd/updates/EFI/${vendor}/${name}`,
  ];
  if (binary === "grub") {
    const target = ARCHITECTURES[architecture].grub.efi;
    return [
      ...places,
      `usr/lib/grub/${target}-signed/${name}.signed`,
      `usr/lib/grub/${target}/monolithic/${name}`,
    ];
  }
  return [...places, `usr/lib/shim/${name}.signed`, `usr/lib/shim/${name}`];
}
