/** Which files of an image a program of it takes along, on folders that look like images. */
import { afterAll, describe, expect, test } from "bun:test";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { openDirectory } from "../../internal/image/directory.ts";
import type { Inode } from "../../internal/image/image-tree.ts";
import { closeOver, findInImage, LIKELY_TOOL_FILE } from "../../internal/tool/image-tool.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-image-tool-"));
afterAll(() => rmSync(scratch, { recursive: true }));

const LIBRARIES = [
  ...Bun.spawnSync(["ldd", "/usr/bin/mksquashfs"])
    .stdout.toString()
    .matchAll(/(\/\S+) \(0x/g),
].map(([, path]) => path!);

/** An image with mksquashfs as it lies on this machine, changed by `change`. */
async function image(name: string, change: (root: string) => void = () => undefined) {
  const root = join(scratch, name);
  const put = (from: string, to: string) => {
    mkdirSync(dirname(join(root, to)), { recursive: true });
    copyFileSync(from, join(root, to));
    chmodSync(join(root, to), 0o755);
  };
  put("/usr/bin/mksquashfs", "/usr/bin/mksquashfs");
  for (const library of LIBRARIES) put(library, library);
  change(root);
  const tree = await openDirectory(root, { signal: new AbortController().signal });
  const reads: string[] = [];
  const read = async (inode: Inode) => {
    const chunks: Uint8Array[] = [];
    for await (const chunk of tree.read(inode)) chunks.push(chunk);
    reads.push(String(inode.size));
    return Buffer.concat(chunks);
  };
  const program = findInImage(tree.root, "mksquashfs");
  const tool = program && (await closeOver(program, { root: tree.root, architecture: "x86_64", read }));
  return { tree, program, tool, reads };
}

describe("closeOver", () => {
  test("finds the loader and every library, by the names that the loader looks for", async () => {
    const { tool } = await image("whole");
    const names = LIBRARIES.map((path) => path.split("/").pop()!);
    expect(tool?.loader?.path).toMatch(/\/ld-linux-x86-64\.so\.2$/);
    expect([...tool!.libraries.map(({ name }) => name), "ld-linux-x86-64.so.2"].sort()).toEqual(names.sort());
  });

  test("libgcc_s comes along where it is: glibc loads it without being asked", async () => {
    const { tool } = await image("libgcc", (root) => {
      const folder = dirname(LIBRARIES.find((path) => path.includes("libc.so.6"))!);
      copyFileSync(`${folder}/libgcc_s.so.1`, join(root, folder, "libgcc_s.so.1"));
    });
    expect(tool!.libraries.map(({ name }) => name)).toContain("libgcc_s.so.1");
  });

  test("libraries behind symlinks are found inside the image, under the name that is asked for", async () => {
    const zstd = LIBRARIES.find((path) => path.includes("libzstd"))!;
    const { tool } = await image("links", (root) => {
      rmSync(join(root, zstd));
      mkdirSync(join(root, "opt"));
      copyFileSync(zstd, join(root, "opt/real.so"));
      symlinkSync("/opt/real.so", join(root, zstd));
    });
    const found = tool!.libraries.find(({ name }) => name.includes("libzstd"))!;
    expect(found.file.node.name).toBe("real.so");
  });

  test.each([
    ["a library", (root: string) => rmSync(join(root, LIBRARIES.find((path) => path.includes("liblzma"))!))],
    [
      "the loader",
      (root: string) => rmSync(join(root, LIBRARIES.find((path) => path.includes("ld-linux"))!)),
    ],
  ])("without %s it is no tool", async (name, change) => {
    expect((await image(`without-${name}`, change)).tool).toBeUndefined();
  });

  test("a library that leads to the host is missing", async () => {
    const lzma = LIBRARIES.find((path) => path.includes("liblzma"))!;
    const { tool } = await image("outside", (root) => {
      rmSync(join(root, lzma));
      symlinkSync(`../../../../../../../../..${realpathSync(lzma)}`, join(root, lzma));
    });
    expect(tool).toBeUndefined();
  });

  test("a script is no tool, nor is a file that is larger than any program", async () => {
    const script = await image("script", (root) =>
      writeFileSync(join(root, "usr/bin/mksquashfs"), "#!/bin/sh\n"),
    );
    expect(script.tool).toBeUndefined();
    const huge = await image("huge", (root) => {
      expect(Bun.spawnSync(["truncate", "-s", "1T", join(root, "usr/bin/mksquashfs")]).exitCode).toBe(0);
    });
    expect({ found: huge.program !== undefined, tool: huge.tool, reads: huge.reads }).toEqual({
      found: true,
      tool: undefined,
      reads: [],
    });
  });

  test("names of libraries that are no names are not looked for", async () => {
    const evil = await image("evil", (root) => {
      const path = join(root, "usr/bin/mksquashfs");
      const bytes = Buffer.from(Bun.spawnSync(["cat", "/usr/bin/mksquashfs"]).stdout);
      const at = bytes.indexOf("liblzma.so.5\0");
      bytes.write("../../x.so.5", at, "latin1");
      writeFileSync(path, bytes);
    });
    expect(evil.tool).toBeUndefined();
  });
});

describe("findInImage", () => {
  test("what may not be executed is passed over", async () => {
    const { program } = await image("mode", (root) => chmodSync(join(root, "usr/bin/mksquashfs"), 0o644));
    expect(program).toBeUndefined();
  });

  test("programs of administrators' folders count too", async () => {
    const { tree } = await image("sbin", (root) => {
      mkdirSync(join(root, "usr/sbin"));
      copyFileSync("/usr/bin/mksquashfs", join(root, "usr/sbin/grub2-mkimage"));
      chmodSync(join(root, "usr/sbin/grub2-mkimage"), 0o755);
    });
    expect(findInImage(tree.root, "grub-mkimage")?.path).toBe("/usr/sbin/grub2-mkimage");
  });
});

test("what is likely to be needed is kept from the first reading on", () => {
  const likely = (path: string) => LIKELY_TOOL_FILE.test(path);
  for (const path of [
    ...LIBRARIES.map((each) => each.slice(1)),
    "usr/bin/mksquashfs",
    "usr/sbin/grub2-mkimage",
    "bin/mksquashfs",
  ])
    expect({ path, likely: likely(path) }).toEqual({ path, likely: true });
  for (const path of [
    "usr/bin/bash",
    "usr/lib/x86_64-linux-gnu/libicudata.so.72",
    "opt/mksquashfs",
    "usr/bin/mksquashfs-x",
  ])
    expect({ path, likely: likely(path) }).toEqual({ path, likely: false });
});
