/** The sizes as a page: a treemap for each folder, which links lead into, and tables. It needs no script. */
import { basename } from "node:path";
import { displayPath } from "../../bytes/byte-path.ts";
import { type Html, html } from "../../html/html.ts";
import { page } from "../../html/page.ts";
import { squarify } from "../../html/treemap.ts";
import type { SourceLayer } from "../../image/image-tree.ts";
import type { IsoSizes } from "../../sizes/iso-sizes.ts";
import { isFolder, type SizeNode } from "../../sizes/size-node.ts";
import { formatBytes } from "../format.ts";
import { layerRows, packageRows, type SizeRow, shareText, withOthers } from "./rows.ts";

/** A folder of less than this share of the ISO has no treemap of its own. */
const LEAST_VIEW = 0.002;
/** A file or folder of less than this share of its treemap is drawn with all others of that kind. */
const LEAST_TILE = 0.004;
/** Units of a treemap's drawing. */
const [WIDTH, HEIGHT] = [1000, 560];
const FONT = 17;
/** Width of a character in units of the drawing, for names of average letters. */
const CHARACTER = 0.58 * FONT;
/** Rows of the tables. */
const ROWS = 50;

const STYLE = `
.view { display: none; }
.view:target, #top { display: block; }
.view:target ~ #top { display: none; }
.map { display: block; width: 100%; height: auto; border-radius: 6px; }
.map rect { stroke: var(--card); stroke-width: 2; }
.map text { fill: var(--card); font-size: ${FONT}px; pointer-events: none; }
.map a:hover rect, .map a:focus rect { fill-opacity: 0.75; }
.path { margin: 0 0 10px; font-size: 1.05rem; font-weight: 600; }
.rest { fill: var(--track); }
.map .rest + text { fill: var(--quiet); }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 3px 12px 3px 0; border-bottom: 1px solid var(--line); vertical-align: top; }
th { color: var(--quiet); font-weight: 400; }
.number { text-align: right; white-space: nowrap; width: 1%; }
@media (max-width: 640px) { .map text { display: none; } .content { display: none; } }
`;

interface View {
  id: string;
  node: SizeNode;
  parent: View | undefined;
  /** Views of folders in this one, by their nodes. */
  children: Map<SizeNode, View>;
}

/** The page for the sizes of an ISO. */
export function sizesPage(
  name: string,
  sizes: IsoSizes & { sourceLayers: readonly SourceLayer[] | undefined },
): string {
  const { size, root, rootfs, sourceLayers } = sizes;
  const views = viewsOf(root, size);
  const tables = rootfs.flatMap(({ packages, layers, problems }) => [
    packages &&
      tableCard({ heading: "Packages", column: "package" }, withOthers(packageRows(packages), ROWS), size),
    layers &&
      tableCard(
        { heading: "Layers", column: "layer" },
        withOthers(layerRows(layers, sourceLayers), ROWS),
        size,
      ),
    ...problems.map((problem) => html`<p class="card">Packages are not counted: ${problem}</p>`),
  ]);
  const title = `${basename(name)}: ${formatBytes(size)}`;
  const body = html`<main>
<h1>${title}</h1>
<p class="quiet">Areas and numbers are bytes on the ISO, which are compressed. Choose a folder to see what is in it.</p>
${[...views.slice(1), views[0]!].map((view) => viewCard(view, size))}
${tables}
</main>`;
  return page({ title, style: STYLE, body });
}

/** The views of all folders that are large enough. The root is the first. */
function viewsOf(root: SizeNode, size: number): View[] {
  const views: View[] = [{ id: "top", node: root, parent: undefined, children: new Map() }];
  for (const view of views) {
    for (const node of view.node.children) {
      if (!isFolder(node) || node.bytes < LEAST_VIEW * size) continue;
      const child = { id: `view-${views.length}`, node, parent: view, children: new Map() };
      view.children.set(node, child);
      views.push(child);
    }
  }
  return views;
}

