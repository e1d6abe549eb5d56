import { PlatterError } from "../base/error.ts";
import { type ImageTree, type Inode, pathOf, type TreeNode } from "../image/image-tree.ts";
import {
  type ImageRecord,
  type LayerRecord,
  parseImageRecords,
  parseLayerRecords,
} from "./storage-records.ts";

/** Most bytes of an `images.json` or `layers.json`. */
const MAX_RECORDS = 64 * 1024 * 1024;
/** `link` and `lower`: 500 layers at 29 bytes each. */
const MAX_LINKS = 64 * 1024;

/** The content of podman's storage in an image. */
export interface ExistingStorage {
  images: ImageRecord[];
  layers: LayerRecord[];
  /** The text for `lower` of the next layer, which names this layer and those below it: `l/LINK:l/LINK`. */
  chain(layer: string): Promise<string>;
}

const NOTHING: ExistingStorage = {
  images: [],
  layers: [],
  chain: (layer) => Promise.reject(new TypeError(`the layer ${layer} does not exist`)),
};

/**
 * Reads the storage of an image; `folder` is undefined if it does not have one.
 * @throws PlatterError `E_PAYLOAD_STORAGE`, and the errors of reading the image
 */
export async function readExistingStorage(
  tree: ImageTree,
  folder: TreeNode | undefined,
): Promise<ExistingStorage> {
  if (folder === undefined) return NOTHING;
  const { children } = folder;
  const foreign = [...(children?.keys() ?? [])].find((name) => /^(?!overlay-).+-images$/.test(name));
  if (foreign !== undefined && !children?.has("overlay-images")) {
    throw storageError(folder, `belongs to another driver than overlay, since it has \`${foreign}\``);
  }
  const read = (path: string, limit: number) => readText(tree, folder, { path, limit });
  const [images, layers] = ["overlay-images/images.json", "overlay-layers/layers.json"] as const;
  return {
    images: parseImageRecords((await read(images, MAX_RECORDS)) ?? "[]", `${pathOf(folder)}/${images}`),
    layers: parseLayerRecords((await read(layers, MAX_RECORDS)) ?? "[]", `${pathOf(folder)}/${layers}`),
    async chain(layer) {
      const link = await read(`overlay/${layer}/link`, MAX_LINKS);
      if (link === undefined) throw storageError(folder, `lacks the link of layer ${layer}`);
      const lower = await read(`overlay/${layer}/lower`, MAX_LINKS);
      return lower === undefined ? `l/${link}` : `l/${link}:${lower}`;
    },
  };
}

async function readText(
  tree: ImageTree,
  folder: TreeNode,
  file: { path: string; limit: number },
): Promise<string | undefined> {
  let node: TreeNode | undefined = folder;
  for (const name of file.path.split("/")) node = node?.children?.get(name);
  if (node === undefined || node.inode.type !== "file") return undefined;
  if (node.inode.size > file.limit) throw storageError(folder, `has a \`${file.path}\` of impossible size`);
  return await textOf(tree, node.inode);
}

async function textOf(tree: ImageTree, inode: Inode): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of tree.read(inode)) chunks.push(Uint8Array.from(chunk));
  return Buffer.concat(chunks).toString("utf8");
}

function storageError(folder: TreeNode, problem: string): PlatterError {
  return new PlatterError({
    code: "E_PAYLOAD_STORAGE",
    kind: "contract",
    message: `Cannot use the image's own container storage in \`/${pathOf(folder)}\`: it ${problem}`,
    hint: "Remove it from the image, or leave it out with --exclude.",
  });
}
