import { describe, expect, test } from "bun:test";
import { memorySource, slice } from "../../../../internal/files/byte-source.ts";
import { readDirectoryTree } from "../../../../internal/iso/read/directory-tree.ts";
import {
  contentOf,
  findNode,
  type IsoNode,
  nodeSource,
  nodesOf,
} from "../../../../internal/iso/read/iso-node.ts";
import type { VolumeDescriptor } from "../../../../internal/iso/read/volume-descriptor.ts";

const SECTOR = 2048;
const FILE = 0;
const DIRECTORY = 2;
const MORE = 0x80;

interface RecordOptions {
  lba: number;
  size?: number;
  flags?: number;
  /** System use entries. */
  use?: Buffer[];
}

function both(value: number): Buffer {
  const field = Buffer.alloc(8);
  field.writeUInt32LE(value, 0);
  field.writeUInt32BE(value, 4);
  return field;
}

/** A directory record (ECMA-119, 9.1). */
function record(name: string, options: RecordOptions): Buffer {
  const identifier = Buffer.from(name, "latin1");
  const padding = Buffer.alloc(1 - (identifier.length % 2));
  const use = Buffer.concat(options.use ?? []);
  const body = Buffer.concat([
    ...[Buffer.alloc(2), both(options.lba), both(options.size ?? SECTOR), Buffer.alloc(7)],
    Buffer.from([options.flags ?? FILE, 0, 0, 1, 0, 0, 1, identifier.length]),
    ...[identifier, padding, use, Buffer.alloc(use.length % 2)],
  ]);
  body[0] = body.length;
  return body;
}

function entry(signature: string, ...content: (Buffer | number[])[]): Buffer {
  const rest = Buffer.concat(content.map((part) => Buffer.from(part)));
  return Buffer.concat([Buffer.from(signature), Buffer.from([4 + rest.length, 1]), rest]);
}

const sp = entry("SP", [0xbe, 0xef, 0]);
const px = (mode: number) => entry("PX", both(mode), both(1), both(0), both(0), both(1));
const nm = (name: string, flags = 0) => entry("NM", [flags], Buffer.from(name));
const ce = (lba: number, at: number, length: number) => entry("CE", both(lba), both(at), both(length));
const DIR = px(0o040755);
const REG = px(0o100644);

function dots(self: number, parent: number, use: Buffer[] = [DIR]): Buffer[] {
  return [
    record("\0", { lba: self, flags: DIRECTORY, use: self === 20 ? [sp, ...use] : use }),
    record("\x01", { lba: parent, flags: DIRECTORY, use }),
  ];
}

/** A volume whose root is at sector 20. */
async function read(sectors: Record<number, Buffer[]>, size = 64) {
  const image = new Uint8Array(size * SECTOR);
  for (const [lba, parts] of Object.entries(sectors)) image.set(Buffer.concat(parts), Number(lba) * SECTOR);
  const source = memorySource(image);
  const descriptor: VolumeDescriptor = {
    kind: "primary",
    offset: 16 * SECTOR,
    volumeId: "X",
    sectors: size,
    pathTable: { size: 0, little: 0, optionalLittle: 0, big: 0, optionalBig: 0 },
    root: { lba: 20, size: SECTOR },
  };
  const { value, problems } = await readDirectoryTree(source, descriptor);
  return {
    source,
    root: value.root,
    tree: value,
    codes: [...new Set(problems.map((problem) => problem.code))],
    problems,
  };
}

const pathsOf = (root: IsoNode) => [...nodesOf(root)].map((node) => node.path);

