import type { TarMember } from "../../tar/member.ts";
import { hole } from "../../tar/sparse.ts";
import type { Layer } from "../decompress/layer.ts";
import type { Inode, Locator } from "../image-tree.ts";
import type { LayerCount, LayerStore } from "../layer-store.ts";
import { layerOf, ordinalOf } from "./content-ranges.ts";
import { DIGEST } from "./digest-columns.ts";
import { LayerTable } from "./layer-table.ts";
import { MemberWriter } from "./member-writer.ts";

/** A layer of the image. */
interface Entry {
  /** Undefined if no digest vouches for the layer. */
  key: string | undefined;
  /** Undefined while the layer is read. */
  table: LayerTable | undefined;
  isFromStore: boolean;
  isRead: boolean;
  /** Whether the store has no table, or one with fewer digests. */
  isChanged: boolean;
}

/**
 * The tables of an image's layers: those of earlier builds, which take the place of the layers, and those of layers that are
 * read. Contents are those of inodes with a locator.
 */
export class LayerTables {
  readonly #store: LayerStore;
  readonly #entries: Entry[];
  /** Inodes whose content the plan needs, by their locators. */
  readonly #needed = new Map<Locator, Inode>();
  /** Locators of contents that earlier builds did not leave. */
  readonly #missing = new Set<Locator>();

  /** Looks up the layers, the lowest first. */
  constructor(layers: readonly Layer[], store: LayerStore) {
    this.#store = store;
    this.#entries = layers.map(({ identity }) => {
      const key = identity === undefined ? undefined : keyOf(identity, store);
      const bytes = key === undefined ? undefined : store.table(key);
      const table = bytes && LayerTable.decoded(bytes, key!);
      const isFromStore = table !== undefined;
      return { key, table, isFromStore, isRead: !isFromStore, isChanged: false };
    });
  }

  /** Whether an earlier build left a table of the layer. */
  isKnown(layer: number): boolean {
    return this.#entries[layer]!.isFromStore;
  }

  /** The members of a layer that {@link isKnown}. @throws RangeError if the table is damaged */
  members(layer: number): Generator<TarMember> {
    return this.#entries[layer]!.table!.members();
  }

  /** Forgets a table, so that the layer is read. */
  forget(layer: number): void {
    Object.assign(this.#entries[layer]!, { table: undefined, isFromStore: false, isRead: true });
  }

  /** A writer for the members of a layer that is read. Undefined if no digest vouches for the layer. */
  writer(layer: number): MemberWriter | undefined {
    return this.#entries[layer]!.key === undefined ? undefined : new MemberWriter();
  }

  /** Keeps the members of a layer, after its digest was compared. */
  add(layer: number, members: MemberWriter): void {
    Object.assign(this.#entries[layer]!, { table: LayerTable.of(members), isChanged: true });
  }

  /** Notes that a known layer is read after all. */
  noteRead(layer: number): void {
    this.#entries[layer]!.isRead = true;
  }

  get count(): LayerCount {
    return { read: this.#entries.filter(({ isRead }) => isRead).length, of: this.#entries.length };
  }

  /** The digests of a content, in the form of `ContentDigests`. */
  of({ locator, size }: Inode): Uint8Array | undefined {
    const table = locator === undefined ? undefined : this.#entries[layerOf(locator)]?.table;
    const { blockSize } = this.#store;
    return table?.digests.of(ordinalOf(locator!), size < blockSize ? 1 : Math.ceil(size / blockSize));
  }

  record(inode: Inode, digests: Uint8Array): void {
    const { locator } = inode;
    const entry = locator === undefined ? undefined : this.#entries[layerOf(locator)];
    if (entry?.table === undefined || this.of(inode) !== undefined) return;
    entry.table.digests.add(ordinalOf(locator!), digests);
    entry.isChanged = true;
  }

  /** The blocks of a content, as far as earlier builds left them. */
  *blocks(inode: Inode): Generator<Uint8Array> {
    const { blockSize } = this.#store;
    const digests = this.of(inode);
    for (let done = 0; digests !== undefined && done < inode.size; done += blockSize) {
      const at = (DIGEST * done) / blockSize;
      const digest = digests.subarray(at, at + DIGEST);
      const length = Math.min(blockSize, inode.size - done);
      const isHole = inode.size >= blockSize && digest.every((byte) => byte === 0);
      const content = isHole ? undefined : this.#store.content(digest, length);
      if (isHole) yield* hole(length);
      else if (content !== undefined) yield content;
      else {
        if (this.#needed.has(inode.locator!)) this.#missing.add(inode.locator!);
        return;
      }
    }
  }

  /** Puts a content into `target`, which has its length. Returns false if earlier builds did not leave all of it. */
  readSync(inode: Inode, target: Uint8Array): boolean {
    let done = 0;
    for (const block of this.blocks(inode)) {
      target.set(block, done);
      done += block.length;
    }
    return done === inode.size;
  }

  /** Notes a content that the plan needs. The squashfs may leave it out. */
  noteNeeded(inode: Inode): void {
    const { locator } = inode;
    if (locator !== undefined && inode.size > 0 && this.#entries[layerOf(locator)]?.table !== undefined)
      this.#needed.set(locator, inode);
  }

  /** Contents that the plan needed, and that are neither in an earlier build nor in the squashfs. */
  *unkept(): Generator<Inode> {
    for (const [locator, inode] of this.#needed) {
      if (this.of(inode) === undefined || this.#missing.has(locator)) yield inode;
    }
  }

  *changed(): Generator<{ key: string; bytes: Buffer }> {
    for (const { key, table, isChanged } of this.#entries) {
      if (isChanged) yield { key: key!, bytes: table!.encoded(key!) };
    }
  }
}

/** Part of every key. Increase the number if the members of the same layer are other ones than before. */
const FORMAT = "platter-layer 1";

function keyOf(identity: string, { version, blockSize }: LayerStore): string {
  const text = JSON.stringify([FORMAT, version, identity, blockSize]);
  return new Bun.CryptoHasher("sha256").update(text).digest("hex");
}
