import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BytePath } from "../../../internal/bytes/byte-path.ts";
import { type WalkOptions, walkEntries } from "../../../internal/image/entry-walk.ts";
import type { ImageTree, Inode, TreeNode } from "../../../internal/image/image-tree.ts";
import { openDirectory } from "../../../internal/image/source/directory.ts";
import { runTool } from "../../../internal/process/run.ts";
import { tarStream } from "../../../internal/rootfs/entry-stream.ts";
import { treeDigest } from "../../../internal/rootfs/tree-digest.ts";
import { TarReader } from "../../../internal/tar/tar-reader.ts";
import { contentOf, failureOf, openLayers, source } from "../../helpers/images/memory-layers.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";

const everything = { include: () => true };
const link = (name: string, target: string): Member => ({ name, type: "1", link: target });

/** The stream's entries as lines. */
async function streamed(tree: ImageTree, options: WalkOptions): Promise<string[]> {
  async function* copied() {
    // The reader holds on to chunks for longer than they are valid.
    for await (const chunk of tarStream(tree, options)) yield Uint8Array.from(chunk);
  }
  await using reader = new TarReader(copied(), { archive: "stream", dialect: "archive" });
  const found: string[] = [];
  for (let member = await reader.next(); member !== undefined; member = await reader.next()) {
    const content = member.type === "file" ? [await contentOf(reader.content())] : [];
    const target = member.linkPath === "" ? [] : ["->", member.linkPath];
    found.push([member.path, member.mode.toString(8), ...content, ...target].join(" "));
  }
  return found;
}

describe("the tar stream", () => {
  test("is in canonical order, without the root, and a link is after the first of its names", async () => {
    await using tree = await openLayers([
      [
        { name: "z", content: "hard" },
        link("a/b", "z"),
        link("m", "z"),
        { name: "a.b", content: "dot" },
        { name: "a-b/" },
      ],
    ]);
    expect(await streamed(tree, everything)).toEqual([
      "a/ 755",
      "a/b 644 hard",
      "a-b/ 755",
      "a.b 644 dot",
      "m 644 -> a/b",
      "z 644 -> a/b",
    ]);
  });

  test("leaves out what is not included, whole folders with all that is in them", async () => {
    await using tree = await openLayers([
      [
        { name: "a", content: "hard" },
        link("b", "a"),
        link("c", "a"),
        { name: "d/e/f", content: "f" },
        { name: "dd", content: "d" },
      ],
    ]);
    const asked: string[] = [];
    const include = (_: TreeNode, path: BytePath) => {
      asked.push(path);
      return path !== "a" && path !== "d";
    };
    expect(await streamed(tree, { include })).toEqual(["b 644 hard", "c 644 -> b", "dd 644 d"]);
    expect(asked).not.toContain("");
    expect(asked).not.toContain("d/e");
  });

  test("adds folders that must be there, each in its place", async () => {
    await using tree = await openLayers([
      [
        { name: "proc/x", content: "x" },
        { name: "run", type: "2", link: "var/run" },
        { name: "sys/", mode: 0o700 },
        { name: "u", content: "" },
      ],
    ]);
    const ensureDirectories = ["usr", "proc", "sys", "dev", "run", "tmp", "var/lib"] as BytePath[];
    const include = (_: TreeNode, path: BytePath) => !path.startsWith("proc") && path !== "sys";
    expect(await streamed(tree, { include, ensureDirectories, ensuredMtime: 7 })).toEqual([
      "dev/ 755",
      "proc/ 755",
      "run 777 -> var/run",
      "sys/ 700",
      "tmp/ 1777",
      "u 644 ",
      "usr/ 755",
      "var/ 755",
      "var/lib/ 755",
    ]);
    const entries = [...walkEntries(tree, { include, ensureDirectories, ensuredMtime: 7 })];
    expect(
      entries.filter((entry) => entry.inode === undefined).map((entry) => [entry.path, entry.mtime]),
    ).toEqual(["dev", "tmp", "usr", "var", "var/lib"].map((path) => [path, 7] as never));
  });

  test("holds contents of every size around a batch", async () => {
    const sizes = [1, 511, 512, 513, 65_535, 65_536, 262_143, 262_144, 262_145, 700_001];
    const members = sizes.map(
      (size, i): Member => ({ name: `${i}`.padStart(2, "0"), content: Buffer.alloc(size, i + 1) }),
    );
    await using tree = await openLayers([members], { piece: 100_000 });
    const found = await streamed(tree, everything);
    expect(found).toEqual(
      members.map(
        (member) => `${member.name} 644 ${Buffer.from(member.content as Buffer).toString("latin1")}`,
      ),
    );
  });

  test("leaves a chunk alone while the next one is made", async () => {
    const members = Array.from(
      { length: 40 },
      (_, i): Member => ({ name: `${i}`, content: Buffer.alloc(40_000, i) }),
    );
    await using tree = await openLayers([members], { piece: 10_000 });
    let last: { chunk: Uint8Array; copy: Buffer } | undefined;
    let compared = 0;
    for await (const chunk of tarStream(tree, everything)) {
      if (last !== undefined && ++compared > 0) expectSameBytes(last.copy, last.chunk);
      last = { chunk, copy: Buffer.from(chunk) };
    }
    expect(compared).toBeGreaterThan(4);
  });

  test("clamps times to what squashfs holds", async () => {
    await using tree = await openLayers([
      [
        { name: "early", type: "2", link: "x", mtime: -5 },
        { name: "late", content: "", pax: [["mtime", "9000000000"]] },
        { name: "middle", content: "", mtime: 1000 },
      ],
    ]);
    const times = [...walkEntries(tree, everything)].slice(1).map((entry) => entry.mtime);
    expect(times).toEqual([0, 0xffffffff, 1000]);
  });

  test("carries the attributes that squashfs holds, and those alone", async () => {
    const pax = [
      "user.a",
      "trusted.b",
      "security.capability",
      "system.posix_acl_access",
      "btrfs.compression",
    ].map((name) => [`SCHILY.xattr.${name}`, "v"] as const);
    await using tree = await openLayers([[{ name: "a", content: "", pax }]]);
    const [, entry] = walkEntries(tree, everything);
    expect([...(entry?.xattrs?.keys() ?? [])]).toEqual(["security.capability", "trusted.b", "user.a"]);
  });

  test("closes its reader when nobody reads on", async () => {
    let closed = false;
    const tree = fakeTree(10, async function* () {
      yield Buffer.alloc(10);
    });
    const { sequentialReader } = tree;
    tree.sequentialReader = async (wanted) => {
      const reader = await sequentialReader(wanted);
      return {
        ...reader,
        [Symbol.asyncDispose]: async () => {
          closed = true;
        },
      };
    };
    for await (const _ of tarStream(tree, everything)) break;
    expect(closed).toBe(true);
  });
});