describe("files of several extents", () => {
  const parts = [
    record("BIG.;1", { lba: 30, size: 3 * SECTOR, flags: MORE }),
    record("BIG.;1", { lba: 40, size: 2 * SECTOR, flags: MORE }),
    record("BIG.;1", { lba: 33, size: 100 }),
  ];

  test("are one file", async () => {
    const after = record("Z.;1", { lba: 50, size: 1 });
    const { source, root, codes } = await read({
      20: [
        ...dots(20, 20).map((_, index) => record(["\0", "\x01"][index]!, { lba: 20, flags: DIRECTORY })),
        ...parts,
        after,
      ],
      30: [Buffer.alloc(3 * SECTOR, "a")],
      40: [Buffer.alloc(2 * SECTOR, "b")],
      33: [Buffer.alloc(100, "c")],
    });
    expect(codes).toEqual([]);
    expect(pathsOf(root)).toEqual(["/", "/BIG", "/Z"]);
    const big = findNode(root, "/BIG")!;
    expect(big.size).toBe(5 * SECTOR + 100);
    expect(big.flags).toBe(0);
    let text = "";
    for await (const piece of contentOf(source, big)) text += Buffer.from(piece).toString();
    expect(text).toBe("a".repeat(3 * SECTOR) + "b".repeat(2 * SECTOR) + "c".repeat(100));
    const across = await nodeSource(source, big).read(3 * SECTOR - 2, 2 * SECTOR + 4);
    expect(Buffer.from(across).toString()).toBe(`aa${"b".repeat(2 * SECTOR)}cc`);
  });

  test("without their end, or with another file between", async () => {
    const root = ["\0", "\x01"].map((name) => record(name, { lba: 20, flags: DIRECTORY }));
    expect((await read({ 20: [...root, ...parts.slice(0, 2)] })).codes).toEqual(["multi-extent"]);
    const other = record("C.;1", { lba: 30, size: 1 });
    expect((await read({ 20: [...root, parts[0]!, other] })).codes).toContain("multi-extent");
  });
});

describe("Rock Ridge", () => {
  test("names in several parts and places, links, and what they lead to", async () => {
    const { root, codes, tree } = await read({
      20: [
        ...dots(20, 20),
        record("A.;1", { lba: 30, size: 5, use: [REG, nm("long-", 1), ce(25, 100, 10)] }),
        record("L.;1", {
          lba: 0,
          size: 0,
          use: [
            px(0o120777),
            nm("link"),
            entry(
              "SL",
              [0],
              [8, 0],
              [0, 1],
              Buffer.from("a"),
              [4, 0],
              [1, 1],
              Buffer.from("b"),
              [0, 1],
              Buffer.from("c"),
            ),
          ],
        }),
        record("P.;1", { lba: 0, size: 0, use: [px(0o010644), nm("pipe")] }),
      ],
      25: [Buffer.alloc(100), nm("name!")],
    });
    expect(codes).toEqual([]);
    expect(tree.rockRidge).toBe(true);
    expect(root.children.map((node) => [node.kind, node.name, node.target])).toEqual([
      ["file", "long-name!", undefined],
      ["symlink", "link", "/a/../bc"],
      ["special", "pipe", undefined],
    ]);
    expect(root.children[0]!.nameSpans).toHaveLength(2);
  });

  test("a continuation that continues itself ends", async () => {
    const { codes } = await read({
      20: [...dots(20, 20), record("A.;1", { lba: 30, use: [REG, ce(25, 0, 28)] })],
      25: [ce(25, 0, 28)],
    });
    expect(codes).toEqual(["susp-loop"]);
  });

  test.each([
    ["outside of the ISO", 900, 0, 28],
    ["over the end of a sector", 25, 2040, 28],
  ])("a continuation %s", async (_, lba, at, length) => {
    const { codes } = await read({
      20: [...dots(20, 20), record("A.;1", { lba: 30, use: [REG, ce(lba, at, length)] })],
    });
    expect(codes).toEqual(["susp-continuation"]);
  });

  const moved = (place: number, extra: Buffer[] = [entry("RE")]) => ({
    20: [
      ...dots(20, 20),
      record("D", { lba: 21, flags: DIRECTORY, use: [DIR, nm("deep")] }),
      record("M", { lba: 22, flags: DIRECTORY, use: [DIR, nm("rr_moved")] }),
    ],
    21: [...dots(21, 20), record("X.;1", { lba: 30, use: [DIR, nm("deeper"), entry("CL", both(place))] })],
    22: [...dots(22, 20), record("X", { lba: 23, flags: DIRECTORY, use: [DIR, nm("deeper"), ...extra] })],
    23: [...dots(23, 22), record("F.;1", { lba: 31, size: 3, use: [REG, nm("file")] })],
  });

  test("a directory that was moved is shown where it belongs", async () => {
    const { root, codes } = await read(moved(23));
    expect(codes).toEqual([]);
    expect(pathsOf(root)).toEqual(["/", "/deep", "/deep/deeper", "/deep/deeper/file", "/rr_moved"]);
  });

  test("a directory moved to where none is, or into its own parent, makes no loop", async () => {
    for (const place of [20, 21, 22, 63, 5000]) {
      const { root, codes } = await read(moved(place));
      expect(codes).toEqual(["relocated"]);
      expect(pathsOf(root).length).toBeLessThan(8);
    }
    expect((await read(moved(23, []))).codes).toEqual(["relocated"]);
  });
});

