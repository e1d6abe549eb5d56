import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import { formatReference, type ImageReference, parseReference } from "../../../internal/image/reference.ts";
import { recognise } from "../../../internal/image/source/recognise.ts";
import { runTool } from "../../../internal/process/run.ts";
import { failureOf } from "../../helpers/images/memory-layers.ts";
import { tar } from "../../helpers/images/tar-maker.ts";

describe("references as containers-transports(5) writes them", () => {
  test.each<[string, ImageReference]>([
    ["oci:/tmp/a", { transport: "oci", path: "/tmp/a", tag: undefined }],
    ["oci:a:latest", { transport: "oci", path: "a", tag: "latest" }],
    ["oci:a:host:5000/name:tag", { transport: "oci", path: "a", tag: "host:5000/name:tag" }],
    ["oci:a:@1", { transport: "oci", path: "a", tag: "@1" }],
    ["oci-archive:/tmp/x.tar:t", { transport: "oci-archive", path: "/tmp/x.tar", tag: "t" }],
    ["docker-archive:x.tar:n/a:t", { transport: "docker-archive", path: "x.tar", tag: "n/a:t" }],
    ["dir:/a:b", { transport: "dir", path: "/a:b" }],
    ["tar:a:b.tar", { transport: "tar", path: "a:b.tar" }],
    ["containers-storage:localhost/a:b", { transport: "containers-storage", name: "localhost/a:b" }],
    ["containers-storage:[overlay@/s+/r]a", { transport: "containers-storage", name: "[overlay@/s+/r]a" }],
    ["docker://quay.io/a/b:c", { transport: "docker", name: "quay.io/a/b:c" }],
    ["docker-daemon:a/b:c", { transport: "docker-daemon", name: "a/b:c" }],
    ["-", { transport: "-" }],
    ["fedora:40", { transport: undefined, text: "fedora:40" }],
    ["localhost:5000/a/b:c", { transport: undefined, text: "localhost:5000/a/b:c" }],
    ["quay.io/a@sha256:00", { transport: undefined, text: "quay.io/a@sha256:00" }],
    ["./image.tar", { transport: undefined, text: "./image.tar" }],
    ["/images/a:b.tar", { transport: undefined, text: "/images/a:b.tar" }],
  ])("%s", (text, expected) => {
    expect(parseReference(text)).toEqual(expected);
    expect(formatReference(expected)).toBe(text);
  });

  test.each([
    "",
    "oci:",
    "oci::tag",
    "dir:",
    "tar:",
    "containers-storage:",
    "docker-daemon:",
    "docker:quay.io/a",
    "docker:///a",
    "ostree:a",
    "https://example.org/image",
    "squashfs:/a/b",
    "oci-dir:./a",
    "a\nb",
  ])("%j is refused, and the transports are named", (text) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: "E_REFERENCE",
        kind: "usage",
        hint: expect.stringContaining("`oci-archive:`"),
      }),
    );
  });
});

describe("parseReference says what to write instead", () => {
  test.each([
    ["OCI:os", "Write `oci:os`"],
    ["Containers-Storage:os", "Write `containers-storage:os`"],
    ["oci-archive:-", "Write `-`"],
  ])("%s", (text, hint) => {
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({ code: "E_REFERENCE", kind: "usage", hint: expect.stringContaining(hint) }),
    );
  });

  test("parseReference: a reference longer than any path is refused, and not shown whole", () => {
    const text = `oci:${"a".repeat(4092)}`;
    expect(() => parseReference(text)).toThrow(
      expect.objectContaining({
        code: "E_REFERENCE",
        kind: "usage",
        message: `Cannot read \`oci:${"a".repeat(56)}…\` as an image reference: it has 4096 bytes, and at most 4095 are allowed`,
      }),
    );
    expect(parseReference(text.slice(1))).toBeDefined();
  });

  test("parseReference: a digest after the path", () => {
    const digest = `@sha256:${"0a".repeat(32)}`;
    for (const text of [`oci:os${digest}`, `oci:os:${digest}`]) {
      expect(parseReference(text)).toEqual({ transport: "oci", path: "os", tag: digest });
    }
    expect(parseReference(`oci-archive:a/b.tar${digest}`)).toEqual({
      transport: "oci-archive",
      path: "a/b.tar",
      tag: digest,
    });
  });
});

describe("a reference without a transport is known by what is there", () => {
  const folder = mkdtempSync(join(tmpdir(), "platter-recognise-"));
  afterAll(() => rmSync(folder, { recursive: true }));
  const at = (name: string) => join(folder, name);
  mkdirSync(at("oci"));
  writeFileSync(at("oci/oci-layout"), "{}");
  mkdirSync(at("root/usr"), { recursive: true });
  mkdirSync(at("empty"));
  const layout = tar([
    { name: "./blobs/" },
    { name: "./index.json", content: "{}" },
    { name: "./oci-layout", content: "{}" },
  ]);
  const docker = tar([
    { name: "abc.tar", content: "x".repeat(3_000_000) },
    { name: "manifest.json", content: "[]" },
  ]);
  const both = tar([
    { name: "manifest.json", content: "[]" },
    { name: "oci-layout", content: "{}" },
  ]);
  const root = tar([
    { name: "./" },
    { name: "./bin", type: "2", link: "usr/bin" },
    { name: "./manifest.json", content: "[]" },
  ]);
  writeFileSync(at("oci.tar"), layout);
  writeFileSync(at("oci.tar.gz"), gzipSync(layout));
  writeFileSync(at("docker.tar"), docker);
  writeFileSync(at("docker.tar.zst"), zstdCompressSync(docker));
  writeFileSync(at("both.tar"), both);
  writeFileSync(at("root.tar"), root);
  writeFileSync(at("text"), "this is not an archive ".repeat(100));
  const options = { signal: new AbortController().signal, runTool };
  const found = (text: string) => recognise({ transport: undefined, text }, options);

  test.each([
    ["oci", "oci", undefined],
    ["oci:tag", "oci", "tag"],
    ["oci@0", "oci", "@0"],
    [`oci@sha256:${"0a".repeat(32)}`, "oci", `@sha256:${"0a".repeat(32)}`],
    ["root", "dir", undefined],
    ["oci.tar", "oci-archive", undefined],
    ["oci.tar:some/name", "oci-archive", "some/name"],
    ["oci.tar.gz", "oci-archive", undefined],
    ["docker.tar", "docker-archive", undefined],
    ["docker.tar.zst", "docker-archive", undefined],
    ["both.tar", "oci-archive", undefined],
    ["root.tar", "tar", undefined],
  ])("%s", async (name, transport, tag) => {
    const path = at(name.replace(/[:@].*/, ""));
    const expected =
      tag === undefined && (transport === "dir" || transport === "tar")
        ? { transport, path }
        : { transport, path, tag };
    expect(await found(at(name))).toEqual(expected as never);
  });

  test("a name of nothing that is there is in containers-storage", async () => {
    const noPath = "no file or folder has that name";
    for (const name of [
      "fedora",
      "fedora:40",
      "quay.io/a/b:c",
      `quay.io/a@sha256:${"0".repeat(64)}`,
      "ab12ab12",
    ]) {
      expect(await found(name)).toEqual({ transport: "containers-storage", name, noPath });
    }
  });

  test.each([
    ["empty", "E_REFERENCE_KIND"],
    ["text", "E_REFERENCE_KIND"],
  ])("%s is refused", async (name, code) => {
    expect(await failureOf(found(at(name)))).toMatchObject({ code });
  });
});
