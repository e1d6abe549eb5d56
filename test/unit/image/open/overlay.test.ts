import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { ImageTree } from "../../../../internal/image/image-tree.ts";
import { requireOverlay, withOverlay } from "../../../../internal/image/open/overlay.ts";
import { resolve } from "../../../../internal/image/resolve.ts";
import { openDirectory } from "../../../../internal/image/source/directory.ts";
import { setXattr } from "../../../helpers/images/listing.ts";
import { contentOf, lines } from "../../../helpers/images/memory-layers.ts";

const signal = new AbortController().signal;
let scratch: string;
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), "platter-overlay-"));
  for (const name of ["image", "over"]) mkdirSync(`${scratch}/${name}`);
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

function write(path: string, content = path): void {
  mkdirSync(dirname(`${scratch}/${path}`), { recursive: true });
  writeFileSync(`${scratch}/${path}`, content);
}

async function overlaid(...names: string[]): Promise<ImageTree> {
  let tree: ImageTree = await openDirectory(`${scratch}/image`, { signal });
  for (const name of names) tree = await withOverlay(tree, `${scratch}/${name}`, { time: 77, signal });
  return tree;
}
const listed = async (...names: string[]) => (await lines(await overlaid(...names))).slice(1);

describe("withOverlay", () => {
  test("files replace and add, folders of the image keep their mode, and new entries belong to root", async () => {
    write("image/etc/a");
    write("image/etc/b");
    chmodSync(`${scratch}/image/etc`, 0o711);
    write("over/etc/b");
    write("over/new/c");
    symlinkSync("../etc/a", `${scratch}/over/new/link`);
    for (const name of ["over", "over/etc", "over/new", "over/etc/b"]) chmodSync(`${scratch}/${name}`, 0o700);
    expect(await listed("over")).toEqual([
      "/etc directory 711 0:0",
      '/etc/a file 644 0:0 "image/etc/a"',
      '/etc/b file 700 0:0 "over/etc/b"',
      "/new directory 700 0:0",
      '/new/c file 644 0:0 "over/new/c"',
      "/new/link symlink 777 0:0 -> ../etc/a",
    ]);
    const tree = await overlaid("over");
    expect(resolve(tree.root, "new/link")?.inode.mtime).not.toBe(77);
    expect(["new", "new/c", "etc/b"].map((path) => resolve(tree.root, path)?.inode.mtime)).toEqual([
      77, 77, 77,
    ]);
  });

  test("a folder over a symlink to a folder goes there, and the symlink stays", async () => {
    write("image/usr/lib/a");
    mkdirSync(`${scratch}/image/deep`);
    symlinkSync("usr/lib", `${scratch}/image/lib`);
    symlinkSync("../../../../usr/lib", `${scratch}/image/deep/lib`);
    write("over/lib/b");
    write("over/usr/lib/c");
    write("over/deep/lib/d/e");
    expect(await listed("over")).toEqual([
      "/deep directory 755 0:0",
      "/deep/lib symlink 777 0:0 -> ../../../../usr/lib",
      "/lib symlink 777 0:0 -> usr/lib",
      "/usr directory 755 0:0",
      "/usr/lib directory 755 0:0",
      '/usr/lib/a file 644 0:0 "image/usr/lib/a"',
      '/usr/lib/b file 644 0:0 "over/lib/b"',
      '/usr/lib/c file 644 0:0 "over/usr/lib/c"',
      "/usr/lib/d directory 755 0:0",
      '/usr/lib/d/e file 644 0:0 "over/deep/lib/d/e"',
    ]);
  });

  test("several folders, the last on top; hard links stay; `.wh.` is an ordinary name", async () => {
    write("image/a");
    write("over/a");
    write("over/.wh.a");
    write("over/b");
    linkSync(`${scratch}/over/b`, `${scratch}/over/c`);
    write("top/a");
    expect(await listed("over", "top")).toEqual([
      '/.wh.a file 644 0:0 "over/.wh.a"',
      '/a file 644 0:0 "top/a"',
      '/b file 644 0:0 "over/b"',
      "/c file 644 0:0 = /b",
    ]);
  });

  test("`..` in a symlink of the image reaches the files of the overlay", async () => {
    write("image/x/y/z");
    symlinkSync("../new", `${scratch}/image/x/y/link`);
    write("over/x/new", "found");
    const tree = await overlaid("over");
    const node = resolve(tree.root, "x/y/link");
    expect(node && (await contentOf(tree.read(node.inode)))).toBe("found");
  });

  test("attributes of the host stay there, except for capabilities", async () => {
    write("over/a");
    setXattr(`${scratch}/over/a`, "user.note", Buffer.from("x"));
    const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");
    setXattr(`${scratch}/over/a`, "security.capability", capability);
    const tree = await overlaid("over");
    expect([...(resolve(tree.root, "a")?.inode.xattrs?.keys() ?? [])]).toEqual(["security.capability"]);
  });

  test("the digest changes with the content", async () => {
    write("over/a", "one");
    const digestOf = async () => {
      const { overlays, layerBytes } = (await overlaid("over")).source;
      expect([overlays?.[0]?.path, layerBytes]).toEqual([`${scratch}/over`, undefined]);
      return overlays?.[0]?.digest;
    };
    const first = await digestOf();
    expect(first).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(await digestOf()).toBe(first);
    write("over/a", "two");
    expect(await digestOf()).not.toBe(first);
  });

  test.each([
    ["image/a/b", "over/a"],
    ["image/a", "over/a/b"],
  ])("%s and %s: one is a folder", async (image, over) => {
    write(image);
    write(over);
    expect(overlaid("over")).rejects.toMatchObject({ code: "E_OVERLAY", kind: "usage" });
  });

  test("a folder over a symlink that leads nowhere", async () => {
    symlinkSync("nowhere", `${scratch}/image/a`);
    write("over/a/b");
    expect(overlaid("over")).rejects.toMatchObject({ code: "E_OVERLAY" });
  });
});

test("requireOverlay: a folder", () => {
  write("file");
  expect(() => requireOverlay(`${scratch}/over`)).not.toThrow();
  expect(() => requireOverlay(`${scratch}/file`)).toThrow(expect.objectContaining({ code: "E_OVERLAY" }));
  expect(() => requireOverlay(`${scratch}/missing`)).toThrow(expect.objectContaining({ code: "E_INPUT" }));
});
