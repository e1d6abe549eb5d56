import { describe, expect, test } from "bun:test";
import { closeSync, mkdtempSync, openSync, rmSync, truncateSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TarDialect, TarMember } from "../../../internal/tar/member.ts";
import { TarReader } from "../../../internal/tar/tar-reader.ts";
import { contentOf, failureOf, pieces } from "../../helpers/images/memory-layers.ts";
import {
  block,
  header,
  type Member,
  member,
  number,
  paxRecords,
  tar,
} from "../../helpers/images/tar-maker.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

type Read = Omit<TarMember, "xattrs"> & { content: string; xattrs: Record<string, string> };

async function readAll(
  bytes: Uint8Array,
  options: { dialect?: TarDialect; piece?: number } = {},
): Promise<Read[]> {
  const stream = pieces(bytes, options.piece ?? 4096);
  await using reader = new TarReader(stream, { archive: "test.tar", dialect: options.dialect ?? "archive" });
  const found: Read[] = [];
  for (let entry = await reader.next(); entry !== undefined; entry = await reader.next()) {
    const content = await contentOf(reader.content());
    const xattrs = Object.fromEntries(
      [...(entry.xattrs ?? [])].map(([name, value]) => [name, Buffer.from(value).toString("latin1")]),
    );
    found.push({ ...entry, content, xattrs });
  }
  return found;
}

async function readOne(entry: Member, options: { dialect?: TarDialect } = {}): Promise<Read> {
  const [only, ...rest] = await readAll(tar([entry]), options);
  expect(rest).toEqual([]);
  return only as Read;
}

const bytes = (text: string) => Buffer.from(text, "latin1");

