import { PlatterError } from "../base/error.ts";
import { explained, type Layer } from "../image/decompress/layer.ts";
import { memberLocator } from "../image/layer/content-ranges.ts";
import { LayerBuilder } from "../image/layer/layer-builder.ts";
import type { LayerMarks } from "../image/layer/layer-marks.ts";
import { IMPLIED_FOLDER } from "../image/layer/member-inode.ts";
import type { TreeTable } from "../image/table/tree-table.ts";
import { TarReader } from "../tar/tar-reader.ts";
import { Crc64 } from "./crc64.ts";
import { Tape } from "./tape.ts";
import { TarSplit } from "./tar-split.ts";

/** The most bytes after an archive's end. Writers pad to some kilobytes. */
const MAX_TRAILER = 16 * 1024 * 1024;

/** A layer as containers/storage keeps it. */
export interface UnpackedLayer {
  /** The folder with the layer's files, a node without a parent. */
  root: number;
  marks: LayerMarks;
  /** SHA-256 and length of the plain tar archive. */
  diffId: string;
  diffSize: number;
  /** The output of {@link TarSplit} for it. */
  tarSplit: Uint8Array;
  /** Owners and groups of its members, ascending. */
  uids: number[];
  gids: number[];
}

/**
 * Reads a layer once: its files become nodes of the table, with the layer's `index` in their locators.
 * @throws PlatterError `E_TAR_…`, `E_BLOB_…`, `E_PAYLOAD_LAYER`
 */
export async function unpackLayer(
  layer: Layer,
  into: { table: TreeTable; index: number },
): Promise<UnpackedLayer> {
  try {
    return await unpack(layer, into);
  } catch (error) {
    throw await explained(error, layer);
  }
}

async function unpack(layer: Layer, into: { table: TreeTable; index: number }): Promise<UnpackedLayer> {
  const { table, index } = into;
  const archive = layer.name;
  // podman unpacks each layer into a separate folder, so a hard link to a file of an older layer is invalid.
  const base = table.addRoot(table.inodes.add(IMPLIED_FOLDER));
  const builder = new LayerBuilder(table, { archive, dialect: "layer", base });
  const hasher = new Bun.CryptoHasher("sha256");
  const tape = new Tape(layer.open(), (chunk) => hasher.update(chunk));
  const split = new TarSplit();
  const uids = new Set<number>();
  const gids = new Set<number>();
  await using reader = new TarReader(tape, { archive, dialect: "layer" });
  let at = 0;
  for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
    if (member.sparse) throw unreadable(archive, `\`${member.path}\` is stored as a sparse file`);
    split.segment(tape.take(at, member.contentOffset));
    at = member.contentOffset;
    builder.add(member, memberLocator(index, member.ordinal));
    uids.add(member.uid);
    gids.add(member.gid);
    if (member.size === 0) split.file(member.path, undefined);
    else {
      const checksum = new Crc64();
      for await (const piece of reader.content()) {
        checksum.update(piece);
        at += piece.length;
        tape.forget(at);
      }
      split.file(member.path, { size: member.size, checksum: checksum.digest() });
    }
    await split.flush();
  }
  // The padding after the archive, which is kept in memory only up to this limit.
  tape.limit(at + MAX_TRAILER, () => unreadable(archive, "too much data follows the archive's end"));
  await reader.drain();
  split.segment(tape.take(at, tape.end));
  return {
    root: builder.root,
    marks: builder.marks,
    diffId: `sha256:${hasher.digest("hex")}`,
    diffSize: tape.end,
    tarSplit: await split.finish(),
    uids: ascending(uids),
    gids: ascending(gids),
  };
}

function ascending(numbers: ReadonlySet<number>): number[] {
  return [...numbers].sort((a, b) => a - b);
}

function unreadable(layer: string, problem: string): PlatterError {
  return new PlatterError({
    code: "E_PAYLOAD_LAYER",
    kind: "contract",
    message: `Cannot put ${layer} into the live system's storage: ${problem}`,
    hint: "Build the payload again with podman or buildah.",
  });
}
