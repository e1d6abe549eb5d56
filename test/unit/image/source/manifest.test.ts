/** Indexes, manifests and configurations that do not describe an image for Linux, or do not make sense. */
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync, zstdCompressSync } from "node:zlib";
import type { PlatterError } from "../../../../internal/base/error.ts";
import type { ImageTree } from "../../../../internal/image/image-tree.ts";
import { openImage } from "../../../../internal/image/open/open-image.ts";
import { payloadSource } from "../../../../internal/payload/payload-source.ts";
import { runTool } from "../../../../internal/process/run.ts";
import { failureOf } from "../../../helpers/images/memory-layers.ts";
import { type Descriptor, OciMaker, sha256 } from "../../../helpers/images/oci-maker.ts";
import { tar } from "../../../helpers/images/tar-maker.ts";

const folder = mkdtempSync(join(tmpdir(), "platter-manifest-"));
afterAll(() => rmSync(folder, { recursive: true }));
let count = 0;
const maker = () => new OciMaker(join(folder, `layout${count++}`));
const options = { work: folder, signal: new AbortController().signal, capture: () => false, runTool };
const open = (reference: string) => openImage(reference, options);
const failure = async (reference: string) => (await failureOf(open(reference))) as PlatterError;

const namesOf = (tree: ImageTree) => [...(tree.root.children?.keys() ?? [])];

const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const LAYER = "application/vnd.oci.image.layer.v1.tar";
const layer = tar([{ name: "a", content: "a" }]);

/** A layout of one manifest, of which all parts can be replaced. */
function layoutOf(parts: {
  config?: object;
  configType?: string;
  layers?: readonly Uint8Array[];
  layerType?: string;
  more?: object;
}): OciMaker {
  const layout = maker();
  const { configType = OCI_CONFIG, layers = [layer], layerType = LAYER, more = {} } = parts;
  const config = parts.config ?? { architecture: "amd64", rootfs: { diff_ids: layers.map(sha256) } };
  return layout.add(
    layout.blob(OCI_MANIFEST, {
      schemaVersion: 2,
      config: layout.blob(configType, config),
      layers: layers.map((each) => layout.blob(layerType, each)),
      ...more,
    }),
  );
}

describe("what is not an image is named", () => {
  test.each<[string, Parameters<typeof layoutOf>[0], string, string]>([
    [
      "a Helm chart",
      {
        configType: "application/vnd.cncf.helm.config.v1+json",
        layerType: "application/vnd.cncf.helm.chart.content.v1.tar+gzip",
      },
      "E_IMAGE_ARTIFACT",
      "it holds a Helm chart of the type `application/vnd.cncf.helm.config.v1+json`",
    ],
    [
      "an SBOM",
      {
        configType: "application/vnd.oci.empty.v1+json",
        config: {},
        layerType: "text/plain",
        more: { artifactType: "application/spdx+json" },
      },
      "E_IMAGE_ARTIFACT",
      "it holds an artifact of the type `application/spdx+json`",
    ],
    [
      "an image for Windows",
      { config: { architecture: "amd64", os: "windows", rootfs: { diff_ids: [sha256(layer)] } } },
      "E_IMAGE_OS",
      "it is for windows, and platter makes ISOs of Linux images",
    ],
    ["an image without layers", { layers: [] }, "E_IMAGE_EMPTY", "it has no layers"],
  ])("%s", async (_, parts, code, says) => {
    const { directory } = layoutOf(parts);
    const error = await failure(`oci:${directory}`);
    expect({ code: error.code, exitCode: error.exitCode }).toMatchObject({ code, exitCode: 3 });
    expect(error.message).toEndWith(says);
  });

  test("an archive of Docker 25.0.0, which has no layers, can be read as Docker's own", async () => {
    const { directory } = layoutOf({ layers: [] });
    const archive = join(folder, "docker25.tar");
    expect(Bun.spawnSync(["tar", "-C", directory, "-cf", archive, "."]).exitCode).toBe(0);
    expect(await failure(archive)).toMatchObject({
      code: "E_IMAGE_EMPTY",
      hint: expect.stringContaining(`docker-archive:${archive}`),
    });
  });

  test("an index with images for Windows alone", async () => {
    const layout = maker();
    const platform = { architecture: "amd64", os: "windows" };
    layout.add(layout.index([{ ...layout.image([layer]), platform }]));
    expect(await failure(`oci:${layout.directory}`)).toMatchObject({
      code: "E_IMAGE_OS",
      message: `Cannot use \`${layout.directory}\`: it does not have an image for Linux, only for windows`,
    });
  });

  test("artifacts next to an image are passed over", async () => {
    const layout = maker();
    const signature = { ...layout.blob(OCI_MANIFEST, { a: 1 }), artifactType: "application/x-signature" };
    layout.add(layout.image([layer])).add(signature);
    await using tree = await open(`oci:${layout.directory}`);
    expect(namesOf(tree)).toEqual(["a"]);
    const alone = maker();
    alone.add(signature);
    expect(await failure(`oci:${alone.directory}`)).toMatchObject({
      code: "E_IMAGE_UNCLEAR",
      detail: [expect.stringContaining("application/x-signature")],
    });
  });
});

