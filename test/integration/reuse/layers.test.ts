/** Whatever is kept of the layers of earlier images, an image is the same as one of which all layers are read. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { closeSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { OpenFile } from "../../../internal/bytes/open-file.ts";
import { storedBlob } from "../../../internal/image/decompress/blob.ts";
import { blobLayer, type Layer } from "../../../internal/image/decompress/layer.ts";
import type { ImageTree } from "../../../internal/image/image-tree.ts";
import { LayerTable } from "../../../internal/image/layer/layer-table.ts";
import { openLayeredTree } from "../../../internal/image/layer/layered-tree.ts";
import { MemberWriter } from "../../../internal/image/layer/member-writer.ts";
import type { KeptLayers, LayerStore } from "../../../internal/image/layer-store.ts";
import { decodeIndex, encodeIndex } from "../../../internal/reuse/block-index.ts";
import { KnownContents } from "../../../internal/reuse/known-contents.ts";
import { KnownFiles } from "../../../internal/reuse/known-files.ts";
import { decodeParts, encodeParts } from "../../../internal/reuse/part-index.ts";
import type { BlockReuse, BlockUse } from "../../../internal/squashfs/blocks/block-reuse.ts";
import { codecIdentity } from "../../../internal/squashfs/blocks/codec.ts";
import { writeSquashfs } from "../../../internal/squashfs/write.ts";
import { memberChunk } from "../../helpers/images/member-chunk.ts";
import { contentOf, source, walk } from "../../helpers/images/memory-layers.ts";
import { compressed, sha256 } from "../../helpers/images/oci-maker.ts";
import { type Member, sparse, tar } from "../../helpers/images/tar-maker.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

setDefaultTimeout(120_000);

const RUNS = process.env.PLATTER_TEST === "full" ? 60 : 8;
const BLOCK = 4096;
const ZSTD = { type: "squashfs", compression: "zstd", level: 9, blockSize: BLOCK } as const;
const GZIP = { ...ZSTD, compression: "gzip", level: 6 } as const;
type Options = typeof ZSTD | typeof GZIP;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "platter-layers-"));
});
afterAll(() => rmSync(folder, { recursive: true }));
const at = (name: string) => join(folder, name);

const name = fc.constantFrom("a", "b", "c", "d/a", "d/b", "d/e/a", "d/e/b", "f/a", "f/b");
const length = fc.oneof(fc.integer({ min: 0, max: 600 }), fc.integer({ min: 0, max: 4 * BLOCK }));
const text = (seed: number, bytes: number) =>
  Buffer.from(seededNoise(Math.ceil(bytes / 4), seed))
    .toString("latin1")
    .repeat(4)
    .slice(0, bytes);

const member: fc.Arbitrary<Member> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .record({ name, length, seed: fc.integer({ min: 1, max: 4 }), mode: fc.constantFrom(0o644, 0o4755) })
      .map(({ name, length, seed, mode }) => ({ name, mode, content: text(seed, length) })),
  },
  fc.record({ name, length }).map(({ name, length }) => ({ name, content: "\0".repeat(length) })),
  fc
    .record({ name, size: fc.integer({ min: 4 * BLOCK, max: 64 * BLOCK }) })
    .map(({ name, size }) => sparse(name, size)),
  fc.record({ name, value: fc.string({ maxLength: 3 }) }).map(({ name, value }) => ({
    name,
    content: text(9, 50),
    mtime: -5,
    pax: [["SCHILY.xattr.user.x", value]] as const,
  })),
  name.map((path) => ({ name: path, type: "2", link: "../a" })),
  name.map((path) => ({ name: path, type: "4", major: 8, minor: 300 })),
  fc.constantFrom("d/", "d/e/", "f/").map((path) => ({ name: path, mode: 0o700, uid: 7 })),
  name.map((path) => ({ name: path.replace(/([^/]+)$/, ".wh.$1") })),
  fc.constantFrom("d", "d/e", "f").map((path) => ({ name: `${path}/.wh..wh..opq` })),
);

/** A hard link, to an earlier file of its layer or to one of the lowest layer. */
const link = fc.record({ name, to: fc.nat() });
const layer = fc.array(fc.oneof({ weight: 5, arbitrary: member }, link), { maxLength: 12 });
type Entries = typeof layer extends fc.Arbitrary<infer T> ? T : never;

/** Files that no layer removes. */
const LOWEST: Member[] = ["y", "z"].map((name, i) => ({ name, content: text(i, 300 + 2 * BLOCK * i) }));

