import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { LayerTable } from "../../../../internal/image/layer/layer-table.ts";
import { membersIn } from "../../../../internal/image/layer/member-chunks.ts";
import { TYPES } from "../../../../internal/image/layer/member-format.ts";
import { MemberWriter } from "../../../../internal/image/layer/member-writer.ts";
import type { Xattrs } from "../../../../internal/image/xattr-set.ts";
import type { TarMember } from "../../../../internal/tar/member.ts";
import { memberChunk } from "../../../helpers/images/member-chunk.ts";

const KEY = "ab".repeat(32);

const sets: (Xattrs | undefined)[] = [
  undefined,
  new Map([["security.capability", new Uint8Array([1, 0, 255])]]),
  new Map([
    ["user.a", new Uint8Array(300)],
    ["user.b", new Uint8Array()],
  ]),
];
const bytes = fc.uint8Array({ maxLength: 300 }).map((some) => Buffer.from(some).toString("latin1"));
const id = fc.nat(0xfffffffe);
const member = fc
  .record({
    type: fc.constantFrom(...TYPES),
    path: bytes,
    target: bytes,
    mode: fc.nat(0o7777),
    uid: id,
    gid: id,
    mtime: fc.oneof(fc.integer(), fc.maxSafeInteger()),
    size: fc.oneof(fc.nat(), fc.constant(2 ** 41)),
    device: fc.tuple(id, id),
    xattrs: fc.constantFrom(...sets),
    sparse: fc.boolean(),
  })
  .map(({ target, device: [devMajor, devMinor], ...rest }) => {
    const isDevice = rest.type === "character-device" || rest.type === "block-device";
    return {
      ...rest,
      linkPath: target,
      ...(isDevice ? { devMajor, devMinor } : { devMajor: 0, devMinor: 0 }),
    };
  });

function tableOf(members: readonly Omit<TarMember, "ordinal" | "contentOffset">[]) {
  const writer = new MemberWriter();
  const numbered = members.map((each, ordinal) => ({ ...each, ordinal, contentOffset: 0 }));
  for (const each of numbered) writer.add(each);
  return { table: LayerTable.of(writer), numbered };
}

const filesTable = (paths: readonly string[]) =>
  tableOf(
    paths.map((path) => ({
      type: "file",
      path,
      linkPath: "",
      mode: 0o644,
      uid: 0,
      gid: 0,
      mtime: -1,
      size: 9000,
      devMajor: 0,
      devMinor: 0,
      xattrs: sets[1],
      sparse: false,
    })),
  ).table;

const sample = filesTable(["a", "b/c"]);

describe("LayerTable", () => {
  test("members and digests come back as they were", () => {
    fc.assert(
      fc.property(fc.array(member), (members) => {
        const { table, numbered } = tableOf(members);
        const digests = new Map<number, Uint8Array>();
        for (const { ordinal } of numbered) {
          if (ordinal % 3 === 0) continue;
          digests.set(ordinal, new Uint8Array(32 * ((ordinal % 4) + 1)).fill(ordinal));
        }
        // The order of the squashfs is another one than that of the layer.
        for (const [ordinal, some] of [...digests].reverse()) table.digests.add(ordinal, some);
        const decoded = LayerTable.decoded(table.encoded(KEY), KEY)!;
        expect([...decoded.members()]).toEqual(numbered);
        for (const { ordinal } of numbered) {
          expect(decoded.digests.of(ordinal, (ordinal % 4) + 1)).toEqual(digests.get(ordinal));
        }
      }),
    );
  });

  test("a table of another layer, or with any changed or missing byte, is absent", () => {
    const encoded = sample.encoded(KEY);
    expect(LayerTable.decoded(encoded, "cd".repeat(32))).toBeUndefined();
    for (let at = 0; at < encoded.length; at++) {
      const damaged = Buffer.from(encoded);
      damaged[at]! ^= 1;
      expect(LayerTable.decoded(damaged, KEY)).toBeUndefined();
      expect(LayerTable.decoded(encoded.subarray(0, at), KEY)).toBeUndefined();
    }
  });

  test("digests beyond the table are not known", () => {
    const table = filesTable(["a", "b", "c", "d", "e", "f"]);
    table.digests.add(5, new Uint8Array(64).fill(1));
    expect(table.digests.of(5, 2)).toHaveLength(64);
    expect(table.digests.of(5, 3)).toBeUndefined();
    expect(table.digests.of(4, 1)).toBeUndefined();
    expect(table.digests.of(9, 1)).toBeUndefined();
  });

  test("digests that a caller holds stay the same when more digests are added than members", () => {
    const table = filesTable(["a", "b"]);
    table.digests.add(0, new Uint8Array(32).fill(1));
    const held = table.digests.of(0, 1);
    table.digests.add(1, new Uint8Array(32 * 100).fill(2));
    expect(held).toEqual(new Uint8Array(32).fill(1));
    expect(table.digests.of(0, 1)).toEqual(held!);
    expect(table.digests.of(1, 100)).toEqual(new Uint8Array(32 * 100).fill(2));
  });
});

describe("membersIn", () => {
  const file = [0, 1, 97];
  test.each<[string, Buffer]>([
    ["half a chunk", memberChunk(new Uint8Array(9)).subarray(0, 12)],
    ["a chunk that says that it has 4 GB", memberChunk(new Uint8Array(9), 0xffffffff)],
    ["a chunk that has more bytes than it says", memberChunk(new Uint8Array(2 ** 20), 9)],
    [
      "a chunk that is not compressed",
      Buffer.concat([Buffer.from([4, 0, 0, 0, 4, 0, 0, 0]), Buffer.alloc(4)]),
    ],
    ["an unknown type", memberChunk(Uint8Array.from([7, 1, 97, 0, 0, 0, 0, 0]))],
    ["a name beyond the chunk", memberChunk(Uint8Array.from([0, 100, 97]))],
    ["a mode of more bits", memberChunk(Uint8Array.from([...file, 255, 255, 127, 0, 0, 0, 0]))],
    ["a number without an end", memberChunk(Uint8Array.from([...file, ...new Uint8Array(40).fill(128)]))],
    ["a set of attributes of a later member", memberChunk(Uint8Array.from([32, 1, 97, 0, 0, 0, 0, 0, 5]))],
    [
      "a set of more attributes than bytes",
      memberChunk(Uint8Array.from([32, 1, 97, 0, 0, 0, 0, 0, 0, 200, 1])),
    ],
  ])("refuses %s", (_, chunks) => {
    expect(() => [...membersIn(chunks)]).toThrow(RangeError);
  });

  test("any bytes end in members or in a RangeError", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (content) => {
        try {
          expect([...membersIn(memberChunk(content))].length).toBeLessThanOrEqual(content.length);
        } catch (error) {
          expect(error).toBeInstanceOf(RangeError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
