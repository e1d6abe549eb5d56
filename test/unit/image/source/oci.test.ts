import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import type { ImageTree } from "../../../../internal/image/image-tree.ts";
import { openImage } from "../../../../internal/image/open/open-image.ts";
import { hostOciArchitecture } from "../../../../internal/image/source/oci-choice.ts";
import { parseCreated } from "../../../../internal/image/source/oci-manifest.ts";
import { runTool } from "../../../../internal/process/run.ts";
import { failureOf, lines, openFilesIn } from "../../../helpers/images/memory-layers.ts";
import { OciMaker, sha256 } from "../../../helpers/images/oci-maker.ts";
import { type Member, tar } from "../../../helpers/images/tar-maker.ts";

const scratch = mkdtempSync(join(tmpdir(), "platter-oci-"));
const work = join(scratch, "work");
mkdirSync(work);
afterAll(() => rmSync(scratch, { recursive: true }));
const openFiles = () => openFilesIn(scratch);

const signal = new AbortController().signal;
const open = (reference: string, architecture?: string): Promise<ImageTree> =>
  openImage(reference, { architecture, work, signal, capture: () => false, runTool });

async function names(reference: string, architecture?: string): Promise<string[]> {
  await using tree = await open(reference, architecture);
  return [...(tree.root.children?.keys() ?? [])];
}

const layer = (...names: string[]) => tar(names.map((name): Member => ({ name, content: name })));
const platform = (architecture: string, os = "linux") => ({ platform: { architecture, os } });
const other = hostOciArchitecture() === "amd64" ? "arm64" : "amd64";

let made = 0;
function maker(): OciMaker {
  return new OciMaker(join(scratch, `layout-${made++}`));
}

/** The same layout as an archive, as `tar -cf` makes it. */
function archived(layout: OciMaker): string {
  const path = `${layout.directory}.tar`;
  Bun.spawnSync(["tar", "-C", layout.directory, "-cf", path, "."]);
  return path;
}

describe("which image is meant", () => {
  const layout = maker();
  const host = { ...layout.image([layer("host")]), ...platform(hostOciArchitecture()) };
  const foreign = { ...layout.image([layer("foreign")], { architecture: other }), ...platform(other) };
  const attestation = { ...layout.image([layer("attestation")]), ...platform("unknown", "unknown") };
  const windows = { ...layout.image([layer("windows")]), ...platform(hostOciArchitecture(), "windows") };
  const index = layout.index([windows, foreign, attestation, host]);
  const nested = layout.index([layout.index([host, foreign])]);
  layout
    .add(index, "index")
    .add(nested, "nested")
    .add(layout.image([layer("plain")]), "host:5000/plain:1");
  const archive = archived(layout);

  test.each([
    ["index", undefined, "host"],
    ["index", hostOciArchitecture(), "host"],
    ["index", other, "foreign"],
    ["nested", undefined, "host"],
    ["nested", other, "foreign"],
    ["host:5000/plain:1", undefined, "plain"],
    ["@0", undefined, "host"],
    ["@2", undefined, "plain"],
  ])("%s for %s", async (tag, architecture, expected) => {
    expect(await names(`oci:${layout.directory}:${tag}`, architecture)).toEqual([expected]);
    expect(await names(`oci-archive:${archive}:${tag}`, architecture)).toEqual([expected]);
  });

  test("one image needs no tag, and is taken for what it is", async () => {
    const single = maker();
    single.add(single.image([layer("foreign")], { architecture: other }), "any");
    await using tree = await open(`oci:${single.directory}`);
    expect(tree.source).toMatchObject({
      architecture: other,
      transport: "oci",
      reference: `oci:${single.directory}`,
    });
    expect(tree.source.digest).toMatch(/^sha256:[0-9a-f]{64}$/);
    expect(tree.source.created).toBe(Date.parse("2024-05-06T07:08:09Z") / 1000);
  });

  test("two tags of one image name that image", async () => {
    const twice = maker();
    const image = twice.image([layer("same")]);
    twice.add(image, "a").add(image, "b");
    expect(await names(`oci:${twice.directory}`)).toEqual(["same"]);
  });

  test.each([
    ["", undefined, "E_IMAGE_UNCLEAR", "host:5000/plain:1"],
    [":missing", undefined, "E_IMAGE_TAG", "host:5000/plain:1"],
    [":@7", undefined, "E_IMAGE_TAG", "nested"],
    [":index", "riscv64", "E_IMAGE_ARCH", `linux/${other}`],
    [":host:5000/plain:1", "s390x", "E_IMAGE_ARCH", undefined],
  ])("tag %j for %s is an error that lists what there is", async (tag, architecture, code, listed) => {
    const before = openFiles();
    for (const reference of [`oci:${layout.directory}${tag}`, `oci-archive:${archive}${tag}`]) {
      const failure = await failureOf(open(reference, architecture));
      expect(failure).toMatchObject({ code, kind: "contract" });
      if (listed !== undefined) expect((failure as { detail: string[] }).detail.join("\n")).toContain(listed);
    }
    expect(openFiles()).toBe(before);
  });
});

