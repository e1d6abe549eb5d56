/** Rows of the tables of sizes, for the terminal and for the page. */

import type { SourceLayer } from "../../image/image-tree.ts";
import type { GroupSize, LayerSize, PackageSize } from "../../sizes/rootfs-sizes.ts";
import { counted } from "../../text/counted.ts";
import { printable } from "../../text/printable.ts";

export interface SizeRow extends GroupSize {
  /** Safe on a terminal. */
  text: string;
}

/** `4 %` */
export function shareText(bytes: number, whole: number): string {
  return `${Math.round((100 * bytes) / whole)} %`;
}

/** Rows of packages, in their order. */
export function packageRows(packages: readonly PackageSize[]): SizeRow[] {
  return packages.map((each) => ({ ...each, text: printable(each.name ?? "files of no package") }));
}

/** Rows of layers, the largest first. */
export function layerRows(layers: readonly LayerSize[], source: readonly SourceLayer[] = []): SizeRow[] {
  return layers
    .map((each) => ({ ...each, text: layerText(each.layer, source) }))
    .sort((a, b) => b.bytes - a.bytes);
}

/** Characters of an instruction that are shown. */
const MOST_TEXT = 80;
/** Digits of a digest that are shown, as podman does. */
const DIGITS = 12;

/** `layer 3 of 7, 0123456789ab: RUN dnf install …` */
function layerText(layer: number | undefined, source: readonly SourceLayer[]): string {
  if (layer === undefined) return "files of no layer";
  const { diffId = "", createdBy } = source[layer] ?? {};
  const digest = diffId.slice(diffId.indexOf(":") + 1, diffId.indexOf(":") + 1 + DIGITS);
  const instruction =
    createdBy === undefined ? "" : `: ${createdBy.replace(/\s+/g, " ").slice(0, MOST_TEXT)}`;
  return printable(`layer ${layer + 1} of ${source.length}, ${digest}${instruction}`);
}

/** The first rows, and one row for all others. */
export function withOthers<R extends SizeRow>(rows: readonly R[], top: number): (R | SizeRow)[] {
  const others = rows.slice(top);
  if (others.length < 2) return [...rows];
  const sum = (field: "bytes" | "size" | "files") => others.reduce((total, row) => total + row[field], 0);
  const rest = {
    bytes: sum("bytes"),
    size: sum("size"),
    files: sum("files"),
    text: counted(others.length, "other"),
  };
  return [...rows.slice(0, top), rest];
}
