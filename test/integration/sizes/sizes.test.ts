/** `platter sizes`: mksquashfs and unsquashfs are the judges of files and folders, and rpm of its own database. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
} from "node:fs";
import { join } from "node:path";
import { memorySource, openFileSource } from "../../../internal/files/byte-source.ts";
import { isoSizes } from "../../../internal/sizes/iso-sizes.ts";
import { rootfsSizes } from "../../../internal/sizes/rootfs-sizes.ts";
import { foldersIn, type SizeNode } from "../../../internal/sizes/size-node.ts";
import { readSquashfs } from "../../../internal/verify/squashfs-superblock.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(120_000);

const KIB = 1024;

let scene: Scene;
beforeAll(() => {
  scene = new Scene("sizes");
});
afterAll(() => scene[Symbol.dispose]());

function run(...argv: string[]): string {
  const { exitCode, stdout, stderr } = Bun.spawnSync(argv, { maxBuffer: 2 ** 30 });
  if (exitCode !== 0) throw new Error(`${argv.join(" ")}: ${stderr.toString()}`);
  return stdout.toString();
}

const sizesOf = (bytes: Buffer) =>
  rootfsSizes(memorySource(bytes), { name: "root.img", path: "/root.img", image: undefined });

/** Files of all kinds: large, small, equal, sparse, hard links, empty folders. */
function makeTree(folder: string): string {
  const noise = (size: number) => seededNoise(size, size);
  const put = (path: string, content: string | Uint8Array) => scene.write(join(folder, path), content);
  put("large", noise(700 * KIB));
  put("a/same", noise(150 * KIB));
  put("a/text", "text\n".repeat(50_000));
  for (let i = 0; i < 40; i++) put(`small/${i}`, noise(i * 100));
  copyFileSync(scene.at(`${folder}/a/same`), scene.at(`${folder}/z-same`));
  copyFileSync(scene.at(`${folder}/small/39`), scene.at(`${folder}/z-small`));
  linkSync(scene.at(`${folder}/large`), scene.at(`${folder}/a/link`));
  put("zeros", new Uint8Array(600 * KIB));
  put("empty", "");
  mkdirSync(scene.at(`${folder}/nothing`));
  symlinkSync("a/text", scene.at(`${folder}/symlink`));
  return scene.at(folder);
}

/** Bytes of content and number of files below a folder. A file with several names has its bytes once. */
function countBelow(folder: string, seen = new Set<number>()): { size: number; files: number } {
  const count = { size: 0, files: 0 };
  for (const name of readdirSync(folder).sort()) {
    const info = lstatSync(join(folder, name));
    if (info.isDirectory()) {
      const below = countBelow(join(folder, name), seen);
      count.size += below.size;
      count.files += below.files;
      continue;
    }
    count.files++;
    if (info.isFile() && !seen.has(info.ino)) count.size += info.size;
    seen.add(info.ino);
  }
  return count;
}

/** The node at a path below a node. */
function at(node: SizeNode, path: string): SizeNode {
  return path.split("/").reduce((found, name) => {
    const child = found.children.find((each) => each.name === name);
    if (child === undefined) throw new Error(`${path} is not there`);
    return child;
  }, node);
}

