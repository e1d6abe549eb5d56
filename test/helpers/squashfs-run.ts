/** Squashfs files of images in memory, with what a later build needs to reuse their blocks. */
import { closeSync, openSync, readFileSync } from "node:fs";
import type { RootfsOptions } from "../../internal/rootfs/rootfs-options.ts";
import type {
  BlockReuse,
  BlockUse,
  EarlierFiles,
  KnownBlocks,
} from "../../internal/squashfs/blocks/block-reuse.ts";
import { writeSquashfs } from "../../internal/squashfs/write.ts";
import { openLayers } from "./images/memory-layers.ts";
import type { Member } from "./images/tar-maker.ts";

export interface Written {
  bytes: Buffer;
  /** Undefined if nothing was looked up. */
  use: BlockUse | undefined;
}

/** Writes a squashfs to a host path. With `known`, even of nothing, or `earlier`, blocks are looked up and recorded. */
export async function writtenTo(
  path: string,
  run: {
    members: readonly Member[];
    options: RootfsOptions;
    known?: KnownBlocks | "none";
    earlier?: EarlierFiles;
  },
): Promise<Written> {
  const { members, options, known, earlier } = run;
  await using tree = await openLayers([members], { piece: 777 });
  const fd = openSync(path, "w+");
  let use: BlockUse | undefined;
  const onUse = (used: BlockUse) => {
    use = used;
  };
  const reuse: BlockReuse | undefined =
    known === undefined && earlier === undefined
      ? undefined
      : {
          known: known === "none" ? undefined : known,
          earlier,
          digests: known === undefined ? "duplicates" : "all",
          onUse,
        };
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
