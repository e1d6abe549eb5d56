import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import { parse } from "yaml";
import { parseIsoYaml } from "../../../internal/contract/config/iso-yaml.ts";
import { toVolumeLabel } from "../../../internal/contract/config/label.ts";
import { buildMenu } from "../../../internal/contract/config/menu.ts";
import { parseOsRelease } from "../../../internal/contract/config/os-release.ts";
import { lintContainerfile, parseContainerfile } from "../../helpers/images/containerfile.ts";

const PROJECT = resolve(import.meta.dir, "../../..");
const EXAMPLES = join(PROJECT, "examples");
const SYSTEMS = ["bazzite", "bluefin-lts", "debian", "fedora-payload", "kinoite", "ubuntu"];
const OS_RELEASE = parseOsRelease("NAME=System\nVERSION_ID=1\n");
/** What other tools needed in the image, and platter does not. */
const NEEDLESS = [
  "xorriso",
  "squashfs-tools",
  "podman",
  "python3",
  "mtools",
  "dosfstools",
  "gcc",
  "make",
  "VERSION_ID",
  "/usr/bin/bootc",
  "/boot/efi",
];

const read = (...path: string[]) => readFileSync(join(EXAMPLES, ...path), "utf8");
const words = (text: string) => new Set(text.split(/[\s"'=]+/));

test("every example system is there, each with its own page", () => {
  const found = readdirSync(EXAMPLES).filter((name) => existsSync(join(EXAMPLES, name, "Containerfile")));
  expect(found.sort()).toEqual(SYSTEMS);
  const list = read("README.md");
  for (const name of SYSTEMS) expect(list).toContain(`(${name}/README.md)`);
});

describe("every Containerfile of the project", () => {
  const files = [...new Bun.Glob("**/Containerfile").scanSync({ cwd: PROJECT })].filter(
    (path) => !/^(?:node_modules|\.cache|out)\//.test(path),
  );
  test("is found", () => expect(files.length).toBeGreaterThan(SYSTEMS.length));
  for (const path of files.sort()) {
    test(`${path} keeps the rules`, () => {
      expect(lintContainerfile(readFileSync(join(PROJECT, path), "utf8"))).toEqual([]);
    });
  }
});

for (const name of SYSTEMS) {
  describe(`examples/${name}`, () => {
    const containerfile = read(name, "Containerfile");

    test("copies and mounts only what is there, and leaves nothing unused", () => {
      const named = parseContainerfile(containerfile).flatMap(({ name: kind, text }) => {
        if (kind === "COPY") return text.split(/\s+/).slice(0, -1);
        return [...text.matchAll(/source=([^,\s]+)/g)].map(([, source]) => source!);
      });
      const unnamed = ["Containerfile", "README.md", "example.conf"];
      const there = readdirSync(join(EXAMPLES, name)).filter((file) => !unnamed.includes(file));
      expect(named.sort()).toEqual(there.sort());
    });

    test("holds nothing that platter makes unnecessary", () => {
      const scripts = [containerfile, read(name, "setup.sh")].join("\n").replace(/^\s*#.*$/gm, "");
      const used = words(scripts);
      expect(
        NEEDLESS.filter((word) => used.has(word) || (word.startsWith("/") && scripts.includes(word))),
      ).toEqual([]);
    });

    test("has an iso.yaml without findings, whose entries look for its own label", () => {
      const { config, findings } = parseIsoYaml(read(name, "iso.yaml"), "iso.yaml");
      expect(findings).toEqual([]);
      const label = toVolumeLabel(config!.label!).label!;
      const { menu, findings: menuFindings } = buildMenu({ config: config!, osRelease: OS_RELEASE, label });
      expect(menuFindings).toEqual([]);
      expect(menu.entries.length).toBeGreaterThan(1);
      for (const entry of menu.entries) {
        expect(entry.kernelArgs).toContain(`root=live:CDLABEL=${label}`);
        expect(entry.kernelArgs).toContain("rd.live.image");
      }
    });

    test("says what was run and what was not", () => {
      const page = read(name, "README.md");
      expect(page).toContain(`./scripts/example ${name}`);
      expect(page).toMatch(/^## What was tried$/m);
    });

    test("has scripts that may be run", () => {
      expect(statSync(join(EXAMPLES, name, "setup.sh")).mode & 0o111).toBe(0o111);
    });
  });
}

test("Kickstart files have closed sections, and install what the example's payload is", () => {
  for (const path of new Bun.Glob("*/*.ks").scanSync({ cwd: EXAMPLES })) {
    const lines = read(path).split("\n");
    let open = false;
    for (const line of lines) {
      if (/^%(post|pre|packages)\b/.test(line)) {
        expect(open).toBe(false);
        open = true;
      } else if (line === "%end") {
        expect(open).toBe(true);
        open = false;
      }
    }
    expect(open).toBe(false);
    expect(lines.filter((line) => line.startsWith("ostreecontainer "))).toHaveLength(1);
  }
  const payload = /PAYLOADS=\((\S+)\)/.exec(read("bazzite", "example.conf"))?.[1];
  expect(read("bazzite", "interactive-defaults.ks")).toContain(
    `--url=${payload} --transport=containers-storage`,
  );
});

test("lists of flatpaks hold application ids", () => {
  for (const path of new Bun.Glob("*/flatpaks").scanSync({ cwd: EXAMPLES })) {
    const ids = read(path).trimEnd().split("\n");
    expect(ids.filter((id) => !/^[A-Za-z_][\w-]*(\.[A-Za-z_][\w-]*){2,}$/.test(id))).toEqual([]);
    expect(new Set(ids).size).toBe(ids.length);
  }
});

test("every YAML file is valid", () => {
  const paths = [...new Bun.Glob("**/*.{yml,yaml}").scanSync({ cwd: EXAMPLES, dot: true })];
  expect(paths.length).toBeGreaterThan(SYSTEMS.length);
  for (const path of paths) expect(() => parse(read(path), { strict: true })).not.toThrow();
});