/** A tree of one file whose content may be anything. */
function fakeTree(size: number, content: () => AsyncIterable<Uint8Array>): ImageTree {
  const meta = { mode: 0o755, uid: 0, gid: 0, mtime: 0, links: 1 };
  const children = new Map<string, TreeNode>();
  const root: TreeNode = {
    name: "",
    parent: undefined,
    inode: { ...meta, type: "directory", size: 0 },
    children,
  };
  children.set("file", { name: "file", parent: root, inode: { ...meta, type: "file", size } });
  return {
    source,
    root,
    hostPath: undefined,
    read: content,
    sequentialReader: async () => ({ open: content, [Symbol.asyncDispose]: async () => undefined }),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

test.each([
  ["shorter", 5],
  ["longer", 15],
])("a content that is %s than its file was is an error", async (_, length) => {
  const tree = fakeTree(10, async function* () {
    yield Buffer.alloc(length);
  });
  const failure = await failureOf(contentOf(tarStream(tree, everything)));
  expect(failure).toMatchObject({
    code: "E_FILE_CHANGED",
    kind: "machine",
    message: expect.stringContaining("/file"),
  });
});

describe("a folder's stream", () => {
  const folder = mkdtempSync(join(tmpdir(), "platter-stream-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const signal = new AbortController().signal;
  const sizes = [0, 1, 512, 65_535, 65_536, 65_537, 300_000, 1 << 20, (1 << 20) + 1, 2_500_000];
  for (const size of sizes) writeFileSync(join(folder, `${size}`), Buffer.alloc(size, `${size}.`));
  const openFiles = () =>
    readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).startsWith(folder);
      } catch {
        return false;
      }
    });

  test("holds files of every size, as bytes and as what a tool is given", async () => {
    await using tree = await openDirectory(folder, { signal });
    const asBytes: Buffer[] = [];
    for await (const chunk of tarStream(tree, everything)) asBytes.push(Buffer.from(chunk));
    const given: Buffer[] = [];
    await runTool({
      argv: ["cat"],
      signal,
      stdin: tarStream(tree, everything),
      onStdout: (chunk) => void given.push(Buffer.from(chunk)),
    });
    expectSameBytes(Buffer.concat(given), Buffer.concat(asBytes));
    const listed = await streamed(tree, everything);
    const expected = sizes.map((size) => `${size} 644 ${`${size}.`.repeat(size).slice(0, size)}`).sort();
    expect(listed.toSorted()).toEqual(expected);
    expect(openFiles()).toEqual([]);
  });

  test("is not short where a file is, and leaves none open", async () => {
    for (const size of [65_536, 2_500_000]) {
      await using tree = await openDirectory(folder, { signal });
      truncateSync(join(folder, `${size}`), size - 1);
      const failure = { code: "E_FILE_SHRANK", message: expect.stringContaining(join(folder, `${size}`)) };
      expect(await failureOf(contentOf(tarStream(tree, everything)))).toMatchObject(failure);
      const stdin = tarStream(tree, everything);
      expect(await failureOf(runTool({ argv: ["cat"], signal, stdin }))).toMatchObject(failure);
      writeFileSync(join(folder, `${size}`), Buffer.alloc(size, `${size}.`));
    }
    expect(openFiles()).toEqual([]);
  });
});

