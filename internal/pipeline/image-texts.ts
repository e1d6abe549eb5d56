import { PlatterError } from "../base/error.ts";
import { displayPath } from "../bytes/byte-path.ts";
import { type ImageTree, pathOf, type TreeNode } from "../image/image-tree.ts";
import { readWhole } from "../image/read-whole.ts";

/** Most bytes of an iso.yaml or os-release. */
const MAX_TEXT = 1024 * 1024;

/** A function that reads a text file of the image. It throws `E_TEXT_TOO_LARGE`. */
export function textsOf(tree: ImageTree): (node: TreeNode) => Promise<string> {
  return async (node) => {
    if (node.inode.size > MAX_TEXT) throw tooLarge(displayPath(pathOf(node)), node.inode.size);
    return Buffer.from(await readWhole(tree, node.inode)).toString("utf8");
  };
}

function tooLarge(path: string, size: number): PlatterError {
  return new PlatterError({
    code: "E_TEXT_TOO_LARGE",
    kind: "contract",
    message: `Cannot read \`${path}\` in the image: it has ${size} bytes, and at most ${MAX_TEXT} are allowed`,
    hint: "Check the content of the file: platter expects a few lines of text.",
  });
}
