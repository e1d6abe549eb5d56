import { PlatterError } from "../error.ts";
import { LARGEST_PIECE } from "../image/open-options.ts";
import type { Decision } from "./decision.ts";
import type { FoundFile } from "./find-file.ts";

/** Checks, before one is read, that no file that goes onto the ISO is too large. @throws PlatterError `E_PIECE_TOO_LARGE` */
export function requirePieceSizes({
  kernel,
  efi,
  bios,
  font,
}: Pick<Decision, "kernel" | "efi" | "bios" | "font">): void {
  const pieces: (FoundFile | undefined)[] = [
    kernel?.vmlinuz,
    kernel?.initramfs,
    kernel?.builtin,
    efi?.shim,
    efi?.grub,
    efi?.mm,
    font,
    ...(bios?.modules ?? []),
  ];
  for (const piece of pieces) {
    if (piece === undefined || piece.node.inode.size <= LARGEST_PIECE) continue;
    throw new PlatterError({
      code: "E_PIECE_TOO_LARGE",
      kind: "contract",
      message: `Cannot use \`${piece.path}\` of the image: it has ${piece.node.inode.size} bytes, and at most ${LARGEST_PIECE} are allowed`,
      hint: "Check the content of the file.",
    });
  }
}
