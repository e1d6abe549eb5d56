/** Attributes that only an ostree repository in the image has. */
import { describe, expect, test } from "bun:test";
import { parseAttributes, restoreOstreeXattrs } from "../../../internal/image/ostree-xattrs.ts";
import { resolve } from "../../../internal/image/resolve.ts";
import { openLayers } from "../../helpers/images/memory-layers.ts";
import type { Member } from "../../helpers/images/tar-maker.ts";

const OBJECTS = "sysroot/ostree/repo/objects";
const CAPABILITY = Buffer.from("0100000200200000000000000000000000000000", "hex");

/** A GVariant `a(ayay)`; all offsets of the tests fit a byte or two. */
function variant(attributes: readonly (readonly [string, Uint8Array])[]): Buffer {
  const offset = (value: number, size: number) => {
    const bytes = Buffer.alloc(size);
    bytes.writeUIntLE(value, 0, size);
    return bytes;
  };
  const pairs = attributes.map(([name, value]) => {
    const first = Buffer.from(`${name}\0`);
    const length = first.length + value.length;
    return Buffer.concat([first, value, offset(first.length, length + 1 <= 255 ? 1 : 2)]);
  });
  const length = pairs.reduce((sum, pair) => sum + pair.length, 0);
  const size = length + pairs.length <= 255 ? 1 : 2;
  let end = 0;
  const ends = pairs.map((pair) => {
    end += pair.length;
    return offset(end, size);
  });
  return Buffer.concat([...pairs, ...ends]);
}

const link = (name: string, target: string): Member => ({ name, type: "1", link: target });

function object(name: string, path: string, set: string, pax: Member["pax"] = []): Member[] {
  return [
    { name: `${OBJECTS}/${name}.file`, content: name, pax },
    link(path, `${OBJECTS}/${name}.file`),
    link(`${OBJECTS}/${name}.file-xattrs-link`, `${OBJECTS}/${set}.file-xattrs`),
  ];
}

/** Attributes of a path after they were restored, values as hexadecimal digits. */
async function restored(members: readonly Member[], path: string): Promise<Record<string, string>> {
  await using tree = await openLayers([members]);
  await restoreOstreeXattrs(tree);
  const xattrs = resolve(tree.root, path)?.inode.xattrs ?? [];
  return Object.fromEntries([...xattrs].map(([name, value]) => [name, Buffer.from(value).toString("hex")]));
}

describe("restoreOstreeXattrs", () => {
  const label = Buffer.from("system_u:object_r:bin_t:s0\0");
  const both = variant([
    ["security.capability", CAPABILITY],
    ["security.selinux", label],
  ]);
  const set: Member = { name: `${OBJECTS}/aa/both.file-xattrs`, content: both };

  test("a file gets what its object has, its label as a layer's", async () => {
    const members = [set, ...object("cc/one", "usr/bin/newuidmap", "aa/both")];
    expect(await restored(members, "usr/bin/newuidmap")).toEqual({
      "layer.security.selinux": label.toString("hex"),
      "security.capability": CAPABILITY.toString("hex"),
    });
  });

  test("attributes that the file has stay", async () => {
    const pax = [
      ["SCHILY.xattr.security.capability", "own"],
      ["SCHILY.xattr.user.other", "x"],
    ] as const;
    const members = [set, ...object("cc/one", "usr/bin/newuidmap", "aa/both", pax)];
    expect(await restored(members, "usr/bin/newuidmap")).toMatchObject({
      "security.capability": Buffer.from("own").toString("hex"),
      "user.other": "78",
    });
  });

  test("an object that is not valid counts as empty", async () => {
    const broken: Member = {
      name: `${OBJECTS}/aa/both.file-xattrs`,
      content: "security.capability\0\x01\x02",
    };
    expect(await restored([broken, ...object("cc/one", "usr/bin/x", "aa/both")], "usr/bin/x")).toEqual({});
  });

  test("an image without a repository stays as it is", async () => {
    expect(await restored([{ name: "usr/bin/x", content: "x" }], "usr/bin/x")).toEqual({});
  });
});

describe("parseAttributes", () => {
  test("names and values of all sizes", () => {
    const long = Buffer.alloc(300, 7);
    const attributes = [
      ["user.empty", Buffer.alloc(0)],
      ["user.long", long],
    ] as const;
    const parsed = parseAttributes(variant(attributes));
    expect(parsed?.map(([name, value]) => [name, Buffer.from(value).toString("hex")])).toEqual([
      ["user.empty", ""],
      ["user.long", long.toString("hex")],
    ]);
    expect(parseAttributes(new Uint8Array(0))).toEqual([]);
  });

  test("overlayfs's own attributes are left out", () => {
    expect(parseAttributes(variant([["trusted.overlay.opaque", Buffer.from("y")]]))).toEqual([]);
  });

  test.each([
    ["00"],
    ["ff"],
    ["0102"],
    ["6100016203"],
    ["610001ff"],
    ["00000102"],
  ])("%s is not valid", (hex) => {
    expect(parseAttributes(Buffer.from(hex, "hex"))).toBeUndefined();
  });
});