describe("members", () => {
  const cases: [string, Member, Partial<Read>][] = [
    [
      "a file",
      { name: "a", mode: 0o100644, uid: 1, gid: 2, mtime: 3, content: "hello" },
      { type: "file", path: "a", mode: 0o644, uid: 1, gid: 2, mtime: 3, size: 5, content: "hello" },
    ],
    ["set-uid and sticky", { name: "a", mode: 0o7755 }, { mode: 0o7755 }],
    ["a folder", { name: "d/", type: "5" }, { type: "directory", path: "d/", size: 0 }],
    ["an old folder, known by its slash", { name: "d/", type: "\0" }, { type: "directory" }],
    ["an old file", { name: "a", type: "\0", content: "x" }, { type: "file", content: "x" }],
    ["a contiguous file", { name: "a", type: "7", content: "x" }, { type: "file", content: "x" }],
    [
      "GNU's incremental folder, whose list is not content",
      { name: "d/", type: "D", content: "Ya\0\0" },
      { type: "directory", size: 0, content: "" },
    ],
    ["a symlink", { name: "a", type: "2", link: "../b" }, { type: "symlink", linkPath: "../b" }],
    ["a symlink with a size that means nothing", { name: "a", type: "2", link: "b", size: 700 }, { size: 0 }],
    ["a hard link", { name: "a", type: "1", link: "b" }, { type: "hard-link", linkPath: "b" }],
    [
      "devices",
      { name: "a", type: "4", major: 4095, minor: 1_048_575 },
      { type: "block-device", devMajor: 4095, devMinor: 1_048_575 },
    ],
    [
      "a device number on a file means nothing",
      { name: "a", major: 8, minor: 1 },
      { devMajor: 0, devMinor: 0 },
    ],
    ["a FIFO", { name: "a", type: "6" }, { type: "fifo" }],
    ["a name of 100 bytes", { name: "n".repeat(100) }, { path: "n".repeat(100) }],
    ["a long name by PAX", { name: "n".repeat(300) }, { path: "n".repeat(300) }],
    [
      "a long name and link by GNU",
      { name: "n".repeat(600), type: "2", link: "l".repeat(700), gnu: true },
      { path: "n".repeat(600), linkPath: "l".repeat(700) },
    ],
    ["a name with any bytes", { name: "\xff\n\\\x01" }, { path: "\xff\n\\\x01" }],
    ["a PAX name with any bytes", { name: "x", pax: [["path", "\xff\n=\\\x01"]] }, { path: "\xff\n=\\\x01" }],
    [
      "a ustar prefix",
      { name: "name", patch: (b) => b.write("some/prefix", 345) },
      { path: "some/prefix/name" },
    ],
    [
      "star's shorter prefix, with times after it",
      {
        name: "name",
        patch: (b) => {
          b.write("pre", 345);
          b.write("00000000001 00000000002 ", 476);
          b.write("tar\0", 508);
        },
      },
      { path: "pre/name" },
    ],
    [
      "GNU's magic has times where ustar has a prefix",
      {
        name: "name",
        patch: (b) => {
          b.write("ustar  \0", 257);
          b.write("14000000000\0", 345);
        },
      },
      { path: "name" },
    ],
    [
      "V7 has neither magic nor devices",
      { name: "a", type: "3", patch: (b) => b.fill(0, 257, 512) },
      { type: "character-device", devMajor: 0 },
    ],
    [
      "an owner in base-256",
      { name: "a", uid: 4_000_000_000, gid: 3_000_000 },
      { uid: 4_000_000_000, gid: 3_000_000 },
    ],
    [
      "an owner by PAX",
      {
        name: "a",
        pax: [
          ["uid", "4294967294"],
          ["gid", "2097152"],
        ],
      },
      { uid: 4_294_967_294, gid: 2_097_152 },
    ],
    ["a negative time in base-256", { name: "a", mtime: -1_000_000_000 }, { mtime: -1_000_000_000 }],
    ["a far time in base-256", { name: "a", mtime: 2 ** 40 }, { mtime: 2 ** 40 }],
    [
      "a time with a fraction is rounded down",
      { name: "a", pax: [["mtime", "1700000000.999999999"]] },
      { mtime: 1_700_000_000 },
    ],
    ["a negative time with a fraction too", { name: "a", pax: [["mtime", "-1.25"]] }, { mtime: -2 }],
    ["a negative time without one", { name: "a", pax: [["mtime", "-7.000"]] }, { mtime: -7 }],
    [
      "numbers with spaces around them",
      {
        name: "a",
        patch: (b) => {
          b.write("   644 \0", 100);
          b.write("     12 ", 108);
        },
      },
      { mode: 0o644, uid: 0o12 },
    ],
    ["an empty number is 0", { name: "a", patch: (b) => b.fill(0, 136, 148) }, { mtime: 0 }],
    [
      "an empty PAX record leaves the header's value",
      {
        name: "a",
        pax: [
          ["path", ""],
          ["uid", ""],
        ],
        uid: 7,
      },
      { path: "a", uid: 7 },
    ],
    [
      "of a record twice the last one counts",
      {
        name: "a",
        pax: [
          ["path", "x"],
          ["path", "y"],
        ],
      },
      { path: "y" },
    ],
    [
      "a size by PAX",
      { name: "a", content: "12345", size: 0, pax: [["size", "5"]] },
      { size: 5, content: "12345" },
    ],
    [
      "binary attributes",
      {
        name: "a",
        pax: [
          ["SCHILY.xattr.security.capability", "\x01\0\0\x02\xff\n="],
          ["SCHILY.xattr.user.a", ""],
        ],
      },
      { xattrs: { "security.capability": "\x01\0\0\x02\xff\n=", "user.a": "" } },
    ],
    [
      "libarchive's attributes, where star's are missing",
      {
        name: "a",
        pax: [
          ["LIBARCHIVE.xattr.user.a%3Db%25", "AP8="],
          ["LIBARCHIVE.xattr.user.c", "AAAA"],
          ["SCHILY.xattr.user.c", "star"],
        ],
      },
      { xattrs: { "user.a=b%": "\0\xff", "user.c": "star" } },
    ],
    [
      "GNU tar's escapes in an attribute's name",
      { name: "a", pax: [["SCHILY.xattr.user.a%3Db%25", "v"]] },
      { xattrs: { "user.a=b%": "v" } },
    ],
  ];
  test.each(cases)("%s", async (_, entry, expected) => {
    expect(await readOne(entry)).toMatchObject(expected);
  });

  test("all together, however the stream is cut", async () => {
    const members = cases.map(([, entry]) => entry);
    const whole = await readAll(tar(members), { piece: 1 << 20 });
    expect(whole.map((each) => each.ordinal)).toEqual(members.map((_, index) => index));
    for (const piece of [1, 7, 511, 512, 513, 100_000]) {
      expect(await readAll(tar(members), { piece })).toEqual(whole);
    }
  });

  test("content that is not read, or not to its end, is passed over", async () => {
    const archive = tar([
      { name: "a", content: "a".repeat(5000) },
      { name: "b", content: "b".repeat(700) },
      { name: "c", content: "c" },
    ]);
    await using reader = new TarReader(pieces(archive, 600), { archive: "x", dialect: "layer" });
    expect((await reader.next())?.path).toBe("a");
    expect((await reader.next())?.path).toBe("b");
    for await (const piece of reader.content()) {
      expect(piece[0]).toBe(0x62);
      break;
    }
    expect((await reader.next())?.path).toBe("c");
    expect(await contentOf(reader.content())).toBe("c");
    expect(await reader.next()).toBeUndefined();
  });

  test("an archive may end without its end marks, or with one of them", async () => {
    for (const end of [0, 1, 2, 20]) {
      expect(await readAll(tar([{ name: "a", content: "x" }], end))).toHaveLength(1);
    }
    const unpadded = tar([{ name: "a", content: "x" }], 0).subarray(0, 513);
    expect(await readAll(unpadded)).toHaveLength(1);
    expect(await readAll(Buffer.alloc(0))).toEqual([]);
  });

  test("a volume's label is not a member", async () => {
    const archive = tar([{ name: "label", type: "V" }, { name: "a" }]);
    expect((await readAll(archive)).map((each) => each.path)).toEqual(["a"]);
  });

  test("global records count for GNU tar, and mean nothing to podman", async () => {
    const global = paxRecords([
      ["uid", "9"],
      ["SCHILY.xattr.user.g", "1"],
    ]);
    const archive = Buffer.concat([
      header({ name: "g", type: "g", size: global.length }),
      block(global),
      tar([{ name: "a" }, { name: "b", pax: [["uid", "8"]] }]),
    ]);
    const [a, b] = await readAll(archive);
    expect([a?.uid, a?.xattrs, b?.uid, b?.xattrs]).toEqual([9, { "user.g": "1" }, 8, { "user.g": "1" }]);
    expect((await readAll(archive, { dialect: "layer" })).map((each) => each.uid)).toEqual([0, 8]);
  });

  test("equal sets of attributes are one object", async () => {
    const pax = [
      ["SCHILY.xattr.user.z", "1"],
      ["SCHILY.xattr.user.a", "2"],
    ] as const;
    const archive = tar([
      { name: "a", pax },
      { name: "b", pax: pax.toReversed() },
    ]);
    await using reader = new TarReader(pieces(archive, 512), { archive: "x", dialect: "layer" });
    const [a, b] = [await reader.next(), await reader.next()];
    expect(a?.xattrs).toBeDefined();
    expect(a?.xattrs).toBe(b?.xattrs);
    expect([...(a?.xattrs?.keys() ?? [])]).toEqual(["user.a", "user.z"]);
  });

  test("nine gigabytes, without holding them", async () => {
    const size = 9 * 2 ** 30;
    const zeros = new Uint8Array(1 << 20);
    async function* archive() {
      yield header({ name: "huge", size });
      for (let left = size; left > 0; left -= zeros.length) yield zeros;
      yield tar([{ name: "after", content: "!" }]);
    }
    await using reader = new TarReader(archive(), { archive: "x", dialect: "layer" });
    expect(await reader.next()).toMatchObject({ path: "huge", size });
    let read = 0;
    for await (const piece of reader.content()) read += piece.length;
    expect(read).toBe(size);
    expect(await reader.next()).toMatchObject({ path: "after" });
  });
});

