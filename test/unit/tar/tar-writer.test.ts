import { describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import type { BytePath } from "../../../internal/bytes/byte-path.ts";
import type { Entry } from "../../../internal/image/entry-walk.ts";
import type { EntryType } from "../../../internal/image/image-tree.ts";
import { TarReader } from "../../../internal/tar/tar-reader.ts";
import { ARCHIVE_END, paddingOf, tarHeader } from "../../../internal/tar/tar-writer.ts";
import { contentOf, pieces } from "../../helpers/images/memory-layers.ts";

const seed = Number(process.env.PLATTER_SEED ?? Date.now() % 2 ** 31);

function entry(path: string, more: Partial<Entry> = {}): Entry {
  return { path: path as BytePath, type: "file", mode: 0o644, uid: 0, gid: 0, mtime: 0, size: 0, ...more };
}

function archive(entries: readonly Entry[]): Buffer {
  const parts = entries.flatMap((each) => [
    tarHeader(each),
    Buffer.alloc(each.size, 0x61),
    Buffer.alloc(paddingOf(each.size)),
  ]);
  return Buffer.concat([...parts, ARCHIVE_END]);
}

async function readBack(entries: readonly Entry[]) {
  await using reader = new TarReader(pieces(archive(entries), 1000), { archive: "x", dialect: "layer" });
  const found = [];
  for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
    found.push({ ...member, content: await contentOf(reader.content()) });
  }
  return found;
}

describe("a header in plain ustar where everything fits", () => {
  test.each<[string, Entry]>([
    [
      "a file",
      entry("a/b", { mode: 0o4755, uid: 0o7777777, gid: 1, mtime: 0o77777777777, size: 0o77777777777 }),
    ],
    ["a folder with 99 bytes and its slash", entry("d".repeat(99), { type: "directory" })],
    ["a name of 100 bytes that are no text", entry(`${"\xff\n\\".repeat(33)}x`)],
    ["a link of 100 bytes", entry("l", { type: "symlink", target: "t".repeat(100) })],
    ["a device", entry("d", { type: "character-device", devMajor: 4095, devMinor: 1_048_575 })],
  ])("%s", (_, each) => {
    const header = Buffer.from(tarHeader(each));
    expect(header.length).toBe(512);
    expect(header.toString("latin1", 257, 265)).toBe("ustar\x0000");
    // mksquashfs would look owners' names up on the build host.
    expect(header.subarray(265, 329).every((byte) => byte === 0)).toBe(true);
    expect(header.subarray(345).every((byte) => byte === 0)).toBe(true);
  });
});

test("an extended header with what does not fit, its records in one order", () => {
  const header = Buffer.from(
    tarHeader(
      entry("p".repeat(101), {
        linkTo: undefined,
        uid: 2_097_152,
        gid: 4_294_967_294,
        mtime: -5,
        size: 2 ** 33,
        xattrs: new Map([
          ["user.b", Buffer.from([0, 255, 10])],
          ["user.a", Buffer.alloc(0)],
        ]),
      }),
    ),
  );
  expect(header.length).toBe(512 * 3);
  expect(header.toString("latin1", 512, 1024).replace(/\0+$/, "")).toBe(
    [
      `111 path=${"p".repeat(101)}\n`,
      "19 size=8589934592\n",
      "15 uid=2097152\n",
      "18 gid=4294967294\n",
      "14 mtime=-5.0\n",
      "24 SCHILY.xattr.user.a=\n",
      "27 SCHILY.xattr.user.b=\0\xff\n\n",
    ].join(""),
  );
});

test("a record's length counts its own digits, at every turn", async () => {
  // Around 100 and 1000 bytes the length gets a digit more.
  for (const length of [...Array(30).keys()].flatMap((i) => [75 + i, 970 + i])) {
    const xattrs = new Map([["user.a", Buffer.alloc(length, 1)]]);
    const [found] = await readBack([entry("a", { xattrs })]);
    expect(found?.xattrs?.get("user.a")?.length).toBe(length);
  }
});

test("a hard link carries no attributes and no content", async () => {
  const [, link] = await readBack([
    entry("a", { size: 3, xattrs: new Map([["user.a", Buffer.from("1")]]) }),
    entry("b", { linkTo: "a" as BytePath, xattrs: new Map([["user.a", Buffer.from("1")]]) }),
  ]);
  expect(link).toMatchObject({ type: "hard-link", linkPath: "a", xattrs: undefined, content: "" });
});

test("an attribute whose name tar cannot carry is an error that names the file", () => {
  const xattrs = new Map([["user.a=b", Buffer.from("1")]]);
  expect(() => tarHeader(entry("dir/file", { xattrs }))).toThrow(
    expect.objectContaining({ code: "E_XATTR_NAME", message: expect.stringContaining("/dir/file") }),
  );
});

