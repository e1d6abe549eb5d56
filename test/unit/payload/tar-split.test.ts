import { describe, expect, test } from "bun:test";
import { gunzipSync } from "node:zlib";
import { madeLayer } from "../../../internal/image/decompress/layer.ts";
import { TreeTable } from "../../../internal/image/table/tree-table.ts";
import { Crc64 } from "../../../internal/payload/crc64.ts";
import { unpackLayer } from "../../../internal/payload/layer-unpack.ts";
import { Tape } from "../../../internal/payload/tape.ts";
import { type Member, tar } from "../../helpers/images/tar-maker.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

async function* inPieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

function crc(...pieces: Uint8Array[]): string {
  const checksum = new Crc64();
  for (const piece of pieces) checksum.update(piece);
  return Buffer.from(checksum.digest()).toString("hex");
}

/** Bit by bit, as the polynomial is defined. */
function slowCrc(bytes: Uint8Array): string {
  let sum = 0xffffffffffffffffn;
  for (const byte of bytes) {
    sum ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) sum = sum & 1n ? (sum >> 1n) ^ 0xd800000000000000n : sum >> 1n;
  }
  return (sum ^ 0xffffffffffffffffn).toString(16).padStart(16, "0");
}

describe("CRC-64", () => {
  test("of the text that its catalogue gives", () => {
    expect(crc(Buffer.from("123456789"))).toBe("b90956c775a41001");
    expect(crc()).toBe("0000000000000000");
  });

  test("is the polynomial's, however the bytes are cut and placed", () => {
    const bytes = Buffer.from(Array.from({ length: 1000 }, (_, i) => (i * 7919) & 0xff));
    for (const cut of [0, 1, 2, 3, 5, 64, 999, 1000]) {
      expect(crc(bytes.subarray(0, cut), bytes.subarray(cut))).toBe(slowCrc(bytes));
    }
  });
});

test("a tape gives what has passed by its place", async () => {
  const seen: number[] = [];
  const tape = new Tape(inPieces(Buffer.from("0123456789"), 3), (chunk) => seen.push(chunk.length));
  const passing = tape[Symbol.asyncIterator]();
  for (let i = 0; i < 3; i++) await passing.next();
  expect(Buffer.from(tape.take(1, 4)).toString()).toBe("123");
  expect(Buffer.from(tape.take(4, 5)).toString()).toBe("4");
  tape.forget(7);
  expect(Buffer.from(tape.take(7, 9)).toString()).toBe("78");
  tape.limit(9, () => new Error("too long"));
  await expect(passing.next()).rejects.toThrow("too long");
  expect(seen).toEqual([3, 3, 3, 1]);
});

describe("a layer", () => {
  const unpack = (bytes: Uint8Array, piece: number) =>
    unpackLayer(
      madeLayer("layer", () => inPieces(bytes, piece)),
      { table: new TreeTable(), index: 0 },
    );

  interface Entry {
    type: number;
    name?: string;
    name_raw?: string;
    size?: number;
    payload: string | null;
    position: number;
  }

  function entries(split: Uint8Array): Entry[] {
    return gunzipSync(split)
      .toString()
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line));
  }

  const members: Member[] = [
    { name: "dir/" },
    { name: "dir/file", content: "some content", uid: 5, gid: 7 },
    { name: "\xff odd", content: "x".repeat(5000) },
    { name: "long".repeat(60), content: "long" },
    { name: ".wh.gone" },
    { name: "hard", type: "1", link: "dir/file" },
  ];

  test.each([
    1, 100, 512, 100_000,
  ])("is put together again from its split, read in pieces of %d", async (piece) => {
    const bytes = Buffer.concat([tar(members), Buffer.alloc(10_240)]);
    const layer = await unpack(bytes, piece);
    const contents = members.map(({ content }) => content).filter((content) => content !== undefined);
    const parts = entries(layer.tarSplit).map((entry) => {
      if (entry.type === 2) return Buffer.from(entry.payload ?? "", "base64");
      if (entry.size === undefined) return Buffer.alloc(0);
      const content = Buffer.from(contents.shift() as string, "latin1");
      expect(content.length).toBe(entry.size);
      expect(Buffer.from(entry.payload ?? "", "base64").toString("hex")).toBe(slowCrc(content));
      return content;
    });
    expectSameBytes(Buffer.concat(parts), bytes);
    expect(layer.diffSize).toBe(bytes.length);
    expect(layer.diffId).toBe(`sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`);
    expect(layer.uids).toEqual([0, 5]);
    expect(layer.gids).toEqual([0, 7]);
  });

  test("has its entries numbered, and names that are no text as bytes", async () => {
    const found = entries((await unpack(tar(members), 512)).tarSplit);
    expect(found.map(({ position }) => position)).toEqual(found.map((_, i) => i));
    const names = found.filter(({ type }) => type === 1).map((entry) => entry.name ?? entry.name_raw);
    expect(names).toEqual([
      "dir/",
      "dir/file",
      Buffer.from("\xff odd", "latin1").toString("base64"),
      "long".repeat(60),
      ".wh.gone",
      "hard",
    ]);
  });

  test("with endless zeros at its end is refused", async () => {
    async function* endless(): AsyncGenerator<Uint8Array> {
      yield tar(members);
      for (;;) yield Buffer.alloc(1024 * 1024);
    }
    const layer = madeLayer("layer", endless);
    await expect(unpackLayer(layer, { table: new TreeTable(), index: 0 })).rejects.toMatchObject({
      code: "E_PAYLOAD_LAYER",
      message: expect.stringContaining("too much data follows"),
    });
  });

  test("with a hard link into an older layer is refused, as podman refuses it", async () => {
    const bytes = tar([{ name: "hard", type: "1", link: "elsewhere" }]);
    await expect(unpack(bytes, 512)).rejects.toMatchObject({ code: "E_TAR_LINK" });
  });
});