test("a file of nine gigabytes", async () => {
  const size = 9 * 2 ** 30;
  const zeros = new Uint8Array(1 << 20);
  const tree = fakeTree(size, async function* () {
    for (let left = size; left > 0; left -= zeros.length) yield zeros;
  });
  let length = 0;
  let start: Buffer | undefined;
  for await (const chunk of tarStream(tree, everything)) {
    start ??= Buffer.from(chunk);
    length += chunk.length;
  }
  expect(start?.toString("latin1", 512, 531)).toBe("19 size=9663676416\n");
  expect(length).toBe(size + 3 * 512 + 1024);
});

describe("the digest of a tree", () => {
  const base: Member[] = [
    { name: "a", content: "abc", uid: 1, mtime: 5, pax: [["SCHILY.xattr.user.a", "v"]] },
    link("b", "a"),
    { name: "c", type: "2", link: "t" },
    { name: "d", type: "3", major: 1, minor: 2 },
  ];
  async function digest(members: Member[], options: WalkOptions = everything): Promise<string> {
    await using tree = await openLayers([members], { dialect: "archive" });
    return treeDigest(tree, options);
  }
  const change = (index: number, more: Partial<Member>) =>
    base.map((each, i) => (i === index ? { ...each, ...more } : each));

  test("does not depend on the order or form of the archive", async () => {
    const reordered = [base[3], base[0], { ...link("b", "./a") }, base[2]] as Member[];
    expect(await digest(reordered)).toBe(await digest(base));
    const other = [{ ...base[0], name: "b" }, link("a", "b"), base[2], base[3]] as Member[];
    expect(await digest(other)).toBe(await digest(base));
  });

  test("depends on everything that goes into the file system but the contents", async () => {
    const variants: [string, Member[]][] = [
      ["name", change(3, { name: "e" })],
      ["mode", change(0, { mode: 0o600 })],
      ["uid", change(0, { uid: 2 })],
      ["gid", change(0, { gid: 2 })],
      ["mtime", change(0, { mtime: 6 })],
      ["size", change(0, { content: "abcd" })],
      ["attribute", change(0, { pax: [["SCHILY.xattr.user.a", "w"]] })],
      ["attribute's name", change(0, { pax: [["SCHILY.xattr.user.b", "v"]] })],
      ["target", change(2, { link: "u" })],
      ["major", change(3, { major: 2 })],
      ["minor", change(3, { minor: 1 })],
      ["type", change(3, { type: "4" })],
      [
        "links",
        change(1, { type: "0", content: "abc", uid: 1, mtime: 5, pax: [["SCHILY.xattr.user.a", "v"]] }),
      ],
      ["root", [...base, { name: "./", mode: 0o700 }]],
    ];
    const digests = await Promise.all([digest(base), ...variants.map(([, members]) => digest(members))]);
    expect(new Set(digests).size).toBe(variants.length + 1);
    expect(await digest(change(0, { content: "xyz" }))).toBe(digests[0] as string);
    expect(await digest(base, { include: (_, path) => path !== "d" })).toBe(await digest(base.slice(0, 3)));
  });
});

test("an inode with several names is one object, with one it may be several", async () => {
  await using tree = await openLayers([
    [{ name: "a", content: "x" }, link("b", "a"), { name: "c", content: "" }],
  ]);
  const at = (name: string) => tree.root.children?.get(name)?.inode as Inode;
  expect(at("a")).toBe(at("b"));
  at("c").mode = 0o600;
  at("c").mtime = 9;
  expect([at("c").mode, at("c").mtime]).toEqual([0o600, 9]);
});