test("GNU tar lists what was written", () => {
  const scratch = mkdtempSync(join(tmpdir(), "platter-tar-"));
  try {
    const file = join(scratch, "test.tar");
    writeFileSync(
      file,
      archive([
        entry("dir", { type: "directory", mode: 0o1777 }),
        entry(`dir/${"n".repeat(150)}`, { size: 700, uid: 3_000_000, mtime: 1_700_000_000 }),
        entry("link", { type: "symlink", mode: 0o777, target: `${"t/".repeat(80)}end` }),
        entry("hard", { linkTo: `dir/${"n".repeat(150)}` as BytePath }),
        entry("null", { type: "character-device", devMajor: 1, devMinor: 3, mtime: -1 }),
      ]),
    );
    const listed = Bun.spawnSync(["tar", "--numeric-owner", "--full-time", "-tvf", file], {
      env: { ...process.env, TZ: "UTC", LC_ALL: "C" },
    });
    expect(listed.stderr.toString()).toBe("");
    expect(listed.stdout.toString().replace(/ +/g, " ").trim().split("\n")).toEqual([
      "drwxrwxrwt 0/0 0 1970-01-01 00:00:00 dir/",
      `-rw-r--r-- 3000000/0 700 2023-11-14 22:13:20 dir/${"n".repeat(150)}`,
      `lrwxrwxrwx 0/0 0 1970-01-01 00:00:00 link -> ${"t/".repeat(80)}end`,
      `hrw-r--r-- 0/0 0 1970-01-01 00:00:00 hard link to dir/${"n".repeat(150)}`,
      "crw-r--r-- 0/0 1,3 1969-12-31 23:59:59 null",
    ]);
  } finally {
    rmSync(scratch, { recursive: true });
  }
});

test(`what is written is read back, whatever it is (seed ${seed})`, async () => {
  const byte = fc.integer({ min: 1, max: 255 }).filter((code) => code !== 0x2f);
  const name = fc.array(byte, { minLength: 1, maxLength: 255 }).map((codes) => String.fromCharCode(...codes));
  const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/") as BytePath);
  const types: EntryType[] = ["file", "directory", "symlink", "character-device", "block-device", "fifo"];
  const id = fc.integer({ min: 0, max: 0xfffffffe });
  const xattrName = name.map((text) => `user.${text.replaceAll("=", "-")}`.slice(0, 255));
  const value = fc.uint8Array({ minLength: 1, maxLength: 2000 });
  const entries = fc.record({
    path,
    type: fc.constantFrom(...types),
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: id,
    gid: id,
    mtime: fc.integer({ min: -(2 ** 45), max: 2 ** 45 }),
    size: fc.integer({ min: 0, max: 2000 }),
    target: fc.array(byte, { minLength: 1, maxLength: 1000 }).map((codes) => String.fromCharCode(...codes)),
    devMajor: fc.integer({ min: 0, max: 4095 }),
    devMinor: fc.integer({ min: 0, max: 1_048_575 }),
    xattrs: fc.uniqueArray(fc.tuple(xattrName, value), { maxLength: 4, selector: ([each]) => each }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(entries, { maxLength: 8 }), async (records) => {
      const written = records.map((record): Entry => {
        const isDevice = record.type.endsWith("device");
        return {
          ...record,
          size: record.type === "file" ? record.size : 0,
          target: record.type === "symlink" ? record.target : undefined,
          devMajor: isDevice ? record.devMajor : undefined,
          devMinor: isDevice ? record.devMinor : undefined,
          xattrs: record.xattrs.length === 0 ? undefined : new Map(record.xattrs),
        };
      });
      const found = await readBack(written);
      expect(
        found.map((member) => ({
          path: member.path.replace(/\/$/, ""),
          type: member.type,
          numbers: [member.mode, member.uid, member.gid, member.mtime, member.size],
          target: member.linkPath,
          device: [member.devMajor, member.devMinor],
          xattrs: [...(member.xattrs ?? [])].map(([key, bytes]) => [key, Buffer.from(bytes).toString("hex")]),
          content: member.content.length,
        })),
      ).toEqual(
        written.map((each) => ({
          path: each.path,
          type: each.type,
          numbers: [each.mode, each.uid, each.gid, each.mtime, each.size],
          target: each.target ?? "",
          device: [each.devMajor ?? 0, each.devMinor ?? 0],
          xattrs: [...(each.xattrs ?? [])]
            .sort(([a], [b]) => (a < b ? -1 : 1))
            .map(([key, bytes]) => [key, Buffer.from(bytes).toString("hex")]),
          content: each.size,
        })),
      );
    }),
    { seed, numRuns: 150 },
  );
}, 60_000);
