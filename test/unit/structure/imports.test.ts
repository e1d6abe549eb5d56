/** Which folders of internal/ may import which, and how large folders may be. */

import { expect, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, normalize, resolve } from "node:path";

const ROOT = resolve(import.meta.dir, "../../..");

/** The folders of internal/ from the ground up: a file imports its own folder and the folders before it. */
const RANKS = [
  "base",
  "os",
  "text",
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
  "boot/firmware",
  "boot",
  "ui",
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
