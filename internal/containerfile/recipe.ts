import type { Architecture } from "../base/architecture.ts";
import { PlatterError } from "../base/error.ts";
import { type PackagedPiece, packagesOf } from "../base/packages.ts";
import type { Distribution } from "../contract/pieces/packages.ts";
import { findFile } from "../image/find-file.ts";
import type { TreeNode } from "../image/image-tree.ts";
import { DISTRIBUTIONS, type DistributionFacts } from "./distributions.ts";
import type { MissingParts } from "./missing-parts.ts";

/** The instructions of a Containerfile as values. */
export interface Recipe extends Pick<MissingParts, "steps" | "unsolved" | "rootHome"> {
  /** Pieces that the Containerfile adds, for a comment. */
  pieces: readonly PackagedPiece[];
  distribution: DistributionFacts | undefined;
  /** Without repetitions. */
  packages: readonly string[];
  /** Packages of Debian with the pieces that the distribution does not package. */
  borrowed: readonly string[];
  architecture: Architecture;
}

/** Pieces that work in the image of any distribution, because they do not depend on its kernel or libraries. */
const BORROWED: readonly PackagedPiece[] = ["shim", "mm", "grub"];

/**
 * The packages and steps that add the missing parts to an image.
 * @throws PlatterError `E_PACKAGES` if platter does not know the packages of the distribution, or if the image does not have
 * its package manager
 */
export function recipeFor(
  missing: MissingParts,
  image: {
    reference: string;
    root: TreeNode;
    distribution: Distribution | undefined;
    architecture: Architecture;
  },
): Recipe {
  const { pieces, ...rest } = missing;
  const { architecture, reference } = image;
  const distribution = image.distribution === "suse" ? undefined : image.distribution;
  const facts = distribution && DISTRIBUTIONS[distribution];
  const recipe = { ...rest, pieces, distribution: facts, architecture };
  if (pieces.length === 0) return { ...recipe, packages: [], borrowed: [] };
  if (distribution === undefined || facts === undefined) {
    throw cannotInstall(reference, pieces, "platter does not know the packages of its distribution");
  }
  const packages = new Set<string>();
  const borrowed = new Set<string>();
  for (const piece of pieces) {
    const own = packagesOf(piece, { distribution, architecture });
    const others = BORROWED.includes(piece)
      ? packagesOf(piece, { distribution: "debian", architecture })
      : undefined;
    if (own === undefined && others === undefined) {
      throw cannotInstall(
        reference,
        [piece],
        `its distribution has no package with this for ${architecture}`,
      );
    }
    for (const name of own ?? []) packages.add(name);
    if (own === undefined) for (const name of others ?? []) borrowed.add(name);
  }
  if (packages.size > 0 && findFile(image.root, `usr/bin/${facts.manager}`) === undefined) {
    throw cannotInstall(reference, pieces, `it does not have \`${facts.manager}\` to install packages with`);
  }
  return { ...recipe, packages: [...packages], borrowed: [...borrowed] };
}

/** Names of pieces for people. */
export const PIECE_NAMES: Readonly<Record<PackagedPiece, string>> = {
  kernel: "a kernel",
  init: "systemd as init",
  udev: "udev",
  getty: "agetty",
  login: "login",
  dracut: "dracut with dmsquash-live",
  zstd: "zstd",
  shim: "shim",
  mm: "the MOK manager",
  grub: "GRUB for optical media",
  bios: "GRUB's modules for BIOS",
  font: "GRUB's font",
};

function cannotInstall(reference: string, pieces: readonly PackagedPiece[], reason: string): PlatterError {
  return new PlatterError({
    code: "E_PACKAGES",
    kind: "contract",
    message: `Cannot write a Containerfile for \`${reference}\`: ${reason}`,
    detail: [`The image lacks ${pieces.map((piece) => PIECE_NAMES[piece]).join(", ")}.`],
    hint: "Name an image of Debian, Ubuntu, Fedora, CentOS or Arch Linux that has its package manager.",
  });
}
