/** Random stacks of layers against a model that is as simple as can be: one map from path to entry, and no tree. */
import { expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import fc from "fast-check";
import { type Inode, pathOf } from "../../../../internal/image/image-tree.ts";
import { LayerReader } from "../../../../internal/image/layer/layer-reader.ts";
import {
  contentOf,
  memoryLayer,
  openLayers,
  walk,
  workDirectory,
} from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const seed = Number(process.env.PLATTER_SEED ?? Date.now() % 2 ** 31);

interface ModelInode {
  type: string;
  mode: number;
  uid: number;
  content: string;
}

interface ModelEntry {
  inode: ModelInode;
  implied: boolean;
}

type Model = Map<string, ModelEntry>;

const implied = (): ModelEntry => ({
  inode: { type: "directory", mode: 0o755, uid: 0, content: "" },
  implied: true,
});
const parentsOf = (path: string) =>
  path
    .split("/")
    .slice(0, -1)
    .map((_, i, all) => all.slice(0, i + 1).join("/"));
const isBelow = (path: string, folder: string) => folder === "" || path.startsWith(`${folder}/`);

function removeTree(model: Map<string, unknown>, path: string): void {
  for (const each of [...model.keys()]) if (each === path || isBelow(each, path)) model.delete(each);
}

/** What one layer holds, and what it hides. */
class ModelLayer {
  readonly own: Model = new Map();
  readonly whiteouts = new Map<string, true>();
  readonly opaque = new Map<string, true>();
  /** The members that make sense; a tar with the others would be refused. */
  readonly members: Member[] = [];

  constructor(readonly base: Model) {}

  add(step: Step): void {
    const path = step.path.join("/");
    const makes = step.kind === "opaque" ? `${path}/x` : path;
    if (parentsOf(makes).some((each) => (this.own.get(each)?.inode.type ?? "directory") !== "directory"))
      return;
    const target = step.kind === "link" ? this.linkTarget(step.target.join("/")) : undefined;
    if (step.kind === "link" && (target === undefined || target.type === "directory")) return;
    if (step.kind === "link" && parentsOf(makes).includes(step.target.join("/"))) return;
    for (const each of parentsOf(makes)) if (!this.own.has(each)) this.own.set(each, implied());
    const name = path.split("/").at(-1);
    const folder = parentsOf(path).at(-1);
    const prefix = folder === undefined ? "" : `${folder}/`;
    switch (step.kind) {
      case "opaque":
        this.opaque.set(path, true);
        this.members.push({ name: `${path}/.wh..wh..opq` });
        return;
      case "whiteout":
        this.whiteouts.set(path, true);
        this.members.push({ name: `${prefix}.wh.${name}` });
        return;
      case "directory": {
        const old = this.own.get(path);
        const inode = { type: "directory", mode: step.mode, uid: step.uid, content: "" };
        if (old?.inode.type !== "directory") this.forget(path);
        this.own.set(path, { inode, implied: false });
        this.members.push({ name: `${path}/`, mode: step.mode, uid: step.uid });
        return;
      }
      case "file": {
        this.forget(path);
        const content = `${step.uid}:${path}`;
        this.own.set(path, {
          inode: { type: "file", mode: step.mode, uid: step.uid, content },
          implied: false,
        });
        this.members.push({ name: path, mode: step.mode, uid: step.uid, content });
        return;
      }
      case "link": {
        const inode = target as ModelInode;
        Object.assign(inode, { mode: step.mode, uid: step.uid });
        this.members.push({
          name: path,
          type: "1",
          link: step.target.join("/"),
          mode: step.mode,
          uid: step.uid,
        });
        if (this.own.get(path)?.inode === inode) return;
        this.forget(path);
        this.own.set(path, { inode, implied: false });
        return;
      }
      default:
        step.kind satisfies never;
    }
  }

  linkTarget(path: string): ModelInode | undefined {
    return (this.own.get(path) ?? this.base.get(path))?.inode;
  }

  forget(path: string): void {
    removeTree(this.own, path);
    removeTree(this.opaque, path);
    for (const each of [...this.whiteouts.keys()]) if (isBelow(each, path)) this.whiteouts.delete(each);
  }

  /** Puts the layer on top of what is below. */
  apply(): void {
    for (const path of this.whiteouts.keys()) removeTree(this.base, path);
    for (const folder of this.opaque.keys()) {
      for (const each of [...this.base.keys()]) if (isBelow(each, folder)) this.base.delete(each);
    }
    for (const [path, entry] of [...this.own].sort(([a], [b]) => a.length - b.length)) {
      const old = this.base.get(path);
      if (old?.inode.type === "directory" && entry.inode.type === "directory") {
        if (!entry.implied) this.base.set(path, entry);
        continue;
      }
      removeTree(this.base, path);
      this.base.set(path, entry);
    }
  }
}

interface Step {
  kind: "directory" | "file" | "link" | "whiteout" | "opaque";
  path: string[];
  target: string[];
  mode: number;
  uid: number;
}

const path = fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 3 });
const step: fc.Arbitrary<Step> = fc.record({
  kind: fc.constantFrom("directory", "directory", "file", "file", "file", "link", "whiteout", "opaque"),
  path,
  target: path,
  mode: fc.constantFrom(0o644, 0o755, 0o600),
  uid: fc.integer({ min: 0, max: 99 }),
});
const stacks = fc.array(fc.array(step, { maxLength: 14 }), { minLength: 1, maxLength: 4 });

