/** A Debian desktop as a folder, and as an OCI archive with one layer for some packages each. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, resolve } from "node:path";
import { OciMaker } from "../helpers/images/oci-maker.ts";
import type { Input } from "./input.ts";
import { run } from "./programs.ts";
import { writeChange } from "./rebuild.ts";

const FIXTURE = resolve(import.meta.dir, "../fixtures/desktop.sh");
/** Layers with packages. One more layer has the files of no package. */
const LAYERS = 59;

/** Makes the desktop in a folder, once. */
export function desktopInput(folder: string): Input {
  makeDesktop(folder);
  return {
    tree: join(folder, "tree"),
    archive: join(folder, "base.oci.tar"),
    [Symbol.asyncDispose]: async () => undefined,
  };
}

/** The desktop with one more layer. Its tree is mounted. */
export function changedDesktopInput(folder: string): Input {
  makeDesktop(folder);
  const tree = join(folder, "changed");
  mkdirSync(tree, { recursive: true });
  const lower = `lowerdir=${join(folder, "change")}:${join(folder, "tree")}`;
  run(["mount", "-t", "overlay", "overlay", "-o", `ro,${lower}`, tree]);
  return {
    tree,
    archive: join(folder, "changed.oci.tar"),
    [Symbol.asyncDispose]: async () => void run(["umount", tree]),
  };
}

/** The archives are made last, so they are there if everything is. */
function makeDesktop(folder: string): void {
  const [tree, change, layout] = [join(folder, "tree"), join(folder, "change"), join(folder, "layout")];
  if (existsSync(join(folder, "changed.oci.tar"))) return;
  mkdirSync(folder, { recursive: true });
  run([FIXTURE, tree]);
  for (const part of [change, layout]) rmSync(part, { recursive: true, force: true });
  writeChange(tree, change);
  const maker = new OciMaker(layout);
  const layers = layersOf(tree).map((paths) => maker.layer(tarOf(tree, paths), "gzip"));
  archive(maker.add(maker.imageOf(layers)), join(folder, "base.oci.tar"));
  const top = maker.layer(tarOf(change, pathsIn(change)), "gzip");
  const changed = new OciMaker(layout);
  archive(changed.add(changed.imageOf([...layers, top])), join(folder, "changed.oci.tar"));
  rmSync(layout, { recursive: true });
}

function archive({ directory }: OciMaker, path: string): void {
  run(["tar", "-C", directory, "-cf", `${path}.partial`, "."]);
  renameSync(`${path}.partial`, path);
}

/** The paths of each layer: packages in the order of their names, cut into parts of about the same size. */
function layersOf(tree: string): string[][] {
  const owners = ownersIn(tree);
  const files = pathsIn(tree).map((path) => {
    const info = lstatSync(join(tree, path));
    return { path, owner: owners.get(path) ?? "", size: info.isDirectory() ? 0 : info.size };
  });
  const part = files.reduce((sum, { size, owner }) => sum + (owner === "" ? 0 : size), 0) / LAYERS;
  const layers: string[][] = [files.filter(({ owner }) => owner === "").map(({ path }) => path)];
  let filled = part;
  let before = "";
  for (const { path, owner, size } of files.sort((a, b) =>
    a.owner < b.owner ? -1 : a.owner > b.owner ? 1 : 0,
  )) {
    if (owner === "") continue;
    if (filled >= part && owner !== before) {
      layers.push([]);
      filled -= part;
    }
    before = owner;
    layers.at(-1)!.push(path);
    filled += size;
  }
  // The files of no package are made after the packages are installed.
  return [...layers.slice(1), layers[0]!].map(withFolders);
}

/** The package of each path. Folders of many packages count as a part of one of them. */
function ownersIn(tree: string): Map<string, string> {
  const owners = new Map<string, string>();
  const lists = join(tree, "var/lib/dpkg/info");
  for (const name of readdirSync(lists)
    .filter((each) => each.endsWith(".list"))
    .sort()) {
    for (const line of readFileSync(join(lists, name), "utf8").split("\n")) {
      // The folders of programs are links to those in /usr.
      owners.set(line.slice(1).replace(/^(bin|sbin|lib|lib64)\//, "usr/$1/"), basename(name, ".list"));
    }
  }
  return owners;
}

/** The paths with the folders above them, as the layer of an image has them. */
function withFolders(paths: readonly string[]): string[] {
  const all = new Set<string>();
  for (const path of paths) {
    for (let folder = path; folder !== "."; folder = dirname(folder)) {
      if (all.has(folder)) break;
      all.add(folder);
    }
  }
  return [...all].sort();
}

function pathsIn(folder: string): string[] {
  return run(["find", folder, "-mindepth", "1", "-printf", "%P\\n"]).split("\n");
}

function tarOf(folder: string, paths: readonly string[]): Uint8Array {
  const options = [
    "--no-recursion",
    "--numeric-owner",
    "--xattrs",
    "--xattrs-include=*",
    "--format=pax",
    "--pax-option=delete=atime,delete=ctime",
  ];
  const ran = Bun.spawnSync(
    ["tar", "-C", folder, ...options, "--verbatim-files-from", "-T", "-", "-cf", "-"],
    {
      stdin: Buffer.from(paths.join("\n")),
      stderr: "pipe",
    },
  );
  if (ran.exitCode !== 0) throw new Error(ran.stderr.toString());
  return ran.stdout;
}
