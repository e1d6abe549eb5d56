/** Builds of an image that changed since the last build: with a cache, and with the earlier ISO. */
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { seededNoise } from "../helpers/noise.ts";
import { BINARY, OUTPUT } from "./chains.ts";
import type { Input } from "./input.ts";
import { measure } from "./meter.ts";
import { run } from "./programs.ts";
import type { Run } from "./table.ts";

/** A package of some 18 MB that the change upgrades. */
const UPGRADED = "coreutils";
const ADDED = 5 * 1024 * 1024;
const PAGE = 4096;

const KINDS = ["cold", "cold, empty cache", "cache", "--reuse"] as const;
const SOURCES = ["folder", "OCI archive"] as const;

/** The columns of the tables. Each is compared with the first one of its source. */
export const REBUILDS = SOURCES.flatMap((source) => KINDS.map((kind) => `${source}: ${kind}`));

/**
 * Measures builds of the changed image in turn. `folder` is the measured file system, and `kept` a folder besides it.
 * Returns the runs by the names in {@link REBUILDS}.
 */
export async function measureRebuilds(
  { base, changed }: { base: Input; changed: Input },
  { folder, kept, runs, log }: { folder: string; kept: string; runs: number; log: (text: string) => void },
): Promise<Map<string, Run[]>> {
  const done = new Map<string, Run[]>(REBUILDS.map((name) => [name, []]));
  const references = (input: Input) => [`dir:${input.tree}`, `oci-archive:${input.archive}`] as const;
  for (const [i, source] of SOURCES.entries()) {
    const place = join(kept, `rebuild-${i}`);
    rmSync(place, { recursive: true, force: true });
    mkdirSync(place, { recursive: true });
    const earlier = { iso: `${place}/earlier.iso`, cache: `${place}/cache` };
    run([BINARY, "build", references(base)[i]!, "-o", earlier.iso, "--cache", earlier.cache]);
    for (let turn = 1; turn <= runs; turn++) {
      for (const kind of KINDS) {
        run(["find", folder, "-mindepth", "1", "-not", "-name", "lost+found", "-delete"]);
        if (kind === "cache")
          cpSync(earlier.cache, `${folder}/cache`, { recursive: true, preserveTimestamps: true });
        run(["sync", "-f", folder]);
        const output = join(folder, OUTPUT);
        const argv = [
          BINARY,
          "build",
          references(changed)[i]!,
          "-o",
          output,
          ...optionsOf(kind, folder, earlier.iso),
        ];
        const cost = await measure(argv, folder);
        done.get(`${source}: ${kind}`)!.push({ ...cost, size: statSync(output).size });
        log(`${source}, ${kind}, run ${turn} of ${runs}: ${cost.wall.toFixed(1)} s`);
      }
    }
    rmSync(place, { recursive: true });
  }
  return done;
}

function optionsOf(kind: (typeof KINDS)[number], folder: string, iso: string): string[] {
  switch (kind) {
    case "cold":
      return [];
    case "cold, empty cache":
    case "cache":
      return ["--cache", `${folder}/cache`];
    case "--reuse":
      return ["--reuse", iso];
    default:
      return kind satisfies never;
  }
}

/** Makes a folder with one more layer for a tree: it edits `/etc/hosts`, upgrades a package, and adds a file. */
export function writeChange(tree: string, layer: string): void {
  write(`${layer}/etc/hosts`, "127.0.0.1 localhost changed\n");
  const words = Array.from(
    seededNoise(ADDED / 4, 9),
    (byte, i) => `${(byte * 251 + (i % 7)).toString(36)} `,
  ).join("");
  write(`${layer}/usr/share/added`, words.slice(0, ADDED));
  const list = readFileSync(`${tree}/var/lib/dpkg/info/${UPGRADED}.list`, "utf8").trim().split("\n");
  for (const path of list) {
    const file = `${tree}${path}`;
    const info = lstatSync(file, { throwIfNoEntry: false });
    if (info?.isFile() !== true) continue;
    const content = readFileSync(file);
    // As compiling a program again does: some bytes of every page.
    const noise = seededNoise(Math.ceil(content.length / PAGE), content.length);
    for (let page = 0; page * PAGE + 60 < content.length; page++) content[page * PAGE + 60] = noise[page]!;
    // The folders of programs are links to those in /usr.
    const target = `${layer}${path.replace(/^\/(bin|sbin|lib)\//, "/usr/$1/")}`;
    write(target, content);
    chmodSync(target, info.mode & 0o7777);
  }
}

function write(path: string, content: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, content);
}
