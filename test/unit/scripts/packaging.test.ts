import { describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { changelogSection } from "../../../scripts/packaging/changelog.ts";
import { imageLayout } from "../../../scripts/packaging/oci-archive.ts";
import { debianPackages, npmPackages, spdxDocument } from "../../../scripts/packaging/spdx.ts";

const PROJECT = resolve(import.meta.dir, "../../..");
const lock = JSON.parse(readFileSync(resolve(PROJECT, "package-lock.json"), "utf8"));
const sha256 = (bytes: Uint8Array) => new Bun.CryptoHasher("sha256").update(bytes).digest("hex");

describe("changelogSection", () => {
  const text =
    "# Changelog\n\n## Unreleased\n\n- new\n\n## 1.10.0\n\n### Fixed\n\n- ten\n\n## 1.1.0\n\n- one\n";
  test.each([
    ["Unreleased", "- new"],
    ["1.10.0", "### Fixed\n\n- ten"],
    ["1.1.0", "- one"],
    ["1.1", undefined],
    ["2.0.0", undefined],
  ])("%s", (version, section) => expect(changelogSection(text, version)).toBe(section));

  test("CHANGELOG.md has the version of package.json", () => {
    expect(
      changelogSection(readFileSync(resolve(PROJECT, "CHANGELOG.md"), "utf8"), packageJson.version),
    ).toMatch(/\S/);
  });
});

describe("npmPackages", () => {
  const packages = npmPackages(lock);

  test("what is in the binary, and not what only tests and compiles it", () => {
    const names = packages.map(({ name }) => name);
    expect(names.toSorted()).toEqual(
      [
        ...Object.keys(packageJson.dependencies),
        "@oven/bun-linux-x64",
        "@oven/bun-linux-aarch64",
        "@oven/bun-linux-x64-musl",
      ].toSorted(),
    );
  });

  test("the version and the digest of the lock file", () => {
    const yaml = packages.find(({ name }) => name === "yaml")!;
    expect(yaml.version).toBe(packageJson.dependencies.yaml);
    expect(Buffer.from(yaml.sha512!, "hex").toString("base64")).toBe(
      lock.packages["node_modules/yaml"].integrity.replace("sha512-", ""),
    );
    expect(packages.find(({ name }) => name.startsWith("@commander"))?.purl).toStartWith(
      "pkg:npm/%40commander-js/extra-typings@",
    );
  });
});

test("spdxDocument: every identifier is there once, and every relationship names one", () => {
  const document = spdxDocument({
    version: "1.0.0",
    created: "2026-12-01T00:00:00Z",
    npm: npmPackages(lock),
    debian: debianPackages("libc6 2.36-9 amd64\n"),
    files: [{ name: "platter-1.0.0-oci.tar", sha1: "a", sha256: "b" }],
  }) as Record<"packages" | "files", { SPDXID: string }[]> & {
    relationships: { spdxElementId: string; relatedSpdxElement: string }[];
  };
  const ids = [...document.packages, ...document.files].map(({ SPDXID }) => SPDXID);
  expect(new Set(ids).size).toBe(ids.length);
  for (const id of ids) expect(id).toMatch(/^SPDXRef-[A-Za-z0-9.-]+$/);
  const known = [...ids, "SPDXRef-DOCUMENT"];
  for (const { spdxElementId, relatedSpdxElement } of document.relationships)
    expect(known).toEqual(expect.arrayContaining([spdxElementId, relatedSpdxElement]));
  expect(JSON.stringify(document)).toContain("pkg:deb/debian/libc6@2.36-9?arch=amd64");
});

test("imageLayout: every blob has its digest as its name, and the index leads to the layer", () => {
  const layer = new TextEncoder().encode("layer".repeat(1000));
  const about = { version: "1.0.0", created: "2026-12-01T00:00:00Z" };
  const files = imageLayout(layer, about);
  for (const [path, bytes] of files)
    if (path.startsWith("blobs/")) expect(path).toBe(`blobs/sha256/${sha256(bytes)}`);
  const json = (digest: string) =>
    JSON.parse(new TextDecoder().decode(files.get(`blobs/${digest.replace(":", "/")}`)));
  const index = JSON.parse(new TextDecoder().decode(files.get("index.json")));
  const manifest = json(index.manifests[0].digest);
  const blob = files.get(`blobs/${manifest.layers[0].digest.replace(":", "/")}`)!;
  expect(Bun.gunzipSync(new Uint8Array(blob))).toEqual(layer);
  expect(json(manifest.config.digest).rootfs.diff_ids).toEqual([`sha256:${sha256(layer)}`]);
  expect([...imageLayout(layer, about)]).toEqual([...files]);
});