describe("sparse files come whole", () => {
  /** One file with data at the given offsets, its bytes counting up. */
  function holes(pairs: readonly number[], realSize: number): { whole: string; stored: Buffer } {
    const whole = Buffer.alloc(realSize);
    const parts: Buffer[] = [];
    for (let i = 0; i < pairs.length; i += 2) {
      const part = Buffer.alloc(pairs[i + 1] as number, i + 1);
      part.copy(whole, pairs[i]);
      parts.push(part);
    }
    return { whole: whole.toString("latin1"), stored: Buffer.concat(parts) };
  }
  const many = Array.from({ length: 60 }, (_, i) => [i * 5000, 1000]).flat();

  test.each([
    ["a hole at both ends", [10_000, 5], 100_000],
    ["nothing but a hole", [70_000, 0], 70_000],
    ["no hole", [0, 1234], 1234],
    ["60 extents, which need continuations", many, 300_000],
  ])("old GNU: %s", async (_, pairs, realSize) => {
    const { whole, stored } = holes(pairs, realSize);
    const write = (to: Buffer, at: number, from: number, count: number) => {
      for (let i = 0; i < count && from + 2 * i < pairs.length; i++) {
        number(to, at + 24 * i, 12, pairs[from + 2 * i] as number);
        number(to, at + 24 * i + 12, 12, pairs[from + 2 * i + 1] as number);
      }
    };
    const main = header({
      name: "s",
      type: "S",
      size: stored.length,
      patch: (b) => {
        b.write("ustar  \0", 257, "latin1");
        write(b, 386, 0, 4);
        b[482] = pairs.length > 8 ? 1 : 0;
        number(b, 483, 12, realSize);
      },
    });
    const continuations: Buffer[] = [];
    for (let from = 8; from < pairs.length; from += 42) {
      const extra = Buffer.alloc(512);
      write(extra, 0, from, 21);
      extra[504] = from + 42 < pairs.length ? 1 : 0;
      continuations.push(extra);
    }
    const archive = Buffer.concat([
      main,
      ...continuations,
      block(stored),
      tar([{ name: "after", content: "x" }]),
    ]);
    const [sparse, after] = await readAll(archive);
    expect(sparse).toMatchObject({ path: "s", type: "file", size: realSize, sparse: true, content: whole });
    expect(after).toMatchObject({ path: "after", content: "x" });
  });

  const pairs = [0, 3, 4096, 600, 100_000, 0];
  const { whole, stored } = holes(pairs, 100_000);
  const map = `3\n${pairs.join("\n")}\n`;
  const formats: [string, Member][] = [
    [
      "0.0",
      {
        name: "name",
        content: stored,
        pax: [
          ["GNU.sparse.size", "100000"],
          ["GNU.sparse.numblocks", "3"],
          ...[0, 2, 4].flatMap((i) => [
            ["GNU.sparse.offset", String(pairs[i])] as const,
            ["GNU.sparse.numbytes", String(pairs[i + 1])] as const,
          ]),
        ],
      },
    ],
    [
      "0.1",
      {
        name: "GNUSparseFile.0/name",
        content: stored,
        pax: [
          ["GNU.sparse.size", "100000"],
          ["GNU.sparse.numblocks", "3"],
          ["GNU.sparse.name", "name"],
          ["GNU.sparse.map", pairs.join(",")],
        ],
      },
    ],
    [
      "1.0",
      {
        name: "GNUSparseFile.0/name",
        content: Buffer.concat([block(map), stored]),
        pax: [
          ["GNU.sparse.major", "1"],
          ["GNU.sparse.minor", "0"],
          ["GNU.sparse.name", "name"],
          ["GNU.sparse.realsize", "100000"],
        ],
      },
    ],
  ];
  test.each(formats)("PAX %s", async (_, entry) => {
    for (const piece of [100, 4096]) {
      const [sparse, after] = await readAll(tar([entry, { name: "after", content: "x" }]), { piece });
      expect(sparse).toMatchObject({ path: "name", size: 100_000, content: whole });
      expect(after).toMatchObject({ content: "x" });
    }
  });

  test.each([
    "gnu",
    "posix --sparse-version=0.0",
    "posix --sparse-version=0.1",
    "posix",
  ])("as GNU tar writes them: %s", async (format) => {
    const folder = mkdtempSync(join(tmpdir(), "platter-sparse-"));
    try {
      const fd = openSync(join(folder, "s"), "w");
      for (let i = 0; i < 30; i++) writeSync(fd, Buffer.alloc(4096, i + 1), 0, 4096, i * 65_536);
      closeSync(fd);
      truncateSync(join(folder, "s"), 3_000_001);
      const made = Bun.spawnSync(`tar -C ${folder} --sparse --format=${format} -cf - s`.split(" "));
      expect(made.exitCode).toBe(0);
      const [entry] = await readAll(made.stdout);
      expect(entry).toMatchObject({ path: "s", size: 3_000_001, sparse: true });
      const bytes = await Bun.file(join(folder, "s")).bytes();
      expectSameBytes(Buffer.from(entry?.content ?? "", "latin1"), bytes);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe("a header's checksum", () => {
  const full = tar([{ name: "\xff".repeat(100), content: "text", patch: (b) => b.fill(0xff, 345, 512) }]);
  const few = tar([{ name: "caf\xe9", content: "text" }]);
  const sum = (packed: Uint8Array, of: (byte: number) => number) =>
    packed.subarray(0, 512).reduce((all, byte, at) => all + (at >= 148 && at < 156 ? 0x20 : of(byte)), 0);

  test.each([
    ["of nearly all bits", full, sum(full, (byte) => byte)],
    ["unsigned", few, sum(few, (byte) => byte)],
    ["signed, as historical writers added", few, sum(few, (byte) => (byte << 24) >> 24)],
  ])("%s", async (_, packed, value) => {
    const bytes = Buffer.from(packed);
    bytes.write(`${value.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    expect(await readAll(bytes)).toMatchObject([{ content: "text" }]);
    bytes[511] = (bytes[511] as number) ^ 1;
    expect(await failureOf(readAll(bytes))).toMatchObject({ code: "E_TAR_CHECKSUM" });
  });
});

describe("nonsense is refused, and the archive named", () => {
  const good = tar([{ name: "a", content: "x".repeat(2000) }]);
  const sparse = (map: string, size = 100): Member => ({
    name: "s",
    content: "12345",
    pax: [
      ["GNU.sparse.size", String(size)],
      ["GNU.sparse.map", map],
    ],
  });
  const bad: [string, string, Uint8Array][] = [
    ["a header that is cut off", "E_TAR_TRUNCATED", good.subarray(0, 300)],
    ["content that is cut off", "E_TAR_TRUNCATED", good.subarray(0, 1000)],
    [
      "an extended header that is cut off",
      "E_TAR_TRUNCATED",
      tar([{ name: "n".repeat(200) }]).subarray(0, 600),
    ],
    [
      "an extended header without a member",
      "E_TAR_TRUNCATED",
      Buffer.concat([member({ name: "n".repeat(200) }).subarray(0, 1024), Buffer.alloc(1024)]),
    ],
    ["a wrong checksum", "E_TAR_CHECKSUM", Buffer.from(good).fill("7", 100, 101)],
    ["text", "E_TAR_NUMBER", Buffer.from("this is not an archive. ".repeat(100))],
    ["members after a block of zeros", "E_TAR_CHECKSUM", Buffer.concat([tar([], 1), good])],
    ["letters for a number", "E_TAR_NUMBER", tar([{ name: "a", patch: (b) => b.write("12z", 108) }])],
    ["a gap in a number", "E_TAR_NUMBER", tar([{ name: "a", patch: (b) => b.write("1 2", 108) }])],
    ["a negative size", "E_TAR_NUMBER", tar([{ name: "a", size: -512 }])],
    [
      "a size of 2^80",
      "E_TAR_NUMBER",
      tar([{ name: "a", patch: (b) => b.fill(0x80, 124, 125).fill(0x7f, 125, 136) }]),
    ],
    ["a negative PAX size", "E_TAR_NUMBER", tar([{ name: "a", pax: [["size", "-5"]] }])],
    ["a PAX size that is not a number", "E_TAR_PAX", tar([{ name: "a", pax: [["size", "5k"]] }])],
    ["a PAX time that is not a time", "E_TAR_PAX", tar([{ name: "a", pax: [["mtime", "yesterday"]] }])],
    ["an owner of -1", "E_TAR_NUMBER", tar([{ name: "a", uid: -1 }])],
    ["an owner of 2^32 - 1", "E_TAR_NUMBER", tar([{ name: "a", pax: [["gid", "4294967295"]] }])],
    ["an unknown type", "E_TAR_TYPE", tar([{ name: "a", type: "Q" }])],
    ["a multi-volume archive's second half", "E_TAR_TYPE", tar([{ name: "a", type: "M" }])],
    ["a PAX record that is too long for its header", "E_TAR_PAX", paxHeader("99 path=x\n")],
    ["a PAX record that is too short for its keyword", "E_TAR_PAX", paxHeader("3 path=x\n")],
    ["a PAX record without `=`", "E_TAR_PAX", paxHeader("9 path x\n")],
    ["a PAX record without a keyword", "E_TAR_PAX", paxHeader("6 =ab\n")],
    ["a PAX record without a newline", "E_TAR_PAX", paxHeader("10 path=xy")],
    ["a PAX record with a length in letters", "E_TAR_PAX", paxHeader("ab path=xy\n")],
    ["an attribute without a name", "E_TAR_PAX", tar([{ name: "a", pax: [["SCHILY.xattr.", "x"]] }])],
    ["an extended header of 5 MiB", "E_TAR_PAX", tar([{ name: "x", type: "x", size: 5 << 20 }])],
    ["a GNU name of a terabyte", "E_TAR_PAX", tar([{ name: "x", type: "L", size: 2 ** 40 }])],
    ["a sparse map beyond the file", "E_TAR_SPARSE", tar([sparse("0,5", 3)])],
    ["a sparse map that overlaps", "E_TAR_SPARSE", tar([sparse("0,3,1,2")])],
    ["a sparse map for more than is stored", "E_TAR_SPARSE", tar([sparse("0,7")])],
    ["a sparse map with an odd count", "E_TAR_SPARSE", tar([sparse("0,5,9")])],
    ["a sparse map with words", "E_TAR_SPARSE", tar([sparse("a,b")])],
    [
      "a sparse format of the future",
      "E_TAR_SPARSE",
      tar([
        {
          name: "a",
          pax: [
            ["GNU.sparse.major", "2"],
            ["GNU.sparse.minor", "0"],
          ],
        },
      ]),
    ],
    [
      "a sparse map of ten million extents",
      "E_TAR_SPARSE",
      tar([
        {
          name: "a",
          content: "9999999\n".padEnd(512, "0\n"),
          pax: [
            ["GNU.sparse.major", "1"],
            ["GNU.sparse.minor", "0"],
            ["GNU.sparse.realsize", "1"],
          ],
        },
      ]),
    ],
  ];
  test.each(bad)("%s", async (_, code, archive) => {
    const failure = await failureOf(readAll(archive));
    expect(failure).toMatchObject({ code, kind: "contract" });
    expect(String(failure)).toContain("test.tar");
  });

  test("global records that grow and grow", async () => {
    const records = (i: number) => paxRecords([[`SCHILY.xattr.user.${i}`, "x".repeat(1 << 20)]]);
    const parts = [0, 1, 2, 3, 4].flatMap((i) => [
      header({ name: "g", type: "g", size: records(i).length }),
      block(records(i)),
    ]);
    expect(await failureOf(readAll(Buffer.concat(parts)))).toMatchObject({ code: "E_TAR_PAX" });
  });
});

function paxHeader(records: string): Buffer {
  return Buffer.concat([
    header({ name: "x", type: "x", size: records.length }),
    block(bytes(records)),
    tar([{ name: "a" }]),
  ]);
}