/** Both sides in the same words: path, type, mode, owner, content, and the first name of the same inode. */
function described<T extends object>(entries: [string, T, string][]): string[] {
  const first = new Map<T, string>();
  return entries
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, inode, words]) => {
      const earlier = first.get(inode) ?? name;
      first.set(inode, earlier);
      return `${name} ${words} = ${earlier}`;
    });
}

test(`random layers are merged as the model says (seed ${seed})`, async () => {
  await fc.assert(
    fc.asyncProperty(stacks, fc.integer({ min: 1, max: 2000 }), async (stack, piece) => {
      const model: Model = new Map();
      const layers = stack.map((steps) => {
        const layer = new ModelLayer(model);
        for (const each of steps) layer.add(each);
        layer.apply();
        return layer.members;
      });
      await using tree = await openLayers(layers, { piece });
      const inodes = new Map<string, Inode>();
      const found: [string, object, string][] = [];
      for (const node of walk(tree.root)) {
        const name = pathOf(node);
        if (name === "") continue;
        const { inode } = node;
        inodes.set(name, inode);
        const content = inode.type === "file" ? await contentOf(tree.read(inode)) : "";
        // Inodes with one name are made again each time; those with several are one object.
        const identity = inode.links > 1 ? inode : {};
        found.push([name, identity, `${inode.type} ${inode.mode} ${inode.uid} ${content}`]);
      }
      const expected = [...model].map(([name, { inode }]): [string, object, string] => [
        name,
        inode,
        `${inode.type} ${inode.mode} ${inode.uid} ${inode.content}`,
      ]);
      expect(described(found)).toEqual(described(expected));
      for (const [name, inode] of inodes) {
        const names = [...model.values()].filter((entry) => entry.inode === model.get(name)?.inode).length;
        expect(inode.links).toBe(inode.type === "directory" ? 1 : names);
      }
    }),
    { seed, numRuns: 400 },
  );
}, 60_000);

test(`contents come in any order from layers in any order, in little memory (seed ${seed})`, async () => {
  const size = fc.integer({ min: 0, max: 3000 });
  const layer = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 40 }), size), {
    maxLength: 12,
    selector: ([id]) => id,
  });
  const setups = fc.record({
    layers: fc.array(layer, { minLength: 1, maxLength: 4 }),
    spool: fc.record({
      segment: fc.constantFrom(1000, 4000),
      small: fc.constantFrom(100, 1000),
      memory: fc.constantFrom(0, 1000, 5000, 1 << 20),
    }),
    smallRest: fc.constantFrom(0, 4000, 1 << 20),
    order: fc.infiniteStream(fc.integer({ min: 0, max: 1000 })),
    piece: fc.integer({ min: 100, max: 5000 }),
    asks: fc.constantFrom("at-once", "as-stream"),
  });
  let hadAtOnce = 0;
  const content = (index: number, id: number, length: number) =>
    `${index}.${id} `.repeat(Math.ceil(length / 4)).slice(0, length);
  await fc.assert(
    fc.asyncProperty(setups, async ({ layers, spool, smallRest, order, piece, asks }) => {
      const members = layers.map((files, index) =>
        files.map(([id, length]): Member => ({ name: `${id}`, content: content(index, id, length) })),
      );
      await using tree = await openLayers(members, { piece });
      const files = [...walk(tree.root)].filter((node) => node.inode.type === "file");
      const shuffled = files
        .map((node) => ({ node, rank: order.next().value as number }))
        .filter(({ rank }) => rank > 100)
        .sort((a, b) => a.rank - b.rank)
        .map(({ node }) => node);
      await using reader = new LayerReader(
        shuffled.map((node) => node.inode),
        {
          layers: members.map((each) => memoryLayer(each, { piece })),
          dialect: "layer",
          work: workDirectory,
          signal: new AbortController().signal,
          spool,
          smallRest,
          captured: () => undefined,
        },
      );
      for (const node of shuffled) {
        const top = layers.findLastIndex((each) => each.some(([id]) => `${id}` === node.name));
        const [id, length] = (layers[top] ?? []).find(([each]) => `${each}` === node.name) ?? [0, 0];
        const whole = Buffer.alloc(node.inode.size);
        const isAtOnce = asks === "at-once" && reader.readSync(node.inode, whole);
        if (isAtOnce) hadAtOnce++;
        const text = isAtOnce ? whole.toString("latin1") : await contentOf(reader.open(node.inode));
        expect(text).toBe(content(top, id, length));
        expect(readdirSync(workDirectory)).toEqual([]);
      }
    }),
    { seed, numRuns: 150 },
  );
  expect(hadAtOnce).toBeGreaterThan(50);
}, 60_000);
