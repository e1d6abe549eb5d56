import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BytePath } from "../../../../internal/bytes/byte-path.ts";
import { type ImageTree, type Inode, pathOf } from "../../../../internal/image/image-tree.ts";
import { resolve } from "../../../../internal/image/resolve.ts";
import { openDirectory } from "../../../../internal/image/source/directory.ts";
import { readXattrs } from "../../../../internal/os/xattr.ts";
import { setXattr } from "../../../helpers/images/listing.ts";
import { contentOf, failureOf, lines, openFilesIn, walk } from "../../../helpers/images/memory-layers.ts";
import { expectSameBytes } from "../../../helpers/same-bytes.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-dir-"));
afterAll(() => rmSync(scratch, { recursive: true, force: true }));
const signal = new AbortController().signal;
const openFiles = () => openFilesIn(scratch);

let made = 0;
function folder(): string {
  const path = join(scratch, `root-${made++}`);
  mkdirSync(path);
  return path;
}

/** Makes folders below each other with a file in the last one. Returns the file's path. */
function makeDeep(root: string, depth: number): BytePath {
  const name = "deep".repeat(50);
  const script = 'i=0; while [ $i -lt "$2" ]; do mkdir "$1" && cd -P "$1" && i=$((i + 1)) || exit 1; done';
  const argv = ["sh", "-c", `${script}; printf "at the bottom" > leaf`, "sh", name, String(depth)];
  expect(Bun.spawnSync(argv, { cwd: root }).exitCode).toBe(0);
  return [...Array(depth).fill(name), "leaf"].join("/") as BytePath;
}

function inodeAt(tree: ImageTree, path: string): Inode {
  const inode = resolve(tree.root, path)?.inode;
  if (inode === undefined) throw new Error(`no ${path}`);
  return inode;
}

