import { stampOf } from "../../bytes/content-stamp.ts";
import { OpenFile } from "../../bytes/open-file.ts";
import { storedBlob } from "../decompress/blob.ts";
import { blobLayer } from "../decompress/layer.ts";
import type { ImageTree } from "../image-tree.ts";
import { openLayeredTree } from "../layer/layered-tree.ts";
import type { OpenOptions } from "../open-options.ts";
import { type ArchiveKind, ArchiveSurvey, otherArchive } from "./archive-kind.ts";

/**
 * A root file system in one tar archive, in the form of `podman export`, `docker export` and mmdebstrap, compressed or
 * not.
 * @throws PlatterError `E_FILE_…`, `E_TAR_…`, `E_BLOB_CORRUPT`, `E_REFERENCE_KIND`
 */
export async function openTar(reference: { path: string }, options: OpenOptions): Promise<ImageTree> {
  const { path } = reference;
  const file = OpenFile.open(path);
  const blob = storedBlob(file.whole(), { name: `\`${path}\``, signal: options.signal });
  const layers = [blobLayer(blob)];
  const source = {
    reference: `tar:${path}`,
    transport: "tar",
    digest: undefined,
    stamp: stampOf(file),
    created: undefined,
    architecture: undefined,
  };
  const tree = await openLayeredTree({ ...options, source, layers, dialect: "archive", resources: file });
  const other = otherArchive(path, kindOf(tree), "tar");
  if (other === undefined) return tree;
  await tree[Symbol.asyncDispose]();
  throw other;
}

/** The kind of the archive that was read into a tree. */
function kindOf({ root }: ImageTree): ArchiveKind {
  const survey = new ArchiveSurvey();
  for (const [name, { inode, children }] of root.children ?? []) {
    survey.add({ path: name, type: inode.type });
    for (const [child, { inode }] of children ?? [])
      survey.add({ path: `${name}/${child}`, type: inode.type });
  }
  // A root file system may contain files with the names that identify an image.
  return survey.isRoot ? { kind: "tar" } : survey.kind;
}