function viewCard(view: View, size: number): Html {
  const { id, node } = view;
  return html`<section class="view card" id="${id}">
<h2 class="path">${pathLinks(view)} <span class="quiet">${formatBytes(node.bytes)}, ${shareText(node.bytes, size)}</span></h2>
${treemap(view)}
${sizeTable("file or folder", childRows(view), size)}
</section>`;
}

/** The path of a view, with links to the views above it. */
function pathLinks({ node, parent, id }: View): Html {
  const name = parent === undefined ? "ISO" : textOf(node);
  const link = html`<a href="#${id}">${name}</a>`;
  return parent === undefined ? link : html`${pathLinks(parent)} / ${link}`;
}

function textOf({ name }: SizeNode): string {
  return displayPath(name).slice(1);
}

/** A row with a link, if the folder has a view. */
interface LinkedRow extends SizeRow {
  view?: View | undefined;
}

/** The largest names of a folder. */
function childRows({ node, children }: View): LinkedRow[] {
  const rows = node.children.map((child) => ({ ...child, text: textOf(child), view: children.get(child) }));
  return withOthers(rows, ROWS);
}

function sizeTable(title: string, rows: readonly LinkedRow[], size: number): Html {
  return html`<table>
<thead><tr><th class="number">on ISO</th><th class="number">share</th><th class="number content">content</th><th>${title}</th></tr></thead>
<tbody>
${rows.map(
  (
    row,
  ) => html`<tr><td class="number">${formatBytes(row.bytes)}</td><td class="number">${shareText(row.bytes, size)}</td><td class="number content">${row.size === 0 ? "" : formatBytes(row.size)}</td><td>${row.view === undefined ? row.text : html`<a href="#${row.view.id}">${row.text}</a>`}</td></tr>
`,
)}</tbody>
</table>`;
}

function tableCard(
  { heading, column }: { heading: string; column: string },
  rows: readonly SizeRow[],
  size: number,
): Html {
  return html`<section class="card">
<h2>${heading}</h2>
${sizeTable(column, rows, size)}
</section>`;
}

interface Tile {
  text: string;
  bytes: number;
  view: View | undefined;
}

/** The children that are drawn, and the sum of all smaller ones. */
function tilesOf({ node, children }: View): Tile[] {
  const drawn = node.children.filter(({ bytes }) => bytes > 0 && bytes >= LEAST_TILE * node.bytes);
  const others = node.bytes - drawn.reduce((sum, { bytes }) => sum + bytes, 0);
  const tiles = drawn.map((child) => ({
    text: textOf(child),
    bytes: child.bytes,
    view: children.get(child),
  }));
  return others > 0
    ? [...tiles, { text: "smaller files, and names", bytes: others, view: undefined }]
    : tiles;
}

function treemap(view: View): Html {
  const tiles = tilesOf(view).sort((a, b) => b.bytes - a.bytes);
  const amounts = tiles.map(({ bytes }) => bytes);
  const places = squarify(amounts, { x: 0, y: 0, width: WIDTH, height: HEIGHT });
  const drawn = tiles.map((tile, i) => {
    const { x, y, width, height } = places[i]!;
    const colour = tile.view === undefined ? "rest" : `part-${(i % 6) + 1}`;
    const room = Math.floor((width - 16) / CHARACTER);
    const fits = height > 1.6 * FONT && room >= 3;
    const text = tile.text.length <= room ? tile.text : `${tile.text.slice(0, room - 1)}…`;
    const shape = html`<rect class="${colour}" x="${round(x)}" y="${round(y)}" width="${round(width)}" height="${round(height)}"/>${
      fits ? html`<text x="${round(x + 8)}" y="${round(y + 1.3 * FONT)}">${text}</text>` : undefined
    }`;
    const title = html`<title>${tile.text}, ${formatBytes(tile.bytes)}</title>`;
    return tile.view === undefined
      ? html`<g>${title}${shape}</g>`
      : html`<a href="#${tile.view.id}">${title}${shape}</a>`;
  });
  return html`<svg class="map" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="group" aria-label="Treemap of ${textOf(view.node)}">${drawn}</svg>`;
}

function round(value: number): string {
  return value.toFixed(1);
}