describe("a configuration with the wrong digest of a layer", () => {
  const other = tar([{ name: "b", content: "b" }]);
  const config = { architecture: "amd64", rootfs: { diff_ids: [sha256(other)] } };
  const stored = { none: layer, gzip: gzipSync(layer), zstd: zstdCompressSync(layer) };

  for (const [compression, bytes] of Object.entries(stored)) {
    test.each([undefined, 0])(`${compression}, with %p bytes of memory for layers`, async (memory) => {
      const { directory } = layoutOf({ config, layers: [bytes] });
      const archive = `${directory}.tar`;
      expect(Bun.spawnSync(["tar", "-C", directory, "-cf", archive, "."]).exitCode).toBe(0);
      for (const reference of [`oci:${directory}`, `oci-archive:${archive}`]) {
        const error = await failureOf(openImage(reference, { ...options, memory }));
        expect(error).toMatchObject({
          code: "E_BLOB_DIGEST",
          exitCode: 3,
          message: expect.stringContaining(
            "the image's configuration gives its uncompressed content another digest",
          ),
          detail: [`configuration  ${sha256(other)}`, `content        ${sha256(layer)}`],
        });
      }
    });
  }

  test("a stored layer whose digest is that of the configuration is decompressed all the same", async () => {
    const bytes = gzipSync(layer);
    const same = { architecture: "amd64", rootfs: { diff_ids: [sha256(bytes)] } };
    const { directory } = layoutOf({ config: same, layers: [bytes] });
    expect(await failure(`oci:${directory}`)).toMatchObject({ code: "E_BLOB_DIGEST" });
  });

  test.each([
    [{}],
    [{ rootfs: { diff_ids: [] } }],
    [{ rootfs: { diff_ids: [sha256(layer), sha256(layer)] } }],
  ])("%j gives digests for another number of layers", async (more) => {
    const { directory } = layoutOf({ config: { architecture: "amd64", ...more } });
    expect(await failure(`oci:${directory}`)).toMatchObject({
      code: "E_IMAGE_MANIFEST",
      message: expect.stringContaining("it has 1 layer, and its configuration has digests for"),
    });
  });
});