function membersOf(entries: Entries): Member[] {
  const targets = LOWEST.map(({ name }) => name);
  return entries.map((entry) => {
    if ("to" in entry) return { name: entry.name, type: "1", link: targets[entry.to % targets.length]! };
    const isFile = entry.content !== undefined && entry.pax?.[0]?.[0] !== "GNU.sparse.major";
    if (isFile) targets.push(entry.name);
    return entry;
  });
}

/** An image of these layers. */
const imageOf = (layers: readonly Entries[]) => [LOWEST, ...layers.map(membersOf)];

/** What is left of the builds so far. */
class Store implements LayerStore, Disposable {
  readonly version = "test";
  readonly blockSize = BLOCK;
  readonly options: Options;
  readonly tables = new Map<string, Buffer>();
  readonly files: { path: string; blocks: Buffer; parts: Buffer }[] = [];
  known = new KnownFiles();
  kept: KeptLayers | undefined;
  #contents: KnownContents | undefined;

  constructor(options: Options) {
    this.options = options;
  }

  table(key: string) {
    return this.tables.get(key);
  }

  content(digest: Uint8Array, length: number) {
    this.#contents ??= new KnownContents([this.known], { blockSize: BLOCK });
    return this.#contents.content(digest, length);
  }

  opened(layers: KeptLayers) {
    this.kept = layers;
  }

  /** Opens the files again, as the next build does. */
  reopen() {
    this.known[Symbol.dispose]();
    this.known = new KnownFiles();
    this.#contents = undefined;
    for (const { path, ...indexes } of this.files) {
      const blocks = decodeIndex(indexes.blocks, codecIdentity(this.options));
      if (blocks === undefined) continue;
      const fd = openSync(path, "r");
      const parts = () => decodeParts(indexes.parts, blocks);
      this.known.add({ fd, start: 0, blocks, parts, close: () => closeSync(fd) });
    }
  }

  keep(path: string, use: BlockUse) {
    const { blocks, parts } = use;
    this.files.push({
      path,
      blocks: encodeIndex({ identity: codecIdentity(this.options), blocks }),
      parts: encodeParts(parts),
    });
    for (const { key, bytes } of this.kept!.changed()) this.tables.set(key, bytes);
  }

  [Symbol.dispose]() {
    this.known[Symbol.dispose]();
  }
}

/** Layers as blobs in files. A `stream` cannot be decompressed into memory. */
function blobLayers(
  layers: readonly (readonly Member[])[],
  { kind, opened, files }: { kind: "file" | "stream"; opened: Set<number>; files: DisposableStack },
): Layer[] {
  const { signal } = new AbortController();
  return layers.map((members, index) => {
    const plain = tar(members);
    const stored = Buffer.from(compressed(plain, "gzip"));
    const path = at(`layer-${index}`);
    writeFileSync(path, stored);
    const file = files.use(OpenFile.open(path));
    const digest = sha256(stored);
    const blob = storedBlob(file.whole(), { name: path, digest, size: stored.length, signal });
    const counted = {
      ...blob,
      open: () => {
        opened.add(index);
        return blob.open();
      },
      hold: () => {
        opened.add(index);
        return { ...blob.hold!(), [Symbol.dispose]: () => undefined };
      },
    };
    const { hold: _, ...stream } = counted;
    return blobLayer(kind === "file" ? counted : stream, { diffId: sha256(plain) });
  });
}

interface Written {
  bytes: Buffer;
  /** Contents of all files, read as the plan reads them. */
  contents: string[];
  use: BlockUse | undefined;
  opened: Set<number>;
}

async function written(
  path: string,
  layers: readonly (readonly Member[])[],
  {
    store,
    kind = "file",
    options = ZSTD,
  }: { store?: Store; kind?: "file" | "stream"; options?: Options } = {},
): Promise<Written> {
  const opened = new Set<number>();
  const files = new DisposableStack();
  mkdirSync(at("work"), { recursive: true });
  await using tree = await openLayeredTree({
    source,
    layers: blobLayers(layers, { kind, opened, files }),
    resources: files,
    dialect: "layer",
    work: at("work"),
    capture: (path) => path === "a" || path === "d/a",
    signal: new AbortController().signal,
    layerStore: store,
  });
  const contents = await contentsOf(tree);
  const fd = openSync(path, "w+");
  let use: BlockUse | undefined;
  const onUse = (used: BlockUse) => {
    use = used;
  };
  const reuse: BlockReuse | undefined = store && {
    known: store.known.count === 0 ? undefined : store.known,
    digests: "all",
    contents: store.kept,
    onUse,
  };
  try {
    await writeSquashfs(
      tree,
      { fd, offset: 0 },
      {
        walk: { include: () => true },
        options,
        time: 1_700_000_000,
        signal: new AbortController().signal,
        onBytes: () => undefined,
        reuse,
      },
    );
  } finally {
    closeSync(fd);
  }
  return { bytes: readFileSync(path), contents, use, opened };
}

