import { z } from "zod";
import { displayPath } from "../bytes/byte-path.ts";
import type { SourceLayer } from "../image/image-tree.ts";
import type { IsoSizes } from "../sizes/iso-sizes.ts";
import type { GroupSize } from "../sizes/rootfs-sizes.ts";
import { foldersIn, partName } from "../sizes/size-node.ts";
import { DOCUMENT_VERSION, type Document, resultSchema } from "./document.ts";

const bytes = () => z.int().nonnegative();

const groupSchema = () =>
  z.strictObject({
    bytes: bytes().describe("Bytes on the ISO."),
    size: bytes().describe("Bytes of content before compression."),
    files: bytes().describe("Number of files."),
  });

const rootfsSchema = () =>
  z.strictObject({
    path: z.string().describe("Path on the ISO."),
    bytes: bytes().describe("Bytes of the file, with its names and other metadata."),
    folders: z
      .array(groupSchema().extend({ path: z.string().describe("Path in the root file system.") }))
      .describe("All folders, with everything below them. The largest first."),
    packages: z
      .array(
        groupSchema().extend({
          name: z.string().nullable().describe("Null for all files that do not belong to a package."),
        }),
      )
      .nullable()
      .describe("The largest first. Null if the root file system has no database of packages."),
    layers: z
      .array(
        groupSchema().extend({
          layer: z.int().nullable().describe("0 for the lowest layer. Null for files that are in no layer."),
          diffId: z.string().nullable().describe("Digest of the plain tar."),
          createdBy: z.string().nullable().describe("The instruction that made the layer."),
        }),
      )
      .nullable()
      .describe("The layers that have files in the root file system. Null without an image that has layers."),
    problems: z.array(z.string()).describe("Why a database of packages was not read."),
  });

export const sizesSchema = () =>
  resultSchema({
    size: bytes().describe("Bytes of the ISO."),
    parts: z
      .array(
        z.strictObject({
          name: z.string().describe("Path of a file or folder, or the name of a structure."),
          kind: z
            .enum(["folder", "file", "squashfs", "structure"])
            .describe("A structure is a part of the ISO that is not a file."),
          bytes: bytes().describe("Bytes on the ISO."),
        }),
      )
      .describe("Files and folders in the root of the ISO, and its structures. The largest first."),
    rootfs: z.array(rootfsSchema()).describe("The squashfs files on the ISO."),
  });

/** The result of `sizes`. */
export function sizesDocument(
  sizes: IsoSizes & { sourceLayers: readonly SourceLayer[] | undefined },
): Document<typeof sizesSchema> {
  const { size, root, sourceLayers = [] } = sizes;
  return {
    version: DOCUMENT_VERSION,
    size,
    parts: root.children.map((part) => ({ name: partName(part), kind: part.kind, bytes: part.bytes })),
    rootfs: sizes.rootfs.map(({ path, node, packages, layers, problems }) => ({
      path,
      bytes: node.bytes,
      folders: foldersIn(node).map(({ path: folder, node: found }) => ({
        path: displayPath(folder),
        ...groupOf(found),
      })),
      packages: packages?.map((each) => ({ name: each.name ?? null, ...groupOf(each) })) ?? null,
      layers:
        layers?.map((each) => ({
          layer: each.layer ?? null,
          diffId: sourceLayers[each.layer ?? -1]?.diffId ?? null,
          createdBy: sourceLayers[each.layer ?? -1]?.createdBy ?? null,
          ...groupOf(each),
        })) ?? null,
      problems,
    })),
  };
}

function groupOf({ bytes, size, files }: GroupSize): GroupSize {
  return { bytes, size, files };
}
