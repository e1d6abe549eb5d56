/** Squashfs files of images in memory, with what a later build needs to reuse their blocks. */
import { closeSync, openSync, readFileSync } from "node:fs";
import type { RootfsOptions } from "../../internal/rootfs/rootfs-options.ts";
import type { BlockUse, KnownBlocks } from "../../internal/squashfs/blocks/block-reuse.ts";
import { writeSquashfs } from "../../internal/squashfs/write.ts";
import { openLayers } from "./images/memory-layers.ts";
import type { Member } from "./images/tar-maker.ts";

export interface Written {
  bytes: Buffer;
  /** Undefined without `known`. */
  use: BlockUse | undefined;
}

/** Writes a squashfs to a host path. With `known`, even of nothing, blocks are looked up and recorded. */
export async function writtenTo(
  path: string,
  run: { members: readonly Member[]; options: RootfsOptions; known?: KnownBlocks | "none" },
): Promise<Written> {
  const { members, options, known } = run;
  await using tree = await openLayers([members], { piece: 777 });
  const fd = openSync(path, "w+");
  let use: BlockUse | undefined;
  const onUse = (used: BlockUse) => {
    use = used;
  };
  const reuse = known === undefined ? undefined : { known: known === "none" ? undefined : known, onUse };
  try {
    const { signal } = new AbortController();
    const about = {
      walk: { include: () => true },
      options,
      time: 1_700_000_000,
      signal,
      onBytes: () => undefined,
    };
    await writeSquashfs(tree, { fd, offset: 0 }, { ...about, reuse });
  } finally {
    closeSync(fd);
  }
  return { bytes: readFileSync(path), use };
}
