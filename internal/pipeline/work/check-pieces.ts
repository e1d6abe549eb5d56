import { PlatterError } from "../../base/error.ts";
import type { Piece, Plan } from "../../contract/plan/plan.ts";
import { openInput } from "../../files/open-input.ts";
import { counted } from "../../text/counted.ts";
import type { WorkDir } from "./work-dir.ts";

/** Pieces that an error names. The others are counted. */
const NAMED = 5;

/**
 * Compares the pieces in a work folder with the digests in its plan, because other programs may have changed them.
 * @throws PlatterError `E_PIECE_CHANGED`
 */
export async function requirePieces(plan: Plan, work: WorkDir): Promise<void> {
  const changed: string[] = [];
  for (const piece of piecesOf(plan)) {
    const difference = await differenceOf(piece, work.file(piece.file));
    if (difference !== undefined) changed.push(`\`${work.file(piece.file)}\` ${difference}`);
  }
  const [first] = changed;
  if (first === undefined) return;
  throw new PlatterError({
    code: "E_PIECE_CHANGED",
    kind: "usage",
    message:
      changed.length === 1
        ? `Cannot use the plan in \`${work.path}\`: ${first}`
        : `Cannot use the plan in \`${work.path}\`: ${counted(changed.length, "file is", "files are")} not those that \`inspect\` left`,
    detail: changed.length === 1 ? [] : changed.slice(0, NAMED),
    hint: `Run \`platter inspect ${plan.image.reference} --work ${work.path}\` again, and the stages after it.`,
  });
}

function piecesOf({ kernel, efi, bios, font, added = [] }: Plan): Piece[] {
  const some = [efi.mm, font].filter((piece) => piece !== null);
  return [kernel.vmlinuz, kernel.initramfs, efi.shim, efi.grub, ...some, ...(bios?.modules ?? []), ...added];
}

/** The difference between a piece's file and the plan. Undefined if they are the same. */
async function differenceOf({ size, sha256 }: Piece, path: string): Promise<string | undefined> {
  try {
    await using file = await openInput(path, { code: "E_PIECE_CHANGED", flags: "r" });
    const there = await file.stat();
    if (!there.isFile()) return "is not a regular file";
    if (there.size !== size) return `has ${there.size} bytes instead of ${size}`;
    const hasher = new Bun.CryptoHasher("sha256");
    for await (const chunk of file.createReadStream({ autoClose: false, highWaterMark: 1024 * 1024 }))
      hasher.update(chunk);
    return hasher.digest("hex") === sha256 ? undefined : "does not have the content in the plan";
  } catch (error) {
    if (error instanceof PlatterError) return error.message.replace(/^.*?`: /s, "cannot be read: ");
    throw error;
  }
}
