import { PlatterError } from "../base/error.ts";
import { displayPath } from "../bytes/byte-path.ts";
import { pathOf, type TreeNode } from "../image/image-tree.ts";
import { resolve, resolveNoFollow } from "../image/resolve.ts";

/** Where root's podman has its storage (containers-storage.conf(5), `graphroot`). */
export const STORAGE = "var/lib/containers/storage";

/**
 * The path of podman's storage in an image, with the image's symlinks followed; missing folders at its end are to be
 * created.
 * @throws PlatterError `E_PAYLOAD_PLACE` if something is in the way
 */
export function storagePlace(root: TreeNode): string[] {
  let at = root;
  const names = STORAGE.split("/");
  for (const [i, name] of names.entries()) {
    const here = pathOf(at);
    const path = here === "" ? name : `${here}/${name}`;
    if (resolveNoFollow(root, path) === undefined) {
      return [...(here === "" ? [] : here.split("/")), ...names.slice(i)];
    }
    const next = resolve(root, path);
    if (next?.children === undefined) throw inTheWay(path);
    at = next;
  }
  return pathOf(at).split("/");
}

function inTheWay(path: string): PlatterError {
  return new PlatterError({
    code: "E_PAYLOAD_PLACE",
    kind: "contract",
    message: `Cannot put the payload into \`/${STORAGE}\`: \`${displayPath(path)}\` in the image does not lead to a folder`,
    hint: "Make it a folder in the image, or remove it.",
  });
}
