import type { Architecture } from "../../base/architecture.ts";
import type { PackagingDistribution } from "../../base/packages.ts";
import type { OsRelease } from "../config/os-release.ts";
import { installPackages, quotedPackages } from "../findings/install-packages.ts";

/** Distributions that platter recognises. */
export type Distribution = PackagingDistribution | "suse";

/** Patterns of `ID` and `ID_LIKE` of os-release, with their distribution. */
const FAMILIES: readonly (readonly [RegExp, Distribution])[] = [
  [/^(?:fedora|rhel|centos)$/, "fedora"],
  [/^ubuntu$/, "ubuntu"],
  [/^debian$/, "debian"],
  [/^(?:suse|sles?|opensuse.*)$/, "suse"],
  [/^arch$/, "arch"],
];

/** The distribution of an image, or the most similar one by `ID_LIKE`. */
export function distributionOf({ id, idLike }: OsRelease): Distribution | undefined {
  for (const name of [...(id === undefined ? [] : [id]), ...idLike]) {
    const family = FAMILIES.find(([pattern]) => pattern.test(name.toLowerCase()));
    if (family !== undefined) return family[1];
  }
  return undefined;
}

/** Whether platter knows the packages of a distribution. */
export function packageNames(distribution: Distribution | undefined): "known" | "unknown" {
  return distribution === undefined || distribution === "suse" ? "unknown" : "known";
}

/** One sentence about how to add a piece for UEFI to the image. */
export function howToInstall(
  piece: "shim" | "grub" | "mm",
  { architecture, distribution }: { architecture: Architecture; distribution: Distribution | undefined },
): string {
  if (distribution === undefined) return installPackages(piece, { architectures: [architecture] });
  if (distribution === "suse" || distribution === "arch") {
    return `Copy shim, MOK manager and the GRUB for optical media of Fedora, Debian or Ubuntu to \`/boot/efi/EFI/VENDOR\`: ${WITHOUT[distribution]} does not package them under the contract's names.`;
  }
  return `Install ${quotedPackages(piece, { distribution, architecture })} in the image.`;
}

/** Distributions without packages for UEFI that platter could use. */
const WITHOUT: Readonly<Record<"suse" | "arch", string>> = { suse: "openSUSE", arch: "Arch Linux" };
