import type { Architecture } from "../../base/architecture.ts";
import type { OsRelease } from "../config/os-release.ts";

/** Distributions whose packages are known. */
export type Distribution = "fedora" | "debian" | "ubuntu" | "suse" | "arch";

/** By `ID` and `ID_LIKE` of os-release. */
const FAMILIES: readonly (readonly [RegExp, Distribution])[] = [
  [/^(?:fedora|rhel|centos)$/, "fedora"],
  [/^ubuntu$/, "ubuntu"],
  [/^debian$/, "debian"],
  [/^(?:suse|sles?|opensuse.*)$/, "suse"],
  [/^arch$/, "arch"],
];

/** The distribution of an image, or the nearest one that it is like. */
export function distributionOf({ id, idLike }: OsRelease): Distribution | undefined {
  for (const name of [...(id === undefined ? [] : [id]), ...idLike]) {
    const family = FAMILIES.find(([pattern]) => pattern.test(name.toLowerCase()));
    if (family !== undefined) return family[1];
  }
  return undefined;
}

/** Pieces of clauses C3 and C4 that come in packages of their own. */
export type PackagedPiece = "shim" | "grub" | "mm";

type Names = Readonly<Record<PackagedPiece, Readonly<Record<Architecture, string>>>>;

const both = (name: string): Record<Architecture, string> => ({ x86_64: name, aarch64: name });

const PACKAGES: Readonly<Record<"fedora" | "debian" | "ubuntu", Names>> = {
  fedora: {
    shim: { x86_64: "shim-x64", aarch64: "shim-aa64" },
    grub: { x86_64: "grub2-efi-x64-cdboot", aarch64: "grub2-efi-aa64-cdboot" },
    mm: { x86_64: "shim-x64", aarch64: "shim-aa64" },
  },
  debian: {
    shim: both("shim-signed"),
    grub: { x86_64: "grub-efi-amd64-signed", aarch64: "grub-efi-arm64-signed" },
    mm: { x86_64: "shim-helpers-amd64-signed", aarch64: "shim-helpers-arm64-signed" },
  },
  ubuntu: {
    shim: both("shim-signed"),
    grub: { x86_64: "grub-efi-amd64-signed", aarch64: "grub-efi-arm64-signed" },
    mm: both("shim-signed"),
  },
};

/** Distributions without a package that platter could use. */
const WITHOUT: Readonly<Record<"suse" | "arch", string>> = { suse: "openSUSE", arch: "Arch Linux" };

/** What to do in the image to get a piece: one sentence. */
export function howToInstall(
  piece: PackagedPiece,
  { architecture, distribution }: { architecture: Architecture; distribution: Distribution | undefined },
): string {
  if (distribution === "suse" || distribution === "arch") {
    return `Copy shim, MOK manager and the GRUB for optical media of Fedora, Debian or Ubuntu to \`/boot/efi/EFI/VENDOR\`: ${WITHOUT[distribution]} does not package them under the contract's names.`;
  }
  const name = (of: keyof typeof PACKAGES) => `\`${PACKAGES[of][piece][architecture]}\``;
  if (distribution !== undefined) return `Install ${name(distribution)} in the image.`;
  const others =
    name("debian") === name("ubuntu")
      ? `${name("debian")} (Debian, Ubuntu)`
      : `${name("debian")} (Debian), or ${name("ubuntu")} (Ubuntu)`;
  return `Install ${name("fedora")} (Fedora, CentOS) or ${others} in the image.`;
}