describe("directories", () => {
  test("that contain themselves or each other are read once", async () => {
    const { root, codes } = await read({
      20: [
        ...dots(20, 20),
        record("A", { lba: 20, flags: DIRECTORY, use: [DIR, nm("a")] }),
        record("B", { lba: 21, flags: DIRECTORY, use: [DIR, nm("b")] }),
        record("C", { lba: 21, flags: DIRECTORY, use: [DIR, nm("c")] }),
      ],
      21: dots(21, 20),
    });
    expect(codes).toEqual(["directory-loop"]);
    expect(pathsOf(root)).toEqual(["/", "/a", "/b", "/c"]);
  });

  test("with wrong dots, sizes, records over a sector's end, and rubbish at their end", async () => {
    const child = record("A", { lba: 21, flags: DIRECTORY, use: [DIR, nm("a")] });
    const codesOf = async (sectors: Record<number, Buffer[]>) =>
      (await read({ 20: [...dots(20, 20), child], ...sectors })).codes;
    expect(await codesOf({ 21: dots(22, 20) })).toEqual(["directory-dots"]);
    expect(await codesOf({ 21: dots(21, 22) })).toEqual(["directory-dots"]);
    expect(await codesOf({ 21: [Buffer.alloc(SECTOR, 0x41)] })).toEqual(["directory-dots"]);
    expect(await codesOf({ 21: [...dots(21, 20), Buffer.alloc(4), Buffer.from("x")] })).toEqual([
      "directory-end",
    ]);
    const crossing = Buffer.alloc(SECTOR - Buffer.concat(dots(21, 20)).length, 0);
    crossing[crossing.length - 1] = 60;
    expect(await codesOf({ 21: [...dots(21, 20), crossing] })).toEqual(["directory-end"]);
    const odd = record("A", { lba: 21, size: 100, flags: DIRECTORY, use: [DIR, nm("a")] });
    expect((await read({ 20: [...dots(20, 20), odd], 21: dots(21, 20) })).codes).toContain("directory-size");
  });

  test("a file beyond the end of the ISO", async () => {
    const file = record("A.;1", { lba: 63, size: SECTOR + 1, use: [REG, nm("a")] });
    expect((await read({ 20: [...dots(20, 20), file] })).codes).toEqual(["file-cut-off"]);
  });
});

test("a slice of a source keeps within its bounds", async () => {
  const part = slice(memorySource(Uint8Array.from([0, 1, 2, 3, 4, 5])), 2, 3);
  expect(part.size).toBe(3);
  expect([...(await part.read(0, 100))]).toEqual([2, 3, 4]);
  expect([...(await part.read(2, 1))]).toEqual([4]);
  expect([...(await part.read(3, 1))]).toEqual([]);
  expect([...(await part.read(99, 1))]).toEqual([]);
  expect(slice(part, 2, 99).size).toBe(1);
  expect(slice(part, 99, 1).size).toBe(0);
});