describe("a root file system in a folder", () => {
  test("names of any bytes, in byte order", async () => {
    const root = folder();
    const names = ["\xff\xfe", "new\nline", "b", "a-b", "a", "\xc3\xa9", "n".repeat(255), " ", "back\\slash"];
    for (const name of names) writeFileSync(Buffer.from(`${root}/${name}`, "latin1"), name);
    await using tree = await openDirectory(root, { signal });
    expect([...(tree.root.children?.keys() ?? [])]).toEqual(names.toSorted());
    for (const [name, node] of tree.root.children ?? []) {
      expect(await contentOf(tree.read(node.inode))).toBe(Buffer.from(name).toString("latin1"));
    }
  });

  test("hard links, symlinks that lead out, and no sockets", async () => {
    const root = folder();
    writeFileSync(join(root, "b"), "content");
    mkdirSync(join(root, "a"));
    linkSync(join(root, "b"), join(root, "a/link"));
    symlinkSync("/etc/shadow", join(root, "shadow"));
    linkSync(join(root, "shadow"), join(root, "shadow-too"));
    const server = createServer().listen(join(root, "socket"));
    await new Promise((done) => server.once("listening", done));
    try {
      await using tree = await openDirectory(root, { signal });
      expect((await lines(tree)).slice(1)).toEqual([
        "/a directory 755 0:0",
        '/a/link file 644 0:0 "content"',
        "/b file 644 0:0 = /a/link",
        "/shadow symlink 777 0:0 -> /etc/shadow",
        "/shadow-too symlink 777 0:0 = /shadow -> /etc/shadow",
      ]);
      expect(resolve(tree.root, "shadow")).toBeUndefined();
    } finally {
      server.close();
    }
  });

  test("a link to an inode that has another name outside the folder has one name", async () => {
    const root = folder();
    writeFileSync(join(scratch, "outside"), "x");
    linkSync(join(scratch, "outside"), join(root, "inside"));
    await using tree = await openDirectory(root, { signal });
    expect(inodeAt(tree, "inside").links).toBe(1);
  });

  test("times are rounded down, before 1970 too", async () => {
    const root = folder();
    const times: [string, string, number][] = [
      ["late", "@1700000000.999999999", 1_700_000_000],
      ["exact", "@1700000001", 1_700_000_001],
      ["early", "@-1.5", -2],
      ["zero", "@0", 0],
      ["after 2038", "@8000000000.5", 8_000_000_000],
    ];
    for (const [name, time] of times) {
      expect(Bun.spawnSync(["touch", "-d", time, join(root, name)]).exitCode).toBe(0);
    }
    symlinkSync("x", join(root, "link"));
    lutimesSync(join(root, "link"), 5, 6);
    await using tree = await openDirectory(root, { signal });
    for (const [name, , seconds] of times) expect(inodeAt(tree, name).mtime).toBe(seconds);
    expect(tree.root.children?.get("link")?.inode.mtime).toBe(6);
  });

  test("attributes byte for byte, but overlayfs's own and those that are to be left out", async () => {
    const root = folder();
    const file = join(root, "a");
    writeFileSync(file, "");
    const capability = Buffer.from("0100000200200000000000000000000000000000", "hex");
    setXattr(file, "security.capability", capability);
    setXattr(file, "user.empty", Buffer.alloc(0));
    setXattr(file, "user.binary", Buffer.from([0, 255, 10, 0]));
    setXattr(file, "trusted.large", Buffer.alloc(2500, 7));
    setXattr(file, "trusted.overlay.opaque", Buffer.from("y"));
    setXattr(file, "user.overlay.origin", Buffer.from("y"));
    setXattr(file, "security.host", Buffer.from("y"));
    setXattr(root, "user.root", Buffer.from("r"));
    await using tree = await openDirectory(root, { signal, ignoreXattr: (name) => name === "security.host" });
    const shown = [...(inodeAt(tree, "a").xattrs ?? [])].map(([name, value]) => [
      name,
      Buffer.from(value).toString("hex"),
    ]);
    expect(shown).toEqual([
      ["security.capability", capability.toString("hex")],
      ["trusted.large", "07".repeat(2500)],
      ["user.binary", "00ff0a00"],
      ["user.empty", ""],
    ]);
    expect([...(tree.root.inode.xattrs?.keys() ?? [])]).toEqual(["user.root"]);
  });

  test("paths that are longer than one system call takes", async () => {
    const root = folder();
    const path = makeDeep(root, 45);
    expect(path.length).toBeGreaterThan(9000);
    await using tree = await openDirectory(root, { signal });
    const before = openFiles();
    const leaf = [...walk(tree.root)].at(-1);
    expect(leaf && pathOf(leaf)).toBe(path);
    expect(await contentOf(tree.read(leaf?.inode as Inode))).toBe("at the bottom");
    expect(openFiles()).toBe(before);
    Bun.spawnSync(["rm", "-rf", root]);
  });

  test.each([
    ["short", 3],
    ["long", 25],
  ])("a folder that became a symlink leads nowhere, on a %s path", async (_, depth) => {
    const root = folder();
    const path = makeDeep(root, depth);
    await using tree = await openDirectory(root, { signal });
    const inode = [...walk(tree.root)].at(-1)?.inode as Inode;
    expect(await contentOf(tree.read(inode))).toBe("at the bottom");
    const first = join(root, path.slice(0, path.indexOf("/")));
    renameSync(first, `${first}-moved`);
    symlinkSync(`${first}-moved`, first);
    const before = openFiles();
    const failure = await failureOf(contentOf(tree.read(inode)));
    expect(failure).toMatchObject({ code: "E_FILE_READ", kind: "machine" });
    expect(String(failure)).toContain("it is a symbolic link");
    expect(openFiles()).toBe(before);
    Bun.spawnSync(["rm", "-rf", root]);
  });

  test("more names than one system call returns", async () => {
    const root = folder();
    const names = Array.from({ length: 1000 }, (_, i) => `${"name".repeat(30)}${i}`);
    for (const name of names) symlinkSync(name, join(root, name));
    await using tree = await openDirectory(root, { signal });
    expect([...(tree.root.children?.keys() ?? [])]).toEqual(names.toSorted());
    for (const [name, { inode }] of tree.root.children ?? []) expect(inode.target).toBe(name);
  });

  test("devices, FIFOs, the longest target, a large size, owners and modes", async () => {
    const root = folder();
    const make = (...argv: string[]) => expect(Bun.spawnSync(argv).exitCode).toBe(0);
    make("mknod", join(root, "character"), "c", "511", "1000000");
    make("mknod", join(root, "block"), "b", "259", "255");
    make("mkfifo", join(root, "fifo"));
    make("truncate", "-s", "5000000001", join(root, "large"));
    make("chown", "4000000000:3000000000", join(root, "large"));
    make("chmod", "7751", join(root, "large"));
    const target = "/".repeat(4095);
    symlinkSync(target, join(root, "link"));
    await using tree = await openDirectory(root, { signal });
    expect(inodeAt(tree, "character")).toMatchObject({
      type: "character-device",
      devMajor: 511,
      devMinor: 1_000_000,
    });
    expect(inodeAt(tree, "block")).toMatchObject({ type: "block-device", devMajor: 259, devMinor: 255 });
    expect(inodeAt(tree, "fifo").type).toBe("fifo");
    expect(tree.root.children?.get("link")?.inode.target).toBe(target);
    const { type, size, uid, gid, mode } = inodeAt(tree, "large");
    expect({ type, size, uid, gid, mode }).toEqual({
      type: "file",
      size: 5_000_000_001,
      uid: 4_000_000_000,
      gid: 3_000_000_000,
      mode: 0o7751,
    });
  });

  test("a mounted file system is left out", async () => {
    const root = folder();
    const mount = join(root, "a/mount");
    mkdirSync(mount, { recursive: true });
    expect(Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", mount]).exitCode).toBe(0);
    try {
      writeFileSync(join(mount, "inside"), "");
      await using tree = await openDirectory(root, { signal });
      expect(tree.source.leftOut).toEqual(["a/mount" as BytePath]);
      expect((await lines(tree)).slice(1).map((line) => line.split(" ")[0])).toEqual(["/a", "/a/mount"]);
    } finally {
      Bun.spawnSync(["umount", mount]);
    }
  });

  test("the stamp changes with a file's content, and not with its access time", async () => {
    const root = folder();
    writeFileSync(join(root, "a"), "one");
    const stamp = async () => {
      await using tree = await openDirectory(root, { signal });
      return tree.source.stamp;
    };
    const first = await stamp();
    expect(await stamp()).toBe(first as string);
    writeFileSync(join(root, "a"), "two");
    expect(await stamp()).not.toBe(first as string);
  });

  test("a large file comes in pieces, and only as far as it was when it was listed", async () => {
    const root = folder();
    const path = join(root, "large");
    const bytes = Buffer.alloc(1_000_001, "0123456789");
    writeFileSync(path, bytes);
    await using tree = await openDirectory(root, { signal });
    writeFileSync(path, Buffer.concat([bytes, Buffer.from("grown")]));
    expect((await contentOf(tree.read(inodeAt(tree, "large")))) === bytes.toString("latin1")).toBe(true);
  });

  test("what changes under platter's feet is the machine's fault, and leads nowhere else", async () => {
    const root = folder();
    for (const name of ["shrunk", "cut", "gone", "symlink", "fifo"])
      writeFileSync(join(root, name), Buffer.alloc(600_000, 1));
    await using tree = await openDirectory(root, { signal });
    truncateSync(join(root, "shrunk"), 300_000);
    truncateSync(join(root, "cut"), 0);
    for (const name of ["gone", "symlink", "fifo"]) rmSync(join(root, name));
    symlinkSync("/etc/passwd", join(root, "symlink"));
    Bun.spawnSync(["mkfifo", join(root, "fifo")]);
    const before = openFiles();
    for (const [name, code] of [
      ["shrunk", "E_FILE_SHRANK"],
      ["cut", "E_FILE_SHRANK"],
      ["gone", "E_FILE_READ"],
      ["symlink", "E_FILE_READ"],
      ["fifo", "E_FILE_READ"],
    ] as const) {
      const failure = await failureOf(contentOf(tree.read(inodeAt(tree, name))));
      expect(failure).toMatchObject({ code, kind: "machine" });
      expect(String(failure)).toContain(join(root, name));
    }
    expect(openFiles()).toBe(before);
  });

  test("a folder that is missing, or is not a folder", async () => {
    writeFileSync(join(scratch, "file"), "");
    expect(await failureOf(openDirectory(join(scratch, "file"), { signal }))).toMatchObject({
      code: "E_DIRECTORY",
    });
    expect(await failureOf(openDirectory(join(scratch, "no"), { signal }))).toMatchObject({
      code: "E_DIRECTORY",
    });
  });

  test("a folder named through a symlink is the one it leads to", async () => {
    const root = folder();
    writeFileSync(join(root, "a"), "x");
    symlinkSync(root, join(scratch, "by-link"));
    await using tree = await openDirectory(join(scratch, "by-link"), { signal });
    expect(tree.hostPath).toBe(root);
    expect(await contentOf(tree.read(inodeAt(tree, "a")))).toBe("x");
  });

  test.each([
    ["closed", 0o700, "closed"],
    ["listable", 0o744, "listable/file"],
  ])("what may not be read is an error that says so, in a %s folder", async (name, mode, unreadable) => {
    const root = folder();
    mkdirSync(join(root, name), { mode });
    writeFileSync(join(root, name, "file"), "");
    const script = `
      import { openDirectory } from ${JSON.stringify(join(import.meta.dir, "../../../../internal/image/source/directory.ts"))};
      process.setgid(65534); process.setuid(65534);
      const signal = new AbortController().signal;
      const failure = await openDirectory(${JSON.stringify(root)}, { signal }).catch((error) => error);
      await Bun.write(Bun.stdout, failure.code + " " + failure.kind + " " + failure.message);`;
    Bun.spawnSync(["chmod", "755", scratch]);
    const done = Bun.spawnSync([process.execPath, "-e", script]);
    expect(done.stdout.toString()).toBe(
      `E_DIRECTORY_READ machine Cannot read \`${root}/${unreadable}\`: permission denied`,
    );
  });

  test("an abort stops it", async () => {
    const root = folder();
    writeFileSync(join(root, "a"), Buffer.alloc(1_000_000));
    const controller = new AbortController();
    await using tree = await openDirectory(root, { signal: controller.signal });
    const before = openFiles();
    const reading = tree.read(inodeAt(tree, "a"))[Symbol.asyncIterator]();
    await reading.next();
    controller.abort();
    expect(await failureOf(reading.next())).toMatchObject({ code: "E_INTERRUPTED" });
    expect(openFiles()).toBe(before);
  });
});

test("extended attributes of a missing file, and of a file system that does not have them", () => {
  expect(readXattrs(Buffer.from("/nowhere/at/all\0"))).toEqual([]);
  expect(readXattrs(Buffer.from("/proc/self/status\0"))).toEqual([]);
});

test("more and longer attributes than first expected", () => {
  const file = join(scratch, "many");
  closeSync(openSync(file, "w"));
  utimesSync(file, 1, 1);
  const tmpfs = join(scratch, "tmpfs");
  mkdirSync(tmpfs);
  Bun.spawnSync(["mount", "-t", "tmpfs", "tmpfs", tmpfs]);
  try {
    const path = join(tmpfs, "a");
    closeSync(openSync(path, "w"));
    for (let i = 0; i < 60; i++) setXattr(path, `trusted.${"n".repeat(150)}${i}`, Buffer.alloc(i * 300, i));
    const found = readXattrs(Buffer.from(`${path}\0`));
    expect(found).toHaveLength(60);
    for (const [name, value] of found) {
      const i = Number(name.slice("trusted.".length + 150));
      expectSameBytes(value, Buffer.alloc(i * 300, i));
    }
  } finally {
    Bun.spawnSync(["umount", tmpfs]);
  }
});
