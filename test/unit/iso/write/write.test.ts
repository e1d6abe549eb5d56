/** Where an ISO has what, and that platter's own reader finds it. */
import { describe, expect, test } from "bun:test";
import { memorySource } from "../../../../internal/files/byte-source.ts";
import { readDirectoryTree } from "../../../../internal/iso/read/directory-tree.ts";
import { readElTorito } from "../../../../internal/iso/read/el-torito.ts";
import { readGpt } from "../../../../internal/iso/read/gpt.ts";
import { findNode, nodeSource, nodesOf } from "../../../../internal/iso/read/iso-node.ts";
import { readMbr } from "../../../../internal/iso/read/mbr.ts";
import { readVolumeDescriptors } from "../../../../internal/iso/read/volume-descriptors.ts";
import type { IsoDescription } from "../../../../internal/iso/write/description.ts";
import { layoutIso, ROOTFS_OFFSET } from "../../../../internal/iso/write/layout-iso.ts";
import { verifyIso } from "../../../../internal/verify/verify.ts";
import { bytesOf, description, isoBytes } from "../../../helpers/images/iso-image.ts";
import { expectSameBytes } from "../../../helpers/same-bytes.ts";

const GIB = 2 ** 30;
const bytes = (text: string) => ({ bytes: new Uint8Array(Buffer.from(text)) });
const file = (isoPath: string, text = isoPath) => ({ isoPath, content: bytes(text) });
const BIOS: Partial<IsoDescription> = {
  files: [{ isoPath: "/images/eltorito.img", content: { bytes: new Uint8Array(5000).fill(7) } }],
  bios: { image: "/images/eltorito.img", code: new Uint8Array(512).fill(0x90) },
};

/** The trees of the whole ISO and of its partition: paths of all nodes. */
async function treesOf(iso: Uint8Array, base = 0) {
  const source = memorySource(iso.subarray(base));
  const { primary, joliet } = (await readVolumeDescriptors(source)).value;
  const read = async (descriptor: typeof primary) =>
    (await readDirectoryTree(source, descriptor!)).value.root;
  return { source, rockRidge: await read(primary), joliet: await read(joliet) };
}

