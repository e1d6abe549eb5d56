import type { WalkOptions } from "../image/entry-walk.ts";
import { compileExcludes } from "../image/excludes.ts";
import { GraftedTree } from "../image/grafted-tree.ts";
import type { ImageTree } from "../image/image-tree.ts";
import type { OpenOptions } from "../image/open-options.ts";
import type { PayloadDescription, PayloadImage } from "./payload-image.ts";
import { payloadSource } from "./payload-source.ts";
import { PayloadTree } from "./payload-tree.ts";

/** A tree with payloads, and everything that it holds open. */
export interface TreeWithPayloads extends AsyncDisposable {
  /** The tree of the image alone. */
  image: ImageTree;
  /** The tree of the image with the payloads. */
  tree: ImageTree;
  /** Changes the options for a walk over the image into those for a walk over this tree. */
  walk: (image: WalkOptions) => WalkOptions;
}

/**
 * Opens the payloads and adds them to the image's tree, which the caller still owns.
 * @throws PlatterError `E_PAYLOAD_…`, `E_IMAGE_…`, `E_BLOB_…`, `E_TAR_…`, `E_TOOL_…`
 */
export async function withPayloads(
  tree: ImageTree,
  request: {
    payloads: readonly PayloadDescription[];
    /** Patterns of the image's paths that are omitted. */
    excludes: readonly string[];
    time: number;
    options: Omit<OpenOptions, "capture">;
  },
): Promise<TreeWithPayloads> {
  const { payloads, time, options } = request;
  if (payloads.length === 0)
    return { image: tree, tree, walk: (image) => image, [Symbol.asyncDispose]: async () => undefined };
  const exclude = compileExcludes(request.excludes);
  const open: PayloadImage[] = [];
  const release = async () => {
    for (const image of open) await image[Symbol.asyncDispose]();
  };
  try {
    const named = [];
    for (const { reference, digest, indexes, names } of payloads) {
      const image = await (await payloadSource(reference, options)).open({ digest, indexes });
      open.push(image);
      named.push({ image, digest, names });
    }
    const { work, signal } = options;
    const payload = await PayloadTree.build(named, { tree, exclude, time, work, signal });
    const grafted = new GraftedTree(tree, payload, { exclude });
    return {
      image: tree,
      tree: grafted,
      walk: (image) => ({
        ...image,
        include: (node, path) => grafted.isGrafted(node) || image.include(node, path),
      }),
      async [Symbol.asyncDispose]() {
        payload[Symbol.dispose]();
        await release();
      },
    };
  } catch (error) {
    await release();
    throw error;
  }
}
