import { PlatterError } from "../../base/error.ts";
import type { FoundFile } from "../../image/find-file.ts";
import { LARGEST_PIECE } from "../../image/open-options.ts";
import type { Decision } from "./decision.ts";

/**
 * The most bytes of a GRUB module, of the font and of `modules.builtin`, which are read whole. Real files have at most
 * 3 MB.
 */
const LARGEST_SMALL_PIECE = 16 * 1024 ** 2;

/** Checks the sizes of all files for the ISO before reading them. @throws PlatterError `E_PIECE_TOO_LARGE` */
export function requirePieceSizes({
  kernel,
  efi,
  bios,
  font,
}: Pick<Decision, "kernel" | "efi" | "bios" | "font">): void {
  requireAtMost(LARGEST_PIECE, [kernel?.vmlinuz, kernel?.initramfs, efi?.shim, efi?.grub, efi?.mm]);
  requireAtMost(LARGEST_SMALL_PIECE, [kernel?.builtin, font, ...(bios?.modules ?? [])]);
}

function requireAtMost(limit: number, pieces: readonly (FoundFile | undefined)[]): void {
  for (const piece of pieces) {
    if (piece === undefined || piece.node.inode.size <= limit) continue;
    throw new PlatterError({
      code: "E_PIECE_TOO_LARGE",
      kind: "contract",
      message: `Cannot use \`${piece.path}\` of the image: it has ${piece.node.inode.size} bytes, and at most ${limit} are allowed`,
      hint: "Check the content of the file.",
    });
  }
}
