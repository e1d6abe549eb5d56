import { describe, expect, test } from "bun:test";
import { storedXattrs } from "../../../../internal/image/entry-walk.ts";
import { LAYER_LABEL } from "../../../../internal/image/xattr-set.ts";
import { failureOf, lines, openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const file = (name: string, content = name, more: Partial<Member> = {}): Member => ({
  name,
  content,
  ...more,
});
const folder = (name: string, more: Partial<Member> = {}): Member => ({ name: `${name}/`, ...more });
const link = (name: string, target: string, more: Partial<Member> = {}): Member => ({
  name,
  type: "1",
  link: target,
  ...more,
});
const symlink = (name: string, target: string): Member => ({ name, type: "2", link: target });

/** What is expected of everything but the root, whose line is always the same. */
async function merged(layers: Member[][]): Promise<string[]> {
  await using tree = await openLayers(layers);
  const [root, ...rest] = await lines(tree);
  expect(root).toBe("/ directory 555 0:0");
  return rest;
}

const cases: [string, Member[][], string[]][] = [
  [
    "a whiteout removes a file and a folder of older layers",
    [
      [file("a"), folder("d"), file("d/x"), file("kept")],
      [{ name: ".wh.a" }, { name: ".wh.d" }],
    ],
    ['/kept file 644 0:0 "kept"'],
  ],
  [
    "a whiteout before or after the layer's own file leaves that alone",
    [
      [file("a", "old"), file("b", "old")],
      [{ name: ".wh.a" }, file("a", "new"), file("b", "new"), { name: ".wh.b" }],
    ],
    ['/a file 644 0:0 "new"', '/b file 644 0:0 "new"'],
  ],
  [
    "a whiteout before or after the layer's own folder hides what older layers have in it",
    [
      [folder("a", { uid: 1 }), file("a/old"), folder("b", { uid: 1 }), file("b/old")],
      [
        { name: ".wh.a" },
        folder("a", { uid: 2 }),
        file("a/new"),
        folder("b", { uid: 2 }),
        file("b/new"),
        { name: ".wh.b" },
      ],
    ],
    [
      "/a directory 755 2:0",
      '/a/new file 644 0:0 "a/new"',
      "/b directory 755 2:0",
      '/b/new file 644 0:0 "b/new"',
    ],
  ],
  [
    "a whiteout of nothing, also in the lowest layer, is nothing",
    [[{ name: ".wh.x" }, file("a")], [{ name: ".wh.y" }]],
    ['/a file 644 0:0 "a"'],
  ],
  [
    "a whiteout makes the folder that it is in",
    [[file("a")], [{ name: "d/.wh.x" }]],
    ['/a file 644 0:0 "a"', "/d directory 755 0:0"],
  ],
  [
    "an opaque folder hides older layers' content wherever the mark is, and keeps its own",
    [
      [folder("o", { uid: 1 }), file("o/old"), folder("o/sub", { uid: 1 }), file("o/sub/old")],
      [file("o/before"), { name: "o/.wh..wh..opq" }, file("o/sub/new"), file("o/after")],
    ],
    [
      "/o directory 755 1:0",
      '/o/after file 644 0:0 "o/after"',
      '/o/before file 644 0:0 "o/before"',
      "/o/sub directory 755 0:0",
      '/o/sub/new file 644 0:0 "o/sub/new"',
    ],
  ],
  ["an opaque root", [[file("old")], [{ name: "./.wh..wh..opq" }, file("new")]], ['/new file 644 0:0 "new"']],
  [
    "a file over a folder, and a folder over a file",
    [
      [folder("d"), file("d/x"), file("f")],
      [file("d", "file"), folder("f", { mode: 0o700 }), file("f/y")],
    ],
    ['/d file 644 0:0 "file"', "/f directory 700 0:0", '/f/y file 644 0:0 "f/y"'],
  ],
  [
    "a folder that was a file for one layer is empty",
    [[folder("d"), file("d/x")], [file("d")], [folder("d", { uid: 3 })]],
    ["/d directory 755 3:0"],
  ],
  [
    "a folder over a folder keeps the children and takes the metadata",
    [[folder("d", { mode: 0o700, uid: 1 }), file("d/x")], [folder("d", { mode: 0o711, gid: 2 })]],
    ["/d directory 711 0:2", '/d/x file 644 0:0 "d/x"'],
  ],
  [
    "a folder that a layer does not describe keeps what it was",
    [[folder("d", { mode: 0o700, uid: 1 })], [file("d/x")]],
    ["/d directory 700 1:0", '/d/x file 644 0:0 "d/x"'],
  ],
  [
    "a folder that no layer describes is root's",
    [[file("a/b/c")]],
    ["/a directory 755 0:0", "/a/b directory 755 0:0", '/a/b/c file 644 0:0 "a/b/c"'],
  ],
  [
    "of the same path twice the last one counts",
    [
      [
        file("a", "one", { uid: 1 }),
        file("a", "two"),
        folder("d"),
        file("d/x"),
        file("d", "f"),
        folder("e", { uid: 1 }),
        file("e/x"),
        folder("e"),
      ],
    ],
    ['/a file 644 0:0 "two"', '/d file 644 0:0 "f"', "/e directory 755 0:0", '/e/x file 644 0:0 "e/x"'],
  ],
  [
    "an inode survives under its second name when the first is removed, or replaced",
    [
      [file("a", "A"), link("b", "a"), file("c", "C"), link("d", "c")],
      [{ name: ".wh.a" }, file("c", "other")],
    ],
    ['/b file 644 0:0 "A"', '/c file 644 0:0 "other"', '/d file 644 0:0 "C"'],
  ],
  [
    "a hard link to a file of an older layer",
    [[file("a", "A", { uid: 1 })], [link("sub/b", "a", { uid: 1 })]],
    ['/a file 644 1:0 "A"', "/sub directory 755 0:0", "/sub/b file 644 1:0 = /a"],
  ],
  [
    "a hard link to an older name that the layer removes: a rename",
    [[file("old", "O")], [{ name: ".wh.old" }, link("new", "old")]],
    ['/new file 644 0:0 "O"'],
  ],
  ["a hard link to itself", [[file("a", "A"), link("a", "./a")]], ['/a file 644 0:0 "A"']],
  [
    "a hard link's header sets the metadata of the inode, as podman does",
    [[file("a", "A"), link("b", "a", { uid: 5, mode: 0o600 })]],
    ['/a file 600 5:0 "A"', "/b file 600 5:0 = /a"],
  ],
  [
    "hard links to symlinks and FIFOs, which keep their mode",
    [
      [
        symlink("s", "t"),
        link("s2", "s", { mode: 0o600, uid: 4 }),
        { name: "p", type: "6" },
        link("p2", "p"),
      ],
    ],
    ["/p fifo 644 0:0", "/p2 fifo 644 0:0 = /p", "/s symlink 777 4:0 -> t", "/s2 symlink 777 4:0 = /s -> t"],
  ],
  [
    "names with `./`, `/`, `//`, `/./` and `..` land where they should",
    [[file("./a"), file("/b"), file("c//d"), file("c/./e"), file("x/../f"), file("/../g"), file(".hidden")]],
    [
      '/.hidden file 644 0:0 ".hidden"',
      '/a file 644 0:0 "./a"',
      '/b file 644 0:0 "/b"',
      "/c directory 755 0:0",
      '/c/d file 644 0:0 "c//d"',
      '/c/e file 644 0:0 "c/./e"',
      '/f file 644 0:0 "x/../f"',
      '/g file 644 0:0 "/../g"',
    ],
  ],
  [
    "a symlink of the same layer is followed inside the root",
    [
      [
        folder("usr/lib"),
        symlink("lib", "usr/lib"),
        file("lib/a"),
        symlink("out", "../../../etc"),
        file("out/b"),
        symlink("abs", "/usr"),
        file("abs/lib/c"),
      ],
    ],
    [
      "/abs symlink 777 0:0 -> /usr",
      "/etc directory 755 0:0",
      '/etc/b file 644 0:0 "out/b"',
      "/lib symlink 777 0:0 -> usr/lib",
      "/out symlink 777 0:0 -> ../../../etc",
      "/usr directory 755 0:0",
      "/usr/lib directory 755 0:0",
      '/usr/lib/a file 644 0:0 "lib/a"',
      '/usr/lib/c file 644 0:0 "abs/lib/c"',
    ],
  ],
  [
    "a symlink of an older layer is covered by a folder, as overlayfs has it",
    [[file("usr/lib/a"), symlink("lib", "usr/lib")], [file("lib/b")]],
    [
      "/lib directory 755 0:0",
      '/lib/b file 644 0:0 "lib/b"',
      "/usr directory 755 0:0",
      "/usr/lib directory 755 0:0",
      '/usr/lib/a file 644 0:0 "usr/lib/a"',
    ],
  ],
  [
    "overlayfs's own whiteout, a device 0:0, hides an older file",
    [
      [file("a"), file("b")],
      [
        { name: "a", type: "3" },
        { name: "c", type: "3" },
      ],
    ],
    ['/b file 644 0:0 "b"'],
  ],
  [
    "aufs's leftovers are passed over",
    [[{ name: ".wh..wh.aufs", content: "" }, { name: ".wh..wh.plnk/" }, file(".wh..wh.plnk/x"), file("a")]],
    ['/a file 644 0:0 "a"'],
  ],
  [
    "children are in byte order, whatever order the layer has",
    [[file("b"), file("\xff"), file("a-b"), file("a/x"), file("Z"), file("a.b")]],
    [
      '/Z file 644 0:0 "Z"',
      "/a directory 755 0:0",
      '/a/x file 644 0:0 "a/x"',
      '/a-b file 644 0:0 "a-b"',
      '/a.b file 644 0:0 "a.b"',
      '/b file 644 0:0 "b"',
      '/\\xff file 644 0:0 "\xff"',
    ],
  ],
];

describe("layers are merged as podman mounts them", () => {
  test.each(cases)("%s", async (_, layers, expected) => {
    expect(await merged(layers)).toEqual(expected);
  });

  test("times that Go cannot hold are 1970, those of symlinks excepted", async () => {
    await using tree = await openLayers([
      [
        file("before", "", { mtime: -5 }),
        folder("folder", { mtime: -5 }),
        { ...symlink("link", "x"), mtime: -5 },
        file("late", "", { pax: [["mtime", "9223372037"]] }),
        file("latest", "", { pax: [["mtime", "9223372036.9"]] }),
      ],
    ]);
    const times = [...(tree.root.children ?? [])].map(([name, node]) => [name, node.inode.mtime]);
    expect(times).toEqual([
      ["before", 0],
      ["folder", 0],
      ["late", 0],
      ["latest", 9_223_372_036],
      ["link", -5],
    ]);
  });

  test("attributes that podman does not unpack are not there, the others are in byte order", async () => {
    await using tree = await openLayers([
      [
        file("a", "", {
          pax: [
            ["SCHILY.xattr.user.b", "\0\xff\n"],
            ["SCHILY.xattr.trusted.a", "1"],
            ["SCHILY.xattr.user.empty", ""],
            ["SCHILY.xattr.security.selinux", "label\0"],
            ["SCHILY.xattr.trusted.overlay.opaque", "y"],
            ["SCHILY.xattr.user.overlay.redirect", "/etc"],
            ["LIBARCHIVE.xattr.user.c", "eA=="],
            ["SCHILY.xattr.user.per%3Dcent", "literal"],
          ],
        }),
        link("b", "a", { pax: [["SCHILY.xattr.user.a", "from the link"]] }),
      ],
    ]);
    const own = tree.root.children?.get("b")?.inode.xattrs;
    expect(Buffer.from(own?.get(LAYER_LABEL) ?? "").toString("latin1")).toBe("label\0");
    const xattrs = [...(storedXattrs(own) ?? [])];
    expect(xattrs.map(([name, value]) => [name, Buffer.from(value).toString("latin1")])).toEqual([
      ["trusted.a", "1"],
      ["user.a", "from the link"],
      ["user.b", "\0\xff\n"],
      ["user.per%3Dcent", "literal"],
    ]);
  });

  test("the root is podman's, with the image's own time", async () => {
    await using tree = await openLayers([[{ name: "./", mode: 0o711, uid: 5, mtime: 1 }]]);
    expect(tree.root.inode).toMatchObject({ mode: 0o555, uid: 0, mtime: 1_700_000_000 });
  });
});

describe("an archive of a root file system is read as GNU tar does", () => {
  test("whiteouts are names, the root is described, links leave metadata alone, global records count", async () => {
    await using tree = await openLayers(
      [
        [
          { name: "./", mode: 0o711, uid: 5 },
          file("a", "A", { uid: 1 }),
          file(".wh.a", "not a whiteout"),
          link("b", "a", { uid: 9 }),
          { name: "null", type: "3", mode: 0o666 },
        ],
      ],
      { dialect: "archive" },
    );
    expect(await lines(tree)).toEqual([
      "/ directory 711 5:0",
      '/.wh.a file 644 0:0 "not a whiteout"',
      '/a file 644 1:0 "A"',
      "/b file 644 1:0 = /a",
      "/null character-device 666 0:0",
    ]);
  });
});

const refused: [string, string, Member[]][] = [
  ["a path above the root", "E_TAR_PATH", [file("../../etc/passwd")]],
  ["a path that climbs out by the way", "E_TAR_PATH", [file("a/../../b")]],
  ["a file as the root", "E_TAR_PATH", [file("./")].map((member) => ({ ...member, type: "0" }))],
  ["something below a file", "E_TAR_PATH", [file("a"), file("a/b")]],
  ["a name of 256 bytes", "E_TAR_PATH", [file("n".repeat(256))]],
  ["a NUL in a path", "E_TAR_PAX", [file("x", "", { pax: [["path", "a\0b"]] })]],
  ["a whiteout of `..`", "E_TAR_PATH", [{ name: "d/.wh..." }]],
  ["a whiteout without a name", "E_TAR_PATH", [{ name: "d/.wh." }]],
  ["symlinks in a circle", "E_TAR_PATH", [symlink("a", "b"), symlink("b", "a"), file("a/x")]],
  ["a hard link to nothing", "E_TAR_LINK", [link("a", "missing")]],
  ["a hard link out of the root", "E_TAR_PATH", [link("a", "../../etc/shadow")]],
  ["a hard link to a folder", "E_TAR_LINK", [folder("d"), link("a", "d")]],
  ["a symlink to nowhere at all", "E_TAR_LINK", [symlink("a", "")]],
  ["a path of 5000 folders", "E_TAR_PATH", [file(`${"d/".repeat(5000)}x`)]],
];

describe("a layer that makes no sense is refused by name", () => {
  test.each(refused)("%s", async (_, code, members) => {
    const failure = await failureOf(openLayers([members]));
    expect(failure).toMatchObject({ code, kind: "contract" });
    expect(String(failure)).toContain("layer 0");
  });
});