describe("rootfsSizes", () => {
  for (const [compressor, ...more] of [
    ["gzip"],
    ["zstd"],
    ["zstd", "-no-fragments"],
    ["gzip", "-noI", "-noF"],
  ]) {
    test(`rootfsSizes: mksquashfs -comp ${compressor} ${more.join(" ")}`, async () => {
      const tree = makeTree(`tree-${compressor}${more.join("")}`);
      const image = `${tree}.img`;
      run(
        "mksquashfs",
        tree,
        image,
        "-comp",
        compressor as string,
        "-noappend",
        "-quiet",
        "-no-progress",
        ...more,
      );
      const bytes = readFileSync(image);
      const { node, packages, layers } = await sizesOf(bytes);
      run("unsquashfs", "-quiet", "-no-progress", "-d", `${tree}-out`, image);
      for (const { path, node: folder } of [{ path: "", node }, ...foldersIn(node)]) {
        const { size, files } = folder;
        expect({ path, size, files }).toEqual({ path, ...countBelow(join(`${tree}-out`, path)) });
      }
      // The blocks are between the superblock, with the compressor's options, and the inode table.
      const { value } = await readSquashfs(memorySource(bytes));
      const stored = node.children.reduce((sum, child) => sum + child.bytes, 0);
      const options = (value!.flags & 0x400) === 0 ? 0 : 2 + (bytes.readUInt16LE(96) & 0x7fff);
      expect(stored).toBe(value!.tables!.inode - 96 - options);
      expect(node.bytes).toBe(bytes.length);
      expect([packages, layers]).toEqual([undefined, undefined]);
    });
  }

  test("rootfsSizes: a content with several names counts for the first of them", async () => {
    const tree = makeTree("names");
    run("mksquashfs", tree, `${tree}.img`, "-noappend", "-quiet", "-no-progress");
    const { node } = await sizesOf(readFileSync(`${tree}.img`));
    expect(at(node, "a/link").bytes).toBeGreaterThan(690 * KIB);
    expect(at(node, "large").bytes).toBe(0);
    expect(at(node, "a/same").bytes).toBeGreaterThan(149 * KIB);
    expect(at(node, "z-same").bytes).toBe(0);
    expect(at(node, "small/39").bytes).toBeGreaterThan(3000);
    expect(at(node, "z-small").bytes).toBe(0);
    expect(at(node, "zeros").bytes).toBe(0);
  });

  test("rootfsSizes: a squashfs that platter cannot decompress, or a damaged one, is refused by name", async () => {
    const tree = makeTree("xz");
    run("mksquashfs", tree, `${tree}.img`, "-comp", "xz", "-noappend", "-quiet", "-no-progress");
    const bytes = readFileSync(`${tree}.img`);
    expect(sizesOf(bytes)).rejects.toThrow(
      "Cannot read the names in `/root.img`: platter does not decompress xz",
    );
    expect(sizesOf(bytes.subarray(0, 5000))).rejects.toThrow("Cannot read the names in `/root.img`");
  });
});

describe("packages", () => {
  test("sizes: dpkg's lists, through symlinks of the root; the first list has a file of two", async () => {
    const files = {
      "usr/bin/tool": seededNoise(50 * KIB, 2),
      "usr/lib/tool/data": seededNoise(20 * KIB, 3),
      "usr/bin/other": "other",
      "srv/own": seededNoise(10 * KIB, 4),
      "var/lib/dpkg/info/tool.list": "/.\n/bin\n/bin/tool\n/usr/lib/tool\n/usr/lib/tool/data\n",
      "var/lib/dpkg/info/other:amd64.list": "/bin/other\n/bin/tool\n",
    };
    for (const [path, content] of Object.entries(files)) scene.write(join("dpkg", path), content);
    const lists =
      files["var/lib/dpkg/info/tool.list"].length + files["var/lib/dpkg/info/other:amd64.list"].length;
    symlinkSync("usr/bin", scene.at("dpkg/bin"));
    run("mksquashfs", scene.at("dpkg"), scene.at("dpkg.img"), "-noappend", "-quiet", "-no-progress");
    const { packages } = await sizesOf(readFileSync(scene.at("dpkg.img")));
    expect(packages?.map(({ name, size, files }) => ({ name, size, files }))).toEqual([
      { name: "other", size: 50 * KIB + 5, files: 2 },
      { name: "tool", size: 20 * KIB, files: 1 },
      { name: undefined, size: 10 * KIB + lists, files: 3 },
    ]);
  });

  test("sizes: a list with a damaged name leads nowhere", async () => {
    scene.write("hostile/var/lib/dpkg/info/x.list", "/../../etc/passwd\n//\n/loop/loop/x\nrelative\n\0\n");
    symlinkSync("loop", scene.at("hostile/loop"));
    run("mksquashfs", scene.at("hostile"), scene.at("hostile.img"), "-noappend", "-quiet", "-no-progress");
    const { packages } = await sizesOf(readFileSync(scene.at("hostile.img")));
    expect(packages?.map(({ name }) => name)).toEqual([undefined]);
  });
});

