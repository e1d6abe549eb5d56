import { ARCHITECTURES, type Architecture, type PackagedPiece } from "../../base/architecture.ts";
import type { OsRelease } from "../config/os-release.ts";

/** Distributions whose packages platter knows. */
export type Distribution = "fedora" | "debian" | "ubuntu" | "suse" | "arch";

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

/** Distributions without a package that platter could use. */
const WITHOUT: Readonly<Record<"suse" | "arch", string>> = { suse: "openSUSE", arch: "Arch Linux" };

/** One sentence about how to add a piece to the image. */
export function howToInstall(
  piece: PackagedPiece,
  { architecture, distribution }: { architecture: Architecture; distribution: Distribution | undefined },
): string {
  if (distribution === "suse" || distribution === "arch") {
    return `Copy shim, MOK manager and the GRUB for optical media of Fedora, Debian or Ubuntu to \`/boot/efi/EFI/VENDOR\`: ${WITHOUT[distribution]} does not package them under the contract's names.`;
  }
  const { packages } = ARCHITECTURES[architecture];
  const name = (of: keyof typeof packages) => `\`${packages[of][piece]}\``;
  if (distribution !== undefined) return `Install ${name(distribution)} in the image.`;
  const others =
    name("debian") === name("ubuntu")
      ? `${name("debian")} (Debian, Ubuntu)`
      : `${name("debian")} (Debian), or ${name("ubuntu")} (Ubuntu)`;
  return `Install ${name("fedora")} (Fedora, CentOS) or ${others} in the image.`;
}
