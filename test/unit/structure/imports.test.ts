/** Which folders of internal/ may import which, and how large folders may be. */

import { expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

/** The folders of internal/ from the ground up: a file imports its own folder and the folders before it. */
const RANKS = [
  "base",
  "os",
  "text",
  "html",
  "bytes",
  "files",
  "process",
  "lzma",
  "bzip2",
  "compression",
  "fat",
  "pe",
  "iso-format",
  "isomd5",
  "image",
  "tar",
  "image/table",
  "image/decompress",
  "image/layer",
  "image/source",
  "image/open",
  "initramfs",
  "selinux",
  "squashfs/blocks",
  "squashfs",
  "rootfs",
  "grub",
  "payload",
  "contract/findings",
  "contract/config",
  "contract/pieces",
  "contract/checks",
  "contract/plan",
  "iso/write",
  "iso",
  "iso/read",
  "verify",
  "reuse",
  "sizes",
  "boot/firmware",
  "boot/control",
  "boot",
  "documents",
  "containerfile",
  "ui",
  "ui/sizes",
  "pipeline/work",
  "pipeline/stage",
  "pipeline",
];

const MOST_FILES = 25;

const IMPORT = /\b(?:from|import)\s*\(?\s*"(\.[^"]+)"/g;

const sources = readdirSync(join(ROOT, "internal"), { recursive: true, encoding: "utf8" })
  .filter((path) => path.endsWith(".ts"))
  .sort();

/** The project's files that a source imports, as paths from the project's folder. */
function importsOf(path: string, text: string): string[] {
  return [...text.matchAll(IMPORT)].map(([, specifier = ""]) => normalize(join(dirname(path), specifier)));
}

function backwardImports(path: string, text: string): string[] {
  const rank = RANKS.indexOf(dirname(path));
  return importsOf(join("internal", path), text).filter((imported) => {
    if (imported.startsWith("cmd/") || imported.startsWith("test/")) return true;
    if (!imported.startsWith("internal/")) return false;
    const other = RANKS.indexOf(dirname(imported.slice("internal/".length)));
    return other === -1 || other > rank;
  });
}

test("internal/: every folder with files has a rank, and every rank has a folder", () => {
  expect([...new Set(sources.map(dirname))].sort()).toEqual([...RANKS].sort());
});

test("internal/: no file imports a folder with a higher rank", () => {
  const backward = sources.flatMap((path) =>
    backwardImports(path, readFileSync(join(ROOT, "internal", path), "utf8")).map(
      (imported) => `${path} imports ${imported}`,
    ),
  );
  expect(backward).toEqual([]);
});

test("backwardImports: a static, a dynamic and a type import are found", () => {
  const text = `
    import { a } from "../pipeline/build.ts";
    import type { B } from "../verify/verify.ts";
    const c = await import("../../cmd/main.ts");
    import { d } from "../base/error.ts";
  `;
  expect(backwardImports("iso/layout.ts", text)).toEqual([
    "internal/pipeline/build.ts",
    "internal/verify/verify.ts",
    "cmd/main.ts",
  ]);
});

test.each(["internal", "cmd", "test"])("%s/: no folder has more files than a reader can survey", (top) => {
  const counts = new Map<string, number>();
  for (const entry of readdirSync(join(ROOT, top), { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue;
    counts.set(entry.parentPath, (counts.get(entry.parentPath) ?? 0) + 1);
  }
  expect([...counts].filter(([, count]) => count > MOST_FILES)).toEqual([]);
});

/** The files on an import cycle, imports of types included; empty without a cycle. */
function cycleIn(imports: ReadonlyMap<string, readonly string[]>): string[] {
  const done = new Set<string>();
  const path: string[] = [];
  const visit = (file: string): string[] => {
    const start = path.indexOf(file);
    if (start !== -1) return path.slice(start);
    if (done.has(file)) return [];
    path.push(file);
    for (const imported of imports.get(file) ?? []) {
      const cycle = visit(imported);
      if (cycle.length > 0) return cycle;
    }
    path.pop();
    done.add(file);
    return [];
  };
  for (const file of imports.keys()) {
    const cycle = visit(file);
    if (cycle.length > 0) return cycle;
  }
  return [];
}

test("internal/ and cmd/: no file imports itself over others, not even for a type", () => {
  const imports = new Map<string, readonly string[]>();
  for (const top of ["internal", "cmd"]) {
    for (const name of readdirSync(join(ROOT, top), { recursive: true, encoding: "utf8" })) {
      const path = join(top, name);
      if (path.endsWith(".ts")) imports.set(path, importsOf(path, readFileSync(join(ROOT, path), "utf8")));
    }
  }
  expect(imports.size).toBeGreaterThan(300);
  expect(cycleIn(imports)).toEqual([]);
});

test("internal/, cmd/ and test/: an import of the project's own files names the file with its ending", () => {
  const without: string[] = [];
  for (const top of ["internal", "cmd", "test"]) {
    for (const name of readdirSync(join(ROOT, top), { recursive: true, encoding: "utf8" })) {
      // This file has examples of imports in a text.
      if (!name.endsWith(".ts") || name.endsWith("structure/imports.test.ts")) continue;
      const imports = importsOf(join(top, name), readFileSync(join(ROOT, top, name), "utf8"));
      for (const imported of imports) {
        if (!existsSync(join(ROOT, imported))) without.push(`${join(top, name)} imports ${imported}`);
      }
    }
  }
  expect(without).toEqual([]);
});

test("cycleIn: the files of a cycle are named, and files that only lead to it are not", () => {
  const imports = new Map([
    ["a", ["b", "d"]],
    ["b", ["c"]],
    ["c", ["b"]],
    ["d", []],
  ]);
  expect(cycleIn(imports)).toEqual(["b", "c"]);
  expect(
    cycleIn(
      new Map([
        ["a", ["b", "c"]],
        ["b", ["c"]],
        ["c", []],
      ]),
    ),
  ).toEqual([]);
});
