import { afterAll, expect, test } from "bun:test";
import { pathOf } from "../../../internal/image/image-tree.ts";
import { resolve, resolveNoFollow } from "../../../internal/image/resolve.ts";
import { openLayers } from "../../helpers/images/memory-layers.ts";

const symlink = (name: string, link: string) => ({ name, type: "2", link });

const tree = await openLayers([
  [
    { name: "usr/lib/modules/6.1/vmlinuz", content: "kernel" },
    { name: "file", content: "x" },
    symlink("lib", "usr/lib"),
    symlink("absolute", "/usr/lib"),
    symlink("usr/up", "../../../../usr"),
    symlink("shadow", "../../../etc/shadow"),
    symlink("dangling", "nothing"),
    symlink("slash", "/"),
    symlink("to-file", "file"),
    symlink("to-file-slash", "file/"),
    symlink("loop-a", "loop-b"),
    symlink("loop-b", "loop-a"),
    symlink("self", "self/x"),
    ...Array.from({ length: 45 }, (_, i) => symlink(`chain-${i}`, i === 0 ? "file" : `chain-${i - 1}`)),
  ],
]);

afterAll(() => tree[Symbol.asyncDispose]());

test.each<[string, string | undefined]>([
  ["", ""],
  ["/", ""],
  [".", ""],
  ["..", ""],
  ["../../file", "file"],
  ["usr/lib", "usr/lib"],
  ["/usr//lib/./modules/", "usr/lib/modules"],
  ["lib/modules/6.1/vmlinuz", "usr/lib/modules/6.1/vmlinuz"],
  ["absolute/modules", "usr/lib/modules"],
  ["usr/up/lib", "usr/lib"],
  ["usr/up/up/up/lib/../../file", "file"],
  ["slash/slash/file", "file"],
  ["lib/..", "usr"],
  ["to-file", "file"],
  ["chain-39", "file"],
  ["chain-40", undefined],
  ["shadow", undefined],
  ["dangling", undefined],
  ["loop-a", undefined],
  ["self", undefined],
  ["file/", undefined],
  ["file/.", undefined],
  ["file/..", undefined],
  ["file/x", undefined],
  ["to-file/", undefined],
  ["to-file-slash", undefined],
  ["missing/../file", undefined],
])("%j leads to %j", (path, expected) => {
  const found = resolve(tree.root, path);
  expect(found && pathOf(found)).toEqual(expected as never);
});

test("only the last symlink is not followed where that is asked", () => {
  expect(resolveNoFollow(tree.root, "lib")?.inode.target).toBe("usr/lib");
  expect(resolveNoFollow(tree.root, "dangling")?.inode.type).toBe("symlink");
  const below = resolveNoFollow(tree.root, "lib/modules");
  expect(below && pathOf(below)).toBe("usr/lib/modules" as never);
});
