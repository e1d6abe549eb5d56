/** Inputs of some kilobytes that ask for much memory, time or disk: a bound on sizes and counts, never on time. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { PlatterError } from "../../../../internal/base/error.ts";
import { decompressed } from "../../../../internal/compression/decompress.ts";
import { Spool } from "../../../../internal/image/layer/spool.ts";
import { InodeTable } from "../../../../internal/image/table/inode-table.ts";
import type { TarDialect } from "../../../../internal/tar/member.ts";
import { hole, isHole } from "../../../../internal/tar/sparse.ts";
import { failureOf, lines, openLayers, pieces } from "../../../helpers/images/memory-layers.ts";
import { type Member, sparse } from "../../../helpers/images/tar-maker.ts";

const TIB = 1024 ** 4;
const DIALECTS: TarDialect[] = ["layer", "archive"];

async function refusal(members: readonly Member[], dialect: TarDialect): Promise<PlatterError> {
  return (await failureOf(openLayers([members], { dialect }))) as PlatterError;
}

describe.each(DIALECTS)("what Linux does not take is refused in the dialect %s", (dialect) => {
  test("symlinks longer than a path", async () => {
    const link = (length: number): Member => ({ name: "usr/link", type: "2", link: "/".repeat(length) });
    await using tree = await openLayers([[link(4095)]], { dialect });
    expect(await lines(tree)).toHaveLength(3);
    for (const length of [4096, 70_000, 3_000_000]) {
      expect(await refusal([link(length)], dialect)).toMatchObject({
        code: "E_TAR_LINK",
        exitCode: 3,
        message: `Cannot read layer 0: the symlink \`usr/link\` has a target of ${length} bytes, and Linux takes 4095`,
      });
    }
  });

  test("paths longer than a path", async () => {
    const deep = (levels: number, name: string): Member => ({ name: `${"d/".repeat(levels)}${name}` });
    await using tree = await openLayers([[deep(2000, "x".repeat(95))]], { dialect });
    expect(await lines(tree)).toHaveLength(2002);
    for (const member of [deep(2000, "x".repeat(96)), deep(4000, "x".repeat(255)), deep(100_000, "x")]) {
      const error = await refusal([member], dialect);
      expect(error).toMatchObject({ code: "E_TAR_PATH", exitCode: 3 });
      expect(error.message).toContain(`has ${member.name.length} bytes, and Linux takes 4095`);
      expect(error.message.length).toBeLessThan(400);
    }
  });

  test("extended attributes with longer values or more names", async () => {
    const file = (pax: readonly (readonly [string, string])[]): Member => ({ name: "usr/file", pax });
    const value = (length: number) => file([["SCHILY.xattr.user.a", "v".repeat(length)]]);
    const names = (count: number) =>
      file(
        Array.from({ length: count }, (_, i) => [`SCHILY.xattr.user.${String(i).padStart(250, "n")}`, "v"]),
      );
    await using tree = await openLayers([[value(65_536), { ...names(256), name: "usr/names" }]], { dialect });
    expect(await lines(tree)).toHaveLength(4);
    expect((await refusal([value(65_537)], dialect)).message).toBe(
      "Cannot read layer 0: `usr/file` has the attribute `user.a` of 65537 bytes, and Linux takes 65536",
    );
    expect(await refusal([names(257)], dialect)).toMatchObject({
      code: "E_TAR_XATTR",
      message: expect.stringContaining("`usr/file` has names of attributes of 65792 bytes"),
    });
  });

  test("files larger than 2 TiB", async () => {
    await using tree = await openLayers([[sparse("usr/hole", 2 * TIB)]], { dialect });
    expect(tree.root.children?.get("usr")?.children?.get("hole")?.inode.size).toBe(2 * TIB);
    for (const size of [2 * TIB + 1, 8e15]) {
      expect(await refusal([sparse("usr/hole", size)], dialect)).toMatchObject({
        code: "E_TAR_SIZE",
        message: `Cannot read layer 0: \`usr/hole\` has ${size} bytes, and platter takes files of up to ${2 * TIB}`,
      });
    }
  });
});

test("files with holes have a limit together, over all layers", async () => {
  const layers = (count: number) =>
    Array.from({ length: count }, (_, index) => [sparse(`hole${index}`, 2 * TIB)]);
  await using tree = await openLayers(layers(2));
  expect([...(tree.root.children?.keys() ?? [])]).toEqual(["hole0", "hole1"]);
  expect(await failureOf(openLayers([...layers(2), [sparse("one", 513)]]))).toMatchObject({
    code: "E_TAR_SIZE",
    exitCode: 3,
    message: `Cannot read layer 2: the image's files with holes have more than ${4 * TIB} bytes together`,
  });
});

test("InodeTable: targets and attributes have a limit together", () => {
  const inodes = new InodeTable();
  const inode = inodes.add({ type: "symlink", mode: 0o777, uid: 0, gid: 0, mtime: 0, size: 0 });
  const half = 128 * 1024 * 1024;
  inodes.setXattrs(inode, new Map([["user.a", new Uint8Array(half - 6)]]));
  inodes.setTarget(inode, "t".repeat(half));
  expect(() => inodes.setTarget(inode, "t")).toThrow(
    expect.objectContaining({ code: "E_IMAGE_TEXTS", exitCode: 3 }),
  );
});

describe("holes cost nothing", () => {
  const folder = mkdtempSync(join(tmpdir(), "platter-limits-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const { signal } = new AbortController();

  test("the content of a file of 1 TiB has few pieces", async () => {
    await using tree = await openLayers([[sparse("hole", TIB)]]);
    let [count, length, stored] = [0, 0, 0];
    for await (const piece of tree.read(tree.root.children!.get("hole")!.inode)) {
      count++;
      length += piece.length;
      if (!isHole(piece)) stored += piece.length;
    }
    expect({ length, stored }).toEqual({ length: TIB, stored: 4 });
    expect(count).toBeLessThan(300_000);
  });

  test("a spool keeps no zeros of a hole, and gives them back as one", async () => {
    using spool = new Spool({ directory: folder, name: "early", signal });
    const blocks = () => Number(Bun.spawnSync(["du", "-sk", folder]).stdout.toString().split("\t")[0]);
    const before = blocks();
    async function* content() {
      yield Buffer.from("begin");
      yield* hole(TIB);
      yield Buffer.from("middle");
      yield* hole(64 * 1024);
      yield* hole(1000);
      yield Buffer.from("end");
    }
    const length = 5 + TIB + 6 + 64 * 1024 + 1000 + 3;
    const slot = await spool.add(content(), length);
    expect(blocks() - before).toBeLessThan(1024);
    let [read, text] = [0, ""];
    for await (const piece of spool.read(slot)) {
      read += piece.length;
      if (!isHole(piece)) text += Buffer.from(piece).toString("latin1").replaceAll("\0", "");
    }
    expect({ read, text }).toEqual({ read: length, text: "beginmiddleend" });
    spool.free(slot);
    const again = await spool.add(pieces(Buffer.alloc(200_000, "x"), 1000), 200_000);
    let whole = "";
    for await (const piece of spool.read(again)) whole += Buffer.from(piece).toString();
    expect(whole === "x".repeat(200_000)).toBe(true);
  });
});

describe("decompressed", () => {
  const zeros = Buffer.alloc(4_000_000);
  const drain = async (bytes: Uint8Array, limit?: { bytes: number; ratio: number }) => {
    let length = 0;
    for await (const chunk of decompressed(pieces(bytes, 1000), { name: "`x`", ...(limit && { limit }) })) {
      length += chunk.length;
    }
    return length;
  };

  test.each([
    ["gzip", gzipSync(zeros)],
    ["zstd", zstdCompressSync(zeros)],
  ])("%s: much more than is stored, and more than a limit, is refused", async (_, bytes) => {
    expect(await drain(bytes)).toBe(zeros.length);
    expect(await drain(bytes, { bytes: 4_000_000, ratio: 200 })).toBe(zeros.length);
    expect(await drain(bytes, { bytes: 1000, ratio: 100_000 })).toBe(zeros.length);
    expect(await failureOf(drain(bytes, { bytes: 1_000_000, ratio: 200 }))).toMatchObject({
      code: "E_BLOB_EXPANSION",
      exitCode: 3,
      message:
        "Cannot use `x`: it decompresses to more than 1000000 bytes and more than 200 times its length",
    });
  });

  test("plain bytes have no limit", async () => {
    expect(await drain(zeros, { bytes: 1, ratio: 0.5 })).toBe(zeros.length);
  });

  test("a zstd window of 2 GiB is named", async () => {
    // Magic, frame header without checksum, window of 2^31, an empty last block.
    const frame = Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0x00, 0xa8, 0x01, 0x00, 0x00]);
    expect(await failureOf(drain(frame))).toMatchObject({
      code: "E_COMPRESSION_WINDOW",
      exitCode: 3,
      message: expect.stringContaining("`zstd --long=31`"),
    });
  });
});