describe("an image by a digest", () => {
  const layout = maker();
  const [one, two, nested] = ["one", "two", "nested"].map((name) => layout.image([tar([{ name }])])) as [
    Descriptor,
    Descriptor,
    Descriptor,
  ];
  const platform = { architecture: "riscv64", os: "linux" };
  layout
    .add(one, "one")
    .add(two, "two")
    .add(layout.index([{ ...nested, platform }]), "index");

  test.each([
    [one.digest, "one"],
    [two.digest, "two"],
    [nested.digest, "nested"],
  ])("%s", async (digest, name) => {
    for (const reference of [`oci:${layout.directory}@${digest}`, `${layout.directory}:@${digest}`]) {
      await using tree = await open(reference);
      expect(namesOf(tree)).toEqual([name]);
      expect(tree.source.digest).toBe(digest);
    }
  });

  test("`@0` and `:@0` are the first", async () => {
    for (const reference of [
      `oci:${layout.directory}@0`,
      `oci:${layout.directory}:@0`,
      `${layout.directory}@0`,
    ]) {
      await using tree = await open(reference);
      expect(namesOf(tree)).toEqual(["one"]);
    }
  });

  test("one that no index lists", async () => {
    const reference = `oci:${layout.directory}@sha256:${"00".repeat(32)}`;
    expect(await failure(reference)).toMatchObject({ code: "E_IMAGE_TAG" });
  });
});

describe("documents that do not make sense are described in platter's words", () => {
  const good = { schemaVersion: 2, manifests: [] };
  const entry = { mediaType: OCI_MANIFEST, digest: `sha256:${"00".repeat(32)}`, size: 1 };
  test.each<[string, string | Buffer, string]>([
    ["no JSON", "{", "it is not JSON"],
    ["bytes that are not UTF-8", Buffer.from([0xff, 0xfe]), "it is not JSON"],
    ["nothing", "", "it is empty"],
    ["null", "null", "the document is not an object"],
    ["a number", "7", "the document is not an object"],
    ["no manifests", '{"schemaVersion":2}', "`manifests` is missing"],
    ["manifests of another type", JSON.stringify({ ...good, manifests: {} }), "`manifests` is not a list"],
    [
      "schema 3",
      JSON.stringify({ ...good, schemaVersion: 3 }),
      "`schemaVersion` has a value that it cannot have",
    ],
    [
      "schema 1",
      '{"schemaVersion":1,"fsLayers":[]}',
      "it is a Docker manifest of schema 1, which is obsolete",
    ],
    [
      "an entry without a digest",
      JSON.stringify({ ...good, manifests: [{ ...entry, digest: undefined }] }),
      "`manifests.0.digest` is missing",
    ],
    [
      "a size of letters",
      JSON.stringify({ ...good, manifests: [{ ...entry, size: "x" }] }),
      "`manifests.0.size` is not a number",
    ],
    [
      "a size that is not whole",
      JSON.stringify({ ...good, manifests: [{ ...entry, size: 1.5 }] }),
      "`manifests.0.size` is not a whole number",
    ],
  ])("%s", async (_, index, problem) => {
    const { directory } = maker();
    writeFileSync(join(directory, "index.json"), index);
    const error = await failure(`oci:${directory}`);
    expect(error).toMatchObject({ code: "E_IMAGE_MANIFEST", exitCode: 3 });
    expect(error.message).toBe(`Cannot read \`${directory}/index.json\`: ${problem}`);
  });

  test("a manifest without a configuration", async () => {
    const error = await failure(`oci:${layoutOf({ more: { config: undefined } }).directory}`);
    expect(error.message).toEndWith(": `config` is missing");
  });

  test("a document over 4 MiB is refused before it is parsed", async () => {
    const { directory } = maker();
    const entries = `[${`${JSON.stringify(entry)},`.repeat(40_000)}${JSON.stringify(entry)}]`;
    writeFileSync(join(directory, "index.json"), `{"schemaVersion":2,"manifests":${entries}}`);
    expect(await failure(`oci:${directory}`)).toMatchObject({
      code: "E_BLOB_TOO_LARGE",
      message: expect.stringContaining("it has more than 4194304 bytes"),
    });
  });
});

test("payloadSource: an artifact is not a payload", async () => {
  const { directory } = layoutOf({ configType: "application/vnd.cncf.helm.config.v1+json" });
  const source = await payloadSource(`oci:${directory}`, options);
  expect(await failureOf(source.describe())).toMatchObject({ code: "E_IMAGE_ARTIFACT" });
});
