/** Labels from policies: libselinux is the judge. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, lstatSync, readdirSync, readFileSync, type Stats, writeFileSync } from "node:fs";
import type { BytePath } from "../../../internal/bytes/byte-path.ts";
import { latin1ToBytes, toBytePath } from "../../../internal/bytes/byte-path.ts";
import type { EntryType } from "../../../internal/image/image-tree.ts";
import { matchingOrderOf } from "../../../internal/selinux/matching-order.ts";
import { type PolicyTexts, SelinuxPolicy } from "../../../internal/selinux/policy.ts";
import { Scene } from "../../helpers/scene.ts";
import { CONTEXTS, HOMEDIRS, LOCAL, SUBS, SUBS_DIST } from "../../helpers/selinux/fedora-policy.ts";
import { libselinuxFile, lookUpAll } from "../../helpers/selinux/libselinux.ts";
import { madeUpPaths, type TypedPath } from "../../helpers/selinux/made-up-paths.ts";

setDefaultTimeout(600_000);

/** selinux-policy-default. */
const DEBIAN = "/etc/selinux/default/contexts/files/file_contexts";
const SUFFIXES: Readonly<Record<keyof PolicyTexts, string>> = {
  contexts: "",
  homedirs: ".homedirs",
  local: ".local",
  subs: ".subs",
  subsDist: ".subs_dist",
};

let scene: Scene;
beforeAll(() => {
  scene = new Scene("selinux-oracle");
});
afterAll(() => scene[Symbol.dispose]());

/** Writes a policy's texts without the compiled twins, and compares both for all paths. */
function compare(texts: PolicyTexts, name: string, paths: readonly TypedPath[]): void {
  const file = scene.at(`${name}.file_contexts`);
  for (const [key, suffix] of Object.entries(SUFFIXES)) {
    const text = texts[key as keyof PolicyTexts];
    if (text !== undefined) writeFileSync(`${file}${suffix}`, latin1ToBytes(text));
  }
  const order = matchingOrderOf(readFileSync(libselinuxFile()));
  const policy = new SelinuxPolicy(texts, { file, order });
  const expected = lookUpAll(file, paths);
  const wrong = paths.flatMap(({ path, type }, index) => {
    const found = policy.contextOf(path.slice(1) as BytePath, type);
    return found === expected[index] ? [] : [{ path, type, found, expected: expected[index] }];
  });
  expect(wrong.slice(0, 20)).toEqual([]);
  expect(new Set(expected).size).toBeGreaterThan(20);
}

function debianPolicy(): PolicyTexts {
  const read = (suffix: string) =>
    existsSync(DEBIAN + suffix) ? readFileSync(DEBIAN + suffix, "latin1") : undefined;
  return {
    contexts: read("") ?? "",
    homedirs: read(".homedirs"),
    local: read(".local"),
    subs: read(".subs"),
    subsDist: read(".subs_dist"),
  };
}

/** As the functions of platter get them: one byte a character. */
const bytes = (text: string) => Buffer.from(text, "utf8").toString("latin1");

const FEDORA: PolicyTexts = {
  contexts: bytes(CONTEXTS),
  homedirs: HOMEDIRS,
  local: LOCAL,
  subs: SUBS,
  subsDist: SUBS_DIST,
};

/** Patterns and aliases of a policy, the aliases often enough to be tried. */
function patternsOf(texts: PolicyTexts): string[] {
  const lines = (text: string | undefined) => (text ?? "").split("\n").filter((line) => /^[^#\s]/.test(line));
  const patterns = [texts.contexts, texts.homedirs, texts.local].flatMap(lines);
  const aliases = [texts.subs, texts.subsDist]
    .flatMap(lines)
    .map((line) => `${line.split(/\s/, 1)[0]}(/.*)?`);
  return [...patterns.map((line) => line.split(/\s/, 1)[0]!), ...Array(20).fill(aliases).flat()];
}

/** Lines for these folders are few and general, and libselinux takes most of the time. */
const UNIFORM = /^\/usr\/(?:include|share|src)\//;

/** Every path that a Debian package installed here outside of {@link UNIFORM}, with its type. */
function installedPaths(): TypedPath[] {
  const folder = "/var/lib/dpkg/info";
  const lists = readdirSync(folder).filter((name) => name.endsWith(".list"));
  const paths = new Set(lists.flatMap((name) => readFileSync(`${folder}/${name}`, "utf8").split("\n")));
  return [...paths].flatMap((path) => {
    const stat =
      path.startsWith("/") && !UNIFORM.test(path) ? lstatSync(path, { throwIfNoEntry: false }) : undefined;
    const type = stat === undefined ? undefined : typeOf(stat);
    return type === undefined ? [] : [{ path: `/${path === "/." ? "" : toBytePath(path)}`, type }];
  });
}

function typeOf(stat: Stats): EntryType | undefined {
  if (stat.isFile()) return "file";
  if (stat.isDirectory()) return "directory";
  return stat.isSymbolicLink() ? "symlink" : undefined;
}

test("SelinuxPolicy: Debian's policy gives each path of an installed Debian libselinux's context", () => {
  const paths = installedPaths();
  expect(paths.length).toBeGreaterThan(16_000);
  compare(debianPolicy(), "installed", paths);
});

test("SelinuxPolicy: Debian's policy gives made-up paths libselinux's context", () => {
  const texts = debianPolicy();
  compare(texts, "debian", madeUpPaths(patternsOf(texts), { count: 5000, seed: 21 }));
});

test("SelinuxPolicy: a policy in Fedora's form gives made-up paths libselinux's context", () => {
  compare(FEDORA, "fedora", madeUpPaths(patternsOf(FEDORA), { count: 5000, seed: 42 }));
});