describe("layouts that are broken", () => {
  function broken(
    change: (blobs: string, digests: { layer: string; config: string; manifest: string }) => void,
  ) {
    const layout = maker();
    const bytes = layer("a");
    const manifest = layout.image([bytes], { compression: "none" });
    layout.add(manifest, "t");
    const blobs = join(layout.directory, "blobs/sha256");
    const json = JSON.parse(readFileSync(join(blobs, manifest.digest.slice(7)), "utf8"));
    change(blobs, {
      layer: sha256(bytes).slice(7),
      config: json.config.digest.slice(7),
      manifest: manifest.digest.slice(7),
    });
    return layout;
  }

  test.each<
    [string, string, (blobs: string, d: { layer: string; config: string; manifest: string }) => void]
  >([
    ["a missing layer", "E_BLOB_MISSING", (blobs, d) => rmSync(join(blobs, d.layer))],
    ["a missing configuration", "E_BLOB_MISSING", (blobs, d) => rmSync(join(blobs, d.config))],
    [
      "a layer with another byte",
      "E_BLOB_DIGEST",
      (blobs, d) => writeFileSync(join(blobs, d.layer), layer("b")),
    ],
    [
      "a layer with bytes after it",
      "E_BLOB_DIGEST",
      (blobs, d) => writeFileSync(join(blobs, d.layer), Buffer.concat([layer("a"), Buffer.alloc(9)])),
    ],
    [
      "a configuration that was changed",
      "E_BLOB_DIGEST",
      (blobs, d) => writeFileSync(join(blobs, d.config), "{}"),
    ],
    [
      "a manifest that was changed",
      "E_BLOB_DIGEST",
      (blobs, d) => writeFileSync(join(blobs, d.manifest), "{}"),
    ],
    ["no index", "E_IMAGE_LAYOUT", (blobs) => rmSync(join(blobs, "../../index.json"))],
    ["no oci-layout", "E_IMAGE_LAYOUT", (blobs) => rmSync(join(blobs, "../../oci-layout"))],
    [
      "an index that is not JSON",
      "E_IMAGE_MANIFEST",
      (blobs) => writeFileSync(join(blobs, "../../index.json"), "{"),
    ],
    [
      "an index of another kind",
      "E_IMAGE_MANIFEST",
      (blobs) => writeFileSync(join(blobs, "../../index.json"), '{"schemaVersion":1}'),
    ],
    [
      "an empty index",
      "E_IMAGE_UNCLEAR",
      (blobs) => writeFileSync(join(blobs, "../../index.json"), '{"schemaVersion":2,"manifests":[]}'),
    ],
    [
      "a digest that is a path",
      "E_BLOB_DIGEST",
      (blobs) =>
        writeFileSync(
          join(blobs, "../../index.json"),
          JSON.stringify({
            schemaVersion: 2,
            manifests: [{ digest: "sha256:../../../../etc/passwd", size: 1 }],
          }),
        ),
    ],
  ])("%s", async (_, code, change) => {
    const layout = broken(change);
    const before = openFiles();
    for (const reference of [`oci:${layout.directory}`, `oci-archive:${archived(layout)}`]) {
      const failure = await failureOf(open(reference));
      expect(failure).toMatchObject({ code, kind: "contract" });
    }
    expect(openFiles()).toBe(before);
    expect(readdirSync(work)).toEqual([]);
  });

  test.each([
    ["application/vnd.oci.image.layer.v1.tar+gzip+encrypted", "E_IMAGE_LAYER"],
    ["application/vnd.cncf.helm.chart.content.v1", "E_IMAGE_LAYER"],
  ])("a layer of the type %s", async (mediaType, code) => {
    const layout = maker();
    const blob = layout.blob(mediaType, layer("a"));
    const config = layout.blob("application/vnd.oci.image.config.v1+json", { architecture: "amd64" });
    layout.add(layout.blob("x", { schemaVersion: 2, config, layers: [blob] }));
    expect(await failureOf(open(`oci:${layout.directory}`))).toMatchObject({ code });
  });

  test("indexes that go round and round", async () => {
    const layout = maker();
    let inner = layout.index([layout.image([layer("a")])]);
    for (let i = 0; i < 10; i++) inner = layout.index([inner]);
    layout.add(inner);
    expect(await failureOf(open(`oci:${layout.directory}`))).toMatchObject({ code: "E_IMAGE_MANIFEST" });
  });

  test("an archive that is cut off", async () => {
    const layout = maker();
    layout.add(
      layout.image([tar([{ name: "a", content: Buffer.alloc(3_000_000, 7) }])], { compression: "none" }),
    );
    const path = archived(layout);
    writeFileSync(path, readFileSync(path).subarray(0, 2_000_000));
    expect(await failureOf(open(`oci-archive:${path}`))).toMatchObject({ code: "E_TAR_TRUNCATED" });
  });
});

