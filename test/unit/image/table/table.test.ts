/** The tables that hold a tree, against plain maps. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { IMPLIED_FOLDER } from "../../../../internal/image/layer/member-inode.ts";
import { ChildIndex } from "../../../../internal/image/table/child-index.ts";
import { TableNode } from "../../../../internal/image/table/table-node.ts";
import { TreeTable } from "../../../../internal/image/table/tree-table.ts";

const seed = Number(process.env.PLATTER_SEED ?? Date.now() % 2 ** 31);

test(`an index finds what is in it, and nothing else, however hashes collide (seed ${seed})`, () => {
  const step = fc.record({ node: fc.integer({ min: 1, max: 3000 }), add: fc.boolean() });
  const run = fc.array(step, { minLength: 100, maxLength: 4000, size: "max" });
  fc.assert(
    fc.property(run, fc.constantFrom(1, 7, 64, 4096), (steps, hashes) => {
      const hashOf = (node: number) => (node % hashes) * 0x9e3779b1;
      const index = new ChildIndex(hashOf);
      const there = new Set<number>();
      for (const { node, add } of steps) {
        const found = index.find(hashOf(node), (each) => each === node);
        expect(found).toBe(there.has(node) ? node : 0);
        if (add && found === 0) {
          index.add(node);
          there.add(node);
        } else if (!add && found !== 0) {
          index.remove(node);
          there.delete(node);
        }
      }
    }),
    { seed, numRuns: 15 },
  );
}, 60_000);

describe("a tree as a table", () => {
  const file = { ...IMPLIED_FOLDER, type: "file" } as const;

  test("many names in one folder, taken out at both ends and in the middle, in byte order at last", () => {
    const table = new TreeTable();
    const root = table.addRoot(table.inodes.add(IMPLIED_FOLDER));
    const names = Array.from({ length: 20_000 }, (_, i) =>
      `${(i * 7919) % 20_000}\xff`.padStart(1 + (i % 200), "x"),
    );
    for (const name of names) {
      if (table.child(root, name) === 0) table.addChild(root, name, table.inodes.add(file));
    }
    const kept = new Set(names);
    for (const [i, name] of [...kept].entries()) {
      if (i % 3 !== 0 && i > 5 && i < 19_990) continue;
      table.remove(table.child(root, name));
      kept.delete(name);
    }
    table.sort(root);
    const { children } = new TableNode(table, root);
    expect([...(children?.keys() ?? [])]).toEqual([...kept].sort());
    expect(children?.size).toBe(kept.size);
    for (const name of kept) expect(children?.get(name)?.name).toBe(name);
    expect(names.filter((name) => children?.has(name)).length).toBe(
      names.filter((name) => kept.has(name)).length,
    );
  });

  test("its nodes are maps like others", () => {
    const table = new TreeTable();
    const root = table.addRoot(table.inodes.add(IMPLIED_FOLDER));
    const folder = table.addChild(root, "d", table.inodes.add(IMPLIED_FOLDER));
    table.addChild(folder, "b", table.inodes.add(file));
    table.addChild(folder, "a", table.inodes.add(file));
    table.sort(root);
    const node = new TableNode(table, root).children?.get("d");
    expect([...(node?.children ?? [])].map(([name, child]) => [name, child.name, child.inode.type])).toEqual([
      ["a", "a", "file"],
      ["b", "b", "file"],
    ]);
    const seen: string[] = [];
    node?.children?.forEach((child, name, all) => {
      seen.push(`${name} ${child.name} ${all.size}`);
    });
    expect(seen).toEqual(["a a 2", "b b 2"]);
    expect([...(node?.children?.values() ?? [])].map((child) => child.parent?.name)).toEqual(["d", "d"]);
    expect(node?.children?.get("a")?.children).toBeUndefined();
    expect(node?.children?.get("c")).toBeUndefined();
    expect(node?.parent?.parent).toBeUndefined();
  });

  test("an inode can be written to, and is counted", () => {
    const table = new TreeTable();
    const index = table.inodes.add({
      ...file,
      mode: 0o644,
      uid: 4_294_967_294,
      gid: 1,
      mtime: -5,
      size: 2 ** 45,
    });
    const inode = table.inodes.get(index);
    expect(inode).toMatchObject({
      mode: 0o644,
      uid: 4_294_967_294,
      gid: 1,
      mtime: -5,
      size: 2 ** 45,
      links: 1,
    });
    expect([inode.locator, inode.target, inode.devMajor, inode.devMinor, inode.xattrs]).toEqual(
      Array(5).fill(undefined),
    );
    const xattrs = new Map([["user.a", new Uint8Array([1])]]);
    Object.assign(inode, { mode: 0o4755, uid: 3, gid: 4, mtime: 7, size: 8, links: 2, xattrs });
    const again = table.inodes.get(index);
    expect(again).toMatchObject({ mode: 0o4755, uid: 3, gid: 4, mtime: 7, size: 8, links: 2 });
    expect(again.xattrs).toBe(xattrs);
    expect(table.inodes.get(index)).toBe(again);
    again.xattrs = undefined;
    expect(inode.xattrs).toBeUndefined();
  });
});