describe("layoutIso", () => {
  test("the root file system begins at a constant offset, and all else comes after it", () => {
    for (const inPlace of [1, 4096, 5 * GIB]) {
      const rootfs = { isoPath: "/LiveOS/squashfs.img", content: { inPlace } };
      const image = layoutIso(description({ ...BIOS, rootfs }));
      const found = image.contents.find(({ content }) => "inPlace" in content);
      expect(found).toEqual({ at: 131_072, content: { inPlace } });
      expect(ROOTFS_OFFSET).toBe(131_072);
      const places = [...image.contents, ...image.structures].map(({ at }) => at);
      const others = places.filter((at) => at > 36 * 2048 && at !== ROOTFS_OFFSET);
      expect(Math.min(...others)).toBe(ROOTFS_OFFSET + Math.ceil(inPlace / 2048) * 2048);
    }
  });

  test("without a root file system the directories are at that offset", () => {
    const image = layoutIso(description());
    expect(image.structures.map(({ at }) => at)).toContain(ROOTFS_OFFSET);
    expect(Math.min(...image.contents.map(({ at }) => at))).toBeGreaterThan(ROOTFS_OFFSET);
  });

  test("nothing overlaps, whole sectors each", () => {
    const rootfs = { isoPath: "/rootfs", content: bytes("x".repeat(3000)) };
    const files = [...BIOS.files!, file("/a/b/c"), file("/empty", ""), file("/z", "z".repeat(2049))];
    const { contents, structures, size } = layoutIso(description({ ...BIOS, files, rootfs }));
    const lengths = [...contents, ...structures].map(({ at, content }) => {
      const part = content as { bytes: Uint8Array } | Uint8Array;
      return { at, end: at + ("bytes" in part ? part.bytes.length : part.length) };
    });
    const sorted = lengths.filter(({ at, end }) => end > at).sort((a, b) => a.at - b.at);
    for (const [index, { end }] of sorted.entries()) {
      expect(end).toBeLessThanOrEqual(sorted[index + 1]?.at ?? size);
    }
    for (const { at } of contents) expect(at % 2048).toBe(0);
    expect(sorted.at(-1)!.end).toBe(size);
  });

  test("the order in which to write: trees, descriptors, backup GPT, primary GPT, MBR", () => {
    const places = layoutIso(description()).structures.map(({ at, content }) => ({
      at,
      end: at + content.length,
    }));
    expect(places.at(-1)).toEqual({ at: 0, end: 512 });
    expect(places.at(-2)).toEqual({ at: 512, end: 64 * 512 });
    expect(places.slice(-10, -3).map(({ at }) => at / 2048)).toEqual([16, 17, 18, 19, 32, 33, 34]);
  });

  test("a file of 1 TB has 257 extents in all four trees", async () => {
    const size = 2 ** 40;
    const image = layoutIso(description({ files: [{ isoPath: "/big", content: { path: "/big", size } }] }));
    expect(image.size).toBeGreaterThan(size);
    const head = image.structures.filter(({ at }) => at < 2 ** 25);
    const bytes = new Uint8Array(2 ** 21);
    for (const { at, content } of head) bytes.set(content, at);
    const big = image.contents.find(({ content }) => "path" in content)!;
    for (const base of [0, 32768]) {
      const part = bytes.subarray(base);
      const source = {
        size: image.size,
        read: async (at: number, length: number) => part.subarray(Math.min(at, part.length), at + length),
      };
      const { primary, joliet } = (await readVolumeDescriptors(source)).value;
      for (const descriptor of [primary!, joliet!]) {
        const tree = await readDirectoryTree(source, descriptor);
        expect(tree.problems).toEqual([]);
        const { extents } = findNode(tree.value.root, "/big")!;
        expect(extents).toHaveLength(257);
        expect(extents.reduce((sum, extent) => sum + extent.size, 0)).toBe(size);
        for (const [index, { lba }] of extents.entries()) {
          expect(lba * 2048 + base).toBe(big.at + index * 0xffff_f800);
        }
      }
    }
  });

  test("an ESP that is larger than 16 bits of blocks has load size 0", async () => {
    const of = async (size: number) => {
      const image = layoutIso(description({ esp: { path: "/esp", size } }));
      const head = new Uint8Array(2 ** 20);
      for (const { at, content } of image.contents) if ("bytes" in content) head.set(content.bytes, at);
      for (const { at, content } of image.structures) if (at < head.length) head.set(content, at);
      const source = memorySource(head);
      const { bootCatalog } = (await readVolumeDescriptors(source)).value;
      return (await readElTorito(source, bootCatalog!)).value[0]!.sectors;
    };
    expect(await of(0xffff * 512 - 1536)).toBe(0xfffc);
    expect(await of(0x10000 * 512)).toBe(0);
  });

  test("two files of one path, a file that is also a folder, and a BIOS image elsewhere are refused", () => {
    expect(() => layoutIso(description({ files: [file("/a"), file("/a")] }))).toThrow(
      "/a is twice on the ISO",
    );
    expect(() => layoutIso(description({ files: [file("/a"), file("/a/b")] }))).toThrow(
      "/a is a file and a folder",
    );
    expect(() => layoutIso(description({ files: [file("/a/b"), file("/a")] }))).toThrow(
      "/a is twice on the ISO",
    );
    expect(() => layoutIso(description({ ...BIOS, files: [] }))).toThrow(
      "/images/eltorito.img is not in memory",
    );
  });
});

