import { afterAll, describe, expect, test } from "bun:test";
import {
  closeSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readdirSync,
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
import { withHostPath } from "../../../../internal/image/host-path.ts";
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
    const name = "deep".repeat(50);
    const parts: string[] = [];
    for (let i = 0; i < 45; i++) {
      parts.push(name);
      withHostPath(root, parts.join("/") as BytePath, (path) => mkdirSync(path));
    }
    const path = [...parts, "leaf"].join("/") as BytePath;
    expect(path.length).toBeGreaterThan(9000);
    withHostPath(root, path, (host) => writeFileSync(host, "at the bottom"));
    const before = openFiles();
    await using tree = await openDirectory(root, { signal });
    const leaf = [...walk(tree.root)].at(-1);
    expect(leaf && pathOf(leaf)).toBe(path);
    expect(await contentOf(tree.read(leaf?.inode as Inode))).toBe("at the bottom");
    expect(openFiles()).toBe(before);
    Bun.spawnSync(["rm", "-rf", root]);
  });

  test("no folder on such a way may become a symlink", () => {
    const root = folder();
    const name = "deep".repeat(50);
    const paths = Array.from(
      { length: 25 },
      (_, i) =>
        Array(i + 1)
          .fill(name)
          .join("/") as BytePath,
    );
    for (const path of paths) withHostPath(root, path, (host) => mkdirSync(host));
    const end = paths.at(-1) as BytePath;
    withHostPath(root, end, (host) => readdirSync(host));
    // A path is split at the last folder that one call can name.
    const cut = paths.findLast((path) => `${root}/${path}/`.length <= 4096) as BytePath;
    const above = join(root, cut, "..");
    Bun.spawnSync(["mv", join(root, cut), join(above, "moved")]);
    symlinkSync("moved", join(root, cut));
    expect(() => withHostPath(root, end, (host) => readdirSync(host))).toThrow();
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

  test("what may not be read is an error that says so", async () => {
    const root = folder();
    mkdirSync(join(root, "closed"), { mode: 0 });
    const script = `
      import { openDirectory } from ${JSON.stringify(join(import.meta.dir, "../../../../internal/image/source/directory.ts"))};
      process.setgid(65534); process.setuid(65534);
      const signal = new AbortController().signal;
      const failure = await openDirectory(${JSON.stringify(root)}, { signal }).catch((error) => error);
      await Bun.write(Bun.stdout, failure.code + " " + failure.kind + " " + failure.message);`;
    Bun.spawnSync(["chmod", "755", scratch]);
    const done = Bun.spawnSync([process.execPath, "-e", script]);
    expect(done.stdout.toString()).toBe(
      `E_DIRECTORY_READ machine Cannot read \`${root}/closed\`: permission denied`,
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