async function contentsOf(tree: ImageTree): Promise<string[]> {
  const found: string[] = [];
  for (const { inode, name } of walk(tree.root)) {
    if (inode.type === "file") found.push(`${name} ${await contentOf(tree.read(inode))}`);
  }
  return found;
}

const damage = fc.record({
  /** The numbers of things that are gone, or have a changed byte. */
  tablesGone: fc.array(fc.nat(), { maxLength: 2 }),
  tablesHit: fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 2 }),
  blocksHit: fc.array(fc.nat(), { maxLength: 20 }),
  indexHit: fc.option(fc.nat(), { nil: undefined }),
  partsHit: fc.option(fc.nat(), { nil: undefined }),
});
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function apply({ tablesGone, tablesHit, blocksHit, indexHit, partsHit }: Damage, store: Store): void {
  const keys = [...store.tables.keys()];
  const flip = (bytes: Buffer, place: number) => {
    if (bytes.length > 0) bytes[place % bytes.length]! ^= 1;
  };
  if (keys.length > 0) {
    for (const [number, place] of tablesHit) flip(store.tables.get(keys[number % keys.length]!)!, place);
    for (const number of tablesGone) store.tables.delete(keys[number % keys.length]!);
  }
  for (const { path, blocks, parts } of store.files) {
    const bytes = readFileSync(path);
    for (const place of blocksHit) flip(bytes, place);
    writeFileSync(path, bytes);
    if (indexHit !== undefined) flip(blocks, indexHit);
    if (partsHit !== undefined) flip(parts, partsHit);
  }
}

describe("an image whose layers are known", () => {
  test("has the same bytes and contents, whatever is left of the earlier builds", async () => {
    let unread = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.array(layer, { minLength: 1, maxLength: 4 }),
        fc.array(fc.tuple(fc.nat(), layer), { maxLength: 2 }),
        fc.option(damage, { nil: undefined, freq: 3 }),
        fc.constantFrom("file", "stream"),
        fc.constantFrom<Options>(ZSTD, GZIP),
        async (first, changes, hit, kind, options) => {
          using store = new Store(options);
          const { use } = await written(at("before"), imageOf(first), { store, kind, options });
          store.keep(at("before"), use!);
          if (hit !== undefined) apply(hit, store);
          store.reopen();
          const after = [...first];
          for (const [place, entries] of changes) after[place % (after.length + 1)] = entries;
          const layers = imageOf(after);
          const expected = await written(at("plain"), layers, { options });
          const actual = await written(at("known"), layers, { store, kind, options });
          expectSameBytes(actual.bytes, expected.bytes);
          expect(actual.contents).toEqual(expected.contents);
          if (actual.opened.size < layers.length) unread++;
        },
      ),
      { numRuns: RUNS },
    );
    // The property would hold if no layer was ever known.
    expect(unread).toBeGreaterThan(0);
  });

  test.each([
    ["that ends within a member", [0, 1]],
    ["with a path outside of the image", [0, 4, 46, 46, 47, 97, 0, 0, 0, 0, 0]],
  ])("is read if its table has the right checksum, but members %s", async (_, content) => {
    using store = new Store(ZSTD);
    const { use } = await written(at("before"), [LOWEST], { store });
    store.keep(at("before"), use!);
    store.reopen();
    for (const key of store.tables.keys()) store.tables.set(key, tableOf(content).encoded(key));
    const expected = await written(at("plain"), [LOWEST]);
    const actual = await written(at("known"), [LOWEST], { store });
    expectSameBytes(actual.bytes, expected.bytes);
    expect([...actual.opened]).toEqual([0]);
  });

  test("is refused if a content must be read, and its table is of another layer", async () => {
    using store = new Store(ZSTD);
    await written(at("before"), [LOWEST], { store });
    const [empty] = store.kept!.changed();
    // The member `y` with a size of nine bytes.
    const foreign = tableOf([0, 1, 121, 0, 0, 0, 0, 9]);
    store.tables.set(empty!.key, foreign.encoded(empty!.key));
    const failed = written(at("known"), [LOWEST], { store });
    await expect(failed).rejects.toThrow("Cannot use the cache: it has a table of");
  });
});

/** A table with one chunk of members. */
function tableOf(content: number[]): LayerTable {
  const chunks = [memberChunk(Uint8Array.from(content))];
  return LayerTable.of(Object.assign(new MemberWriter(), { finish: () => chunks, count: 1 }));
}
