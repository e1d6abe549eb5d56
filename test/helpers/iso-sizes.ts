/** Sizes of a made-up ISO, for the tests of how sizes look. */
import type { LayerSize, PackageSize } from "../../internal/sizes/rootfs-sizes.ts";
import { folderNode, type SizeNode, structureNode } from "../../internal/sizes/size-node.ts";

export const MIB = 1024 * 1024;
export const HOSTILE = '"><script>alert(1)</script>\x1b[2J';

function file(name: string, bytes: number): SizeNode {
  return { name, kind: "file", bytes, size: 2 * bytes, files: 1, children: [] };
}

const folder = (name: string, ...children: SizeNode[]) => folderNode({ name, kind: "folder" }, children);

/** An ISO of 100 MiB. */
export function isoOf(packages?: PackageSize[], layers?: LayerSize[]) {
  const node = folderNode({ name: "squashfs.img", kind: "squashfs", own: MIB }, [
    folder("usr", folder("lib", file("big", 50 * MIB), file("small", 9 * MIB)), file(HOSTILE, 10 * MIB)),
    folder("etc", file("x", MIB)),
  ]);
  const root = folder(
    "",
    folder("LiveOS", node),
    file("kernel", 20 * MIB),
    structureNode("padding", 9 * MIB),
  );
  return {
    size: root.bytes,
    root,
    rootfs: [{ path: "/LiveOS/squashfs.img", node, packages, layers, problems: [] }],
    sourceLayers: [
      { diffId: "sha256:aaaaaaaaaaaaaaaa", createdBy: undefined },
      { diffId: "sha256:bbbbbbbbbbbbbbbb", createdBy: `RUN  one\n\ttwo \x1b[31m ${"long ".repeat(40)}` },
    ],
  };
}