test("members after large ones, which are skipped unread, are found", async () => {
  const layout = maker();
  const large = tar([{ name: "large", content: Buffer.alloc(5_000_000, "abc") }]);
  layout.add(layout.image([large, layer("a")], { compression: "none" }), "t");
  const blobs = readdirSync(join(layout.directory, "blobs/sha256"));
  const members = [...blobs.map((name) => `blobs/sha256/${name}`), "index.json", "oci-layout"].map(
    (name) => ({
      name,
      content: readFileSync(join(layout.directory, name)),
    }),
  );
  members.sort((a, b) => b.content.length - a.content.length);
  writeFileSync(join(scratch, "large.tar"), tar(members));
  expect(await names(`oci-archive:${scratch}/large.tar`)).toEqual(["a", "large"]);
});

test("an archive that is compressed as a whole, with the work directory empty before and after", async () => {
  const layout = maker();
  layout.add(layout.image([layer("a")]), "t");
  const path = archived(layout);
  writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
  const before = openFiles();
  {
    await using tree = await open(`oci-archive:${path}.gz:t`);
    expect([...(tree.root.children?.keys() ?? [])]).toEqual(["a"]);
    expect(readdirSync(work)).toEqual([]);
  }
  expect(openFiles()).toBe(before);
});

test.each([
  "none",
  "gzip",
  "zstd",
] as const)("%s layers are the same with memory for them and without", async (compression) => {
  const layout = maker();
  const lower = tar([
    { name: "a", content: "a".repeat(300_000) },
    { name: "b", content: "b" },
    { name: "c", content: "c" },
  ]);
  const upper = tar([
    { name: ".wh.b", content: "" },
    { name: "c", content: "other" },
  ]);
  layout.add(layout.image([lower, upper], { compression }), "latest");
  for (const reference of [`oci:${layout.directory}`, `oci-archive:${archived(layout)}`]) {
    const found = await Promise.all(
      [undefined, 0].map(async (memory) => {
        const options = { memory, work, signal, capture: () => false, runTool, architecture: undefined };
        await using tree = await openImage(reference, options);
        return await lines(tree);
      }),
    );
    expect(found[0]).toEqual(found[1]!);
    expect(found[0]!.map((line) => line.slice(0, 30))).toEqual([
      expect.stringMatching(/^\/ directory/),
      expect.stringMatching(/^\/a file .*"aaaa/),
      expect.stringMatching(/^\/c file .*"other"/),
    ]);
    expect(openFiles()).toBe(0);
  }
});

describe("docker archives", () => {
  const bytes = layer("a");
  const config = (diffIds: string[]) =>
    Buffer.from(
      JSON.stringify({
        architecture: "amd64",
        created: "2020-01-01T00:00:00Z",
        rootfs: { diff_ids: diffIds },
      }),
    );
  const good = config([sha256(bytes)]);
  const configName = `${sha256(good).slice(7)}.json`;
  const image = (more: object = {}) => ({
    Config: configName,
    RepoTags: ["docker.io/library/a:latest"],
    Layers: ["x/layer.tar"],
    ...more,
  });

  let files = 0;
  function archive(members: Member[], images: object[] = [image()]): string {
    const path = join(scratch, `docker-${files++}.tar`);
    const manifest = { name: "manifest.json", content: JSON.stringify(images) };
    writeFileSync(path, tar([...members, manifest]));
    return path;
  }
  const stored: Member[] = [
    { name: configName, content: good },
    { name: "x/layer.tar", content: bytes },
  ];

  test("with plain and compressed layers, and with links between them", async () => {
    const linked = archive(
      [
        ...stored,
        { name: "y/layer.tar", type: "2", link: "../x/layer.tar" },
        { name: "z.tar", type: "1", link: "x/layer.tar" },
      ],
      [image({ Layers: ["y/layer.tar"] }), image({ RepoTags: ["b:1"], Layers: ["z.tar"] })],
    );
    const packed = archive([stored[0] as Member, { name: "x/layer.tar", content: gzipSync(bytes) }]);
    for (const reference of [archive(stored), packed, `${linked}:@0`, `${linked}:b:1`]) {
      expect(await names(`docker-archive:${reference}`)).toEqual(["a"]);
    }
  });

  test.each([
    "a",
    "a:latest",
    "library/a",
    "docker.io/library/a:latest",
    "@0",
  ])("the image called %s", async (tag) => {
    const path = archive(stored, [image(), image({ RepoTags: ["quay.io/x/a:latest"] })]);
    expect(await names(`docker-archive:${path}:${tag}`)).toEqual(["a"]);
  });

  test("its identity is that of its configuration", async () => {
    await using tree = await open(`docker-archive:${archive(stored)}`);
    expect(tree.source).toMatchObject({
      digest: sha256(good),
      created: 1_577_836_800,
      architecture: "amd64",
    });
  });

  test("as `docker save` writes them since 25: an OCI layout whose blobs a manifest.json names as well", async () => {
    const layout = maker();
    const descriptor = layout.image([bytes, layer("b")], { architecture: hostOciArchitecture() });
    layout.add(descriptor, "latest");
    const blob = ({ digest }: { digest: string }) => `blobs/sha256/${digest.slice(7)}`;
    const manifest = JSON.parse(readFileSync(join(layout.directory, blob(descriptor)), "utf8"));
    const entry = { Config: blob(manifest.config), RepoTags: ["a:1"], Layers: manifest.layers.map(blob) };
    writeFileSync(join(layout.directory, "manifest.json"), JSON.stringify([entry]));
    writeFileSync(join(layout.directory, "repositories"), "{}");
    const path = archived(layout);
    writeFileSync(`${path}.gz`, gzipSync(readFileSync(path)));
    for (const file of [path, `${path}.gz`]) {
      expect(await names(`docker-archive:${file}:a:1`)).toEqual(["a", "b"]);
      expect(await names(file)).toEqual(["a", "b"]);
    }
  });

  test.each<[string, string, string, Member[], object[]]>([
    ["two images and no name", "", "E_IMAGE_UNCLEAR", stored, [image(), image()]],
    ["a name that is not there", ":b", "E_IMAGE_TAG", stored, [image()]],
    ["a missing layer", "", "E_BLOB_MISSING", [stored[0] as Member], [image()]],
    ["a missing configuration", "", "E_BLOB_MISSING", [stored[1] as Member], [image()]],
    [
      "a layer with another byte",
      "",
      "E_BLOB_DIGEST",
      [stored[0] as Member, { name: "x/layer.tar", content: layer("b") }],
      [image()],
    ],
    [
      "a configuration with another byte",
      "",
      "E_BLOB_DIGEST",
      [{ name: configName, content: config(["x"]) }, stored[1] as Member],
      [image()],
    ],
    [
      "more layers than digests",
      "",
      "E_IMAGE_MANIFEST",
      stored,
      [image({ Layers: ["x/layer.tar", "x/layer.tar"] })],
    ],
    ["a manifest of another kind", "", "E_IMAGE_MANIFEST", stored, [{ Layers: 5 }]],
  ])("%s", async (_, tag, code, members, images) => {
    const path = archive(members, images);
    const before = openFiles();
    expect(await failureOf(open(`docker-archive:${path}${tag}`))).toMatchObject({ code, kind: "contract" });
    expect(openFiles()).toBe(before);
  });

  test("an archive without a manifest", async () => {
    const path = join(scratch, "none.tar");
    writeFileSync(path, tar(stored));
    expect(await failureOf(open(`docker-archive:${path}`))).toMatchObject({ code: "E_IMAGE_LAYOUT" });
  });
});

test("a reference without a transport opens what is there", async () => {
  const layout = maker();
  layout.add(layout.image([layer("a")]), "t");
  const root = join(scratch, "root");
  mkdirSync(join(root, "usr"), { recursive: true });
  const path = archived(layout);
  cpSync(path, join(scratch, "image"));
  writeFileSync(join(scratch, "root.tar"), layer("usr/a", "usr/b"));
  for (const reference of [
    layout.directory,
    `${layout.directory}:t`,
    path,
    `${path}:t`,
    join(scratch, "image"),
  ]) {
    expect(await names(reference)).toEqual(["a"]);
  }
  expect(await names(root)).toEqual(["usr"]);
  expect(await names(join(scratch, "root.tar"))).toEqual(["usr"]);
});

test.each([
  ["2024-05-06T07:08:09Z", 1_714_979_289],
  ["2024-05-06T07:08:09.999999999Z", 1_714_979_289],
  ["2024-05-06T09:08:09.5+02:00", 1_714_979_289],
  ["0001-01-01T00:00:00Z", undefined],
  ["yesterday", undefined],
  [null, undefined],
  [undefined, undefined],
])("the time %s", (text, seconds) => {
  expect(parseCreated(text)).toBe(seconds as never);
});
