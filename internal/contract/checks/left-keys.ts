import { displayPath } from "../../bytes/byte-path.ts";
import { findFile, namesIn } from "../../image/find-file.ts";
import type { TreeNode } from "../../image/image-tree.ts";
import { printable } from "../../text/printable.ts";
import { type Finding, finding } from "../findings/finding.ts";

const FOLDERS = ["boot/efi/EFI", "boot/efi"];
const MAX_NAMED = 3;

/** Keys for MokManager, such as `MOK.der`, that the image has next to its boot loaders. They do not reach the ISO. */
export function checkKeys(root: TreeNode): Finding[] {
  const keys = FOLDERS.flatMap((folder) =>
    namesIn(root, folder)
      .filter((name) => /\.(?:der|cer|crt)$/i.test(name))
      .map((name) => `${folder}/${name}`)
      .filter((path) => findFile(root, path) !== undefined),
  );
  if (keys.length === 0) return [];
  const named = keys.slice(0, MAX_NAMED).map((path) => `\`${printable(displayPath(path))}\``);
  const more = keys.length > MAX_NAMED ? ` and ${keys.length - MAX_NAMED} more` : "";
  return [finding("F_MOK_LEFT", `The image has ${named.join(", ")}${more}, and the ISO does not.`)];
}