describe("platter sizes", () => {
  test("sizes: an image with layers, and its ISO, have the same numbers", async () => {
    tinyImage(scene.at("image"));
    const layer = (name: string) => {
      const tar = scene.at(`${name}.tar`);
      run("tar", "-C", scene.at(name), "--format=pax", "--sort=name", "-cf", tar, ".");
      return readFileSync(tar);
    };
    scene.write("upper/opt/large", seededNoise(400 * KIB, 5));
    const release = 'ID=tiny\nNAME="Tiny Linux"\nVERSION_ID=8\n';
    scene.write("upper/etc/os-release", release);
    const maker = new OciMaker(scene.at("layers"));
    maker.add(maker.image([layer("image"), layer("upper")]), "os");
    const fromImage = await scene.succeed(["sizes", "oci:layers", "--json"]);
    await scene.succeed(["build", "oci:layers", "-o", "os.iso"]);
    const fromIso = await scene.succeed(["sizes", "os.iso", "--image", "oci:layers", "--json"]);
    const [ofImage, ofIso] = [fromImage, fromIso].map(({ stdout }) => JSON.parse(stdout));
    expect(ofImage.rootfs).toEqual(ofIso.rootfs);
    expect(ofIso.size).toBe(statSync(scene.at("os.iso")).size);
    const [{ layers, bytes }] = ofIso.rootfs;
    expect(layers.map(({ layer, files }: { layer: number; files: number }) => ({ layer, files }))).toEqual([
      { layer: 0, files: expect.any(Number) },
      { layer: 1, files: 2 },
    ]);
    expect(layers[1].bytes).toBeGreaterThan(400 * KIB);
    expect(layers[1].size).toBe(400 * KIB + release.length);
    expect(bytes).toBeGreaterThan(layers[0].bytes + layers[1].bytes);
    const text = (await scene.succeed(["sizes", "os.iso", "--image", "oci:layers", "--top", "3"])).stdout;
    expect(text).toContain("largest folders in /LiveOS/squashfs.img");
    expect(text).toMatch(/layer 2 of 2, [0-9a-f]{12}: test/);
    expect(readdirSync(scene.tmp)).toEqual([]);
  });

  test("sizes: the parts of an ISO add up to it", async () => {
    await using source = await openFileSource(scene.at("os.iso"));
    const { size, root } = await isoSizes(source, undefined);
    expect(root.bytes).toBe(size);
    const part = (name: string) => root.children.find((child) => child.name === name)!;
    expect(part("EFI system partition").bytes).toBeGreaterThan(0);
    // The system area, descriptors and directories of two volumes, both copies of the GPT, and padding.
    const structures = part("directories, partition tables and padding").bytes;
    expect(structures).toBeGreaterThan(32 * KIB);
    expect(structures).toBeLessThan(2 * 1024 * KIB);
  });
});

if (process.env.PLATTER_TEST === "full") {
  test("sizes: the packages of a database that rpm itself wrote", async () => {
    scene.write(
      "hello.spec",
      "Name: hello\nVersion: 1\nRelease: 1\nSummary: s\nLicense: MIT\nBuildArch: noarch\n%description\nd\n%files\n/usr/bin/hello\n/usr/share/hello\n",
    );
    scene.write("buildroot/usr/bin/hello", seededNoise(30 * KIB, 6));
    scene.write("buildroot/usr/share/hello/data", seededNoise(20 * KIB, 7));
    const top = `_topdir ${scene.at("rpmbuild")}`;
    run(
      "rpmbuild",
      "--define",
      top,
      "--buildroot",
      scene.at("buildroot"),
      "-bb",
      scene.at("hello.spec"),
      "--noclean",
    );
    const rpm = run("find", scene.at("rpmbuild/RPMS"), "-name", "*.rpm").trim();
    const root = scene.folder("rpm-root");
    run("rpm", "--root", root, "--define", "_dbpath /usr/lib/sysimage/rpm", "-i", "--nodeps", rpm);
    run("mksquashfs", root, scene.at("rpm.img"), "-noappend", "-quiet", "-no-progress");
    const { packages, problems } = await sizesOf(readFileSync(scene.at("rpm.img")));
    expect(problems).toEqual([]);
    expect(packages?.find(({ name }) => name === "hello")).toEqual({
      name: "hello",
      bytes: expect.any(Number),
      size: 50 * KIB,
      files: 2,
    });
  });
}