describe("partitions", () => {
  const tables = async (changes: Partial<IsoDescription>) => {
    const iso = isoBytes(changes);
    const mbr = (await readMbr(memorySource(iso))).value!;
    const gpt = await readGpt(memorySource(iso), { announced: true });
    expect(gpt.problems).toEqual([]);
    return { mbr, gpt: gpt.value!, blocks: iso.length / 512 };
  };

  test("ISO from block 64, ESP, and the gap up to the backup", async () => {
    const { gpt, blocks } = await tables(BIOS);
    const [iso, esp, gap] = gpt.partitions;
    expect(gpt.diskId).toBe("52DAF732-D0FE-8DD4-9AA4-67C5EC1E394D");
    expect(gpt.partitions.map(({ type, name }) => [type, name])).toEqual([
      ["EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "ISO9660"],
      ["C12A7328-F81F-11D2-BA4B-00A0C93EC93B", "Appended2"],
      ["EBD0A0A2-B9E5-4433-87C0-68B6B72699C7", "Gap1"],
    ]);
    expect([iso!.first, esp!.first - iso!.last, gap!.first - esp!.last]).toEqual([64, 1, 1]);
    expect(blocks - 64 - gap!.last).toBe(1);
    expect(gap!.last - gap!.first + 1).toBe(600);
  });

  test("the active MBR entry is there for BIOS, and not with strictGpt", async () => {
    const active = async (changes: Partial<IsoDescription>) => {
      const { mbr } = await tables(changes);
      return mbr.partitions.map((entry) => [entry.type, entry.active]);
    };
    expect(await active(BIOS)).toEqual([
      [0xee, false],
      [0, true],
    ]);
    expect(await active({ ...BIOS, strictGpt: true })).toEqual([[0xee, false]]);
    expect(await active({})).toEqual([[0xee, false]]);
  });
});

describe("what is written is read again", () => {
  const names = [
    "a",
    "B.txt",
    "c d.tar.gz",
    "é€😀",
    "x".repeat(250),
    `${"y".repeat(120)}.conf`,
    "*:?",
    "lower",
    "LOWER",
  ];
  const files = [
    ...names.map((name) => file(`/${name}`)),
    ...names.map((name) => file(`/deep/${name}.d/${name}/file`)),
    file(`/${Array.from({ length: 20 }, (_, n) => `level ${n}`).join("/")}/file`),
    file("/empty", ""),
  ];
  const rootfs = { isoPath: "/LiveOS/root.img", content: bytes("r".repeat(10_000)) };
  const iso = isoBytes({ ...BIOS, files: [...BIOS.files!, ...files], rootfs });

  test("verify finds no problem but in what boots", async () => {
    const report = await verifyIso(memorySource(iso));
    const failed = report.checks.filter(({ problems }) => problems.length > 0).map(({ code }) => code);
    // Nothing on it is a program or a menu.
    expect(failed).toEqual(["esp"]);
    const passed = report.checks.filter(({ status }) => status === "ok").map(({ code }) => code);
    const structures = [
      "size",
      "volume-descriptors",
      "iso-tree",
      "joliet",
      "el-torito",
      "mbr",
      "gpt",
      "iso-partition",
    ];
    expect(passed).toEqual(expect.arrayContaining(structures));
  });

  test.each([0, 32768])("all files with their content, from byte %i", async (base) => {
    const { source, rockRidge, joliet } = await treesOf(iso, base);
    const expected = [...files, rootfs, ...BIOS.files!].map(({ isoPath }) => isoPath);
    const paths = [...nodesOf(rockRidge)].filter(({ kind }) => kind === "file").map(({ path }) => path);
    expect(paths.toSorted()).toEqual([...expected, "/boot.catalog"].toSorted());
    for (const { isoPath, content } of [...files, rootfs]) {
      const node = findNode(rockRidge, isoPath)!;
      expectSameBytes(await nodeSource(source, node).read(0, node.size), content.bytes);
    }
    const inJoliet = [...nodesOf(joliet)];
    expect(inJoliet).toHaveLength([...nodesOf(rockRidge)].length);
    expect(new Set(inJoliet.map(({ path }) => path)).size).toBe(inJoliet.length);
  });

  test("the same description gives the same bytes", () => {
    const same = bytesOf(layoutIso(description({ ...BIOS, files: [...BIOS.files!, ...files], rootfs })));
    expectSameBytes(same, iso);
  });
});
