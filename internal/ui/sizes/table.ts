import { displayPath } from "../../bytes/byte-path.ts";
import type { SourceLayer } from "../../image/image-tree.ts";
import type { IsoSizes } from "../../sizes/iso-sizes.ts";
import { foldersIn, partName, type SizeNode } from "../../sizes/size-node.ts";
import { printable } from "../../text/printable.ts";
import { formatBytes } from "../format.ts";
import { layerRows, packageRows, type SizeRow, shareText, withOthers } from "./rows.ts";

/** The sizes for people. `top` is the most rows of a table. */
export function renderSizes(
  name: string,
  sizes: IsoSizes & { sourceLayers: readonly SourceLayer[] | undefined },
  { top }: { top: number },
): string {
  const { size, root, rootfs, sourceLayers } = sizes;
  const table = (title: string, rows: readonly SizeRow[]) => [
    "",
    `    on ISO   share     content  ${title}`,
    ...rows.map((row) => lineOf(row, size)),
  ];
  const lines = [
    `${printable(name)}: ${formatBytes(size)}`,
    ...table(
      "file or folder",
      root.children.map((part) => ({ ...part, text: partName(part) })),
    ),
    ...rootfs.flatMap(({ path, node, packages, layers, problems }) => [
      ...table(`largest folders in ${printable(path)}`, folderRows(node, top)),
      ...(packages === undefined ? [] : table("package", withOthers(packageRows(packages), top))),
      ...(layers === undefined ? [] : table("layer", withOthers(layerRows(layers, sourceLayers), top))),
      ...problems.map((problem) => `\nPackages are not counted: ${printable(problem)}`),
    ]),
  ];
  return `${lines.join("\n")}\n`;
}

/** `  12.3 MiB     4 %    40.1 MiB  text` */
function lineOf({ bytes, size, text }: SizeRow, whole: number): string {
  const content = size === 0 ? "" : formatBytes(size);
  return `${formatBytes(bytes).padStart(10)}${shareText(bytes, whole).padStart(8)}${content.padStart(12)}  ${text}`;
}

function folderRows(node: SizeNode, top: number): SizeRow[] {
  return foldersIn(node)
    .slice(0, top)
    .map(({ path, node: folder }) => ({ ...folder, text: displayPath(path) }));
}
