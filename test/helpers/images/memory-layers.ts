/** Layers that are in memory, for tests: cut into pieces as a file or a decompressor would cut them. */
import { expect } from "bun:test";
import { mkdirSync, readdirSync, readlinkSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type BytePath, displayPath } from "../../../internal/bytes/byte-path.ts";
import { type Layer, madeLayer } from "../../../internal/image/decompress/layer.ts";
import {
  type Content,
  type ImageTree,
  type Inode,
  pathOf,
  type TreeNode,
} from "../../../internal/image/image-tree.ts";
import { openLayeredTree } from "../../../internal/image/layer/layered-tree.ts";
import type { TarDialect } from "../../../internal/tar/member.ts";
import { untilOrLate } from "../until.ts";
import { type Member, tar } from "./tar-maker.ts";

export async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

export function memoryLayer(
  members: readonly Member[],
  options: { name?: string; piece?: number } = {},
): Layer {
  const bytes = tar(members);
  return madeLayer(options.name ?? "layer", () => pieces(bytes, options.piece ?? 10_000));
}

export const source = {
  reference: "oci:test",
  transport: "oci",
  digest: undefined,
  created: 1_700_000_000,
  architecture: "amd64",
};

/** There as long as a tree is open, and empty when the last one is closed. */
export const workDirectory = join(tmpdir(), `platter-unit-${process.pid}`);
let openTrees = 0;

export async function openLayers(
  layers: readonly (readonly Member[])[],
  options: { dialect?: TarDialect; capture?: (path: BytePath) => boolean; piece?: number } = {},
): Promise<ImageTree> {
  mkdirSync(workDirectory, { recursive: true });
  openTrees++;
  const closed = () => {
    if (--openTrees === 0) rmdirSync(workDirectory);
  };
  const tree = await openLayeredTree({
    source,
    layers: layers.map((members, index) => memoryLayer(members, { ...options, name: `layer ${index}` })),
    dialect: options.dialect ?? "layer",
    work: workDirectory,
    capture: options.capture ?? (() => false),
    signal: new AbortController().signal,
  }).catch((error: unknown) => {
    closed();
    throw error;
  });
  const dispose = tree[Symbol.asyncDispose].bind(tree);
  tree[Symbol.asyncDispose] = async () => {
    await dispose();
    closed();
  };
  return tree;
}

export async function contentOf(content: Content): Promise<string> {
  const parts: Uint8Array[] = [];
  for await (const part of content) parts.push(part);
  return Buffer.concat(parts).toString("latin1");
}

/**
 * A tree as lines: `/path type mode uid:gid`, a file's content, a symlink's target, `= /first` for a further name of an
 * inode. Paths as people read them.
 */
export async function lines(tree: ImageTree): Promise<string[]> {
  const first = new Map<Inode, BytePath>();
  const found: string[] = [];
  for (const node of walk(tree.root)) {
    const { inode } = node;
    const path = pathOf(node);
    const words = [displayPath(path), inode.type, inode.mode.toString(8), `${inode.uid}:${inode.gid}`];
    const earlier = inode.links > 1 ? first.get(inode) : undefined;
    if (inode.links > 1 && earlier === undefined) first.set(inode, path);
    if (earlier !== undefined) words.push("=", displayPath(earlier));
    else if (inode.type === "file") words.push(JSON.stringify(await contentOf(tree.read(inode))));
    if (inode.target !== undefined) words.push("->", inode.target);
    found.push(words.join(" "));
  }
  return found;
}

export function* walk(node: TreeNode): Generator<TreeNode> {
  yield node;
  for (const child of node.children?.values() ?? []) yield* walk(child);
}

/** The error that a promise fails with. */
export async function failureOf(promise: Promise<unknown>): Promise<unknown> {
  try {
    await promise;
  } catch (error) {
    return error;
  }
  throw new Error("it did not fail");
}

/** How many of this process's descriptors are files in a folder, deleted ones included. */
export function openFilesIn(directory: string): number {
  return readdirSync("/proc/self/fd").filter((fd) => {
    try {
      return readlinkSync(`/proc/self/fd/${fd}`).startsWith(directory);
    } catch {
      // The descriptor by which the list was read.
      return false;
    }
  }).length;
}

/** How many layers are open in memory: by memfd_create, or on a mount of their own. */
export function openMemoryLayers(): number {
  return openFilesIn("/memfd:platter-layer") + openFilesIn("/.platter-layer.");
}

/** Expects so many layers that are open in memory, once another thread has closed those that it is to close. */
export async function expectMemoryLayers(count: number): Promise<void> {
  await untilOrLate(() => openMemoryLayers() === count, 5000);
  expect(openMemoryLayers()).toBe(count);
}
