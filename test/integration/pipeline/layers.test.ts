/** A build with a cache does not read layers that the cache knows. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { type LayerCompression, OciMaker } from "../../helpers/images/oci-maker.ts";
import { type Member, tar } from "../../helpers/images/tar-maker.ts";
import { OCI_CREATED, packed, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise, seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(120_000);

const KIB = 1024;
const text = (seed: number, length: number) =>
  Array.from(seededNoise(Math.ceil(length / 6), seed), (byte) => `w${byte} `)
    .join("")
    .slice(0, length);

/** The lowest layer: a system with large and small files. */
function base(scene: Scene): Buffer {
  const some: Record<string, string> = { "usr/share/zeros": "\0".repeat(600 * KIB) };
  for (let i = 0; i < 3; i++) some[`usr/share/large-${i}`] = text(i + 1, 700 * KIB);
  for (let i = 0; i < 60; i++) some[`usr/share/small/${i}`] = text(i + 50, 9 * KIB);
  return packed(tinyImage(scene.at("base"), { with: some }));
}

const second: Member[] = [
  { name: "usr/share/link", type: "1", link: "usr/share/large-0" },
  { name: "usr/share/small/.wh.7" },
  { name: "usr/share/middle", content: text(7, 40 * KIB) },
];
/** A layer without contents. */
const removal: Member[] = [{ name: "usr/share/small/.wh.9" }];
const change: Member[] = [
  { name: "etc/hosts", content: "127.0.0.1 new\n" },
  { name: "usr/share/small/8", content: text(99, 9 * KIB) },
];

/** An OCI layout of some layers. Returns its reference, and the paths of its layers' blobs. */
function layout(
  scene: Scene,
  { name, layers, compression }: { name: string; layers: Buffer[]; compression: LayerCompression },
): { reference: string; blobs: string[] } {
  const maker = new OciMaker(scene.at(name));
  const image = maker.image(layers, { compression, created: OCI_CREATED });
  maker.add(image, "latest");
  const blob = (digest: string) => scene.at(`${name}/blobs/sha256/${digest.slice(7)}`);
  const manifest = JSON.parse(readFileSync(blob(image.digest), "utf8"));
  const blobs = manifest.layers.map(({ digest }: { digest: string }) => blob(digest));
  return { reference: `oci:${scene.at(name)}`, blobs };
}

const layersRead = (stderr: string) => /(no layer|\d+ of \d+ layers) (?:was|were) read$/m.exec(stderr)?.[1];
const entries = (scene: Scene) => readdirSync(scene.at("cache")).map((name) => scene.at(`cache/${name}`));
const artifacts = (scene: Scene, has: (entry: string) => boolean) =>
  entries(scene)
    .filter((entry) => existsSync(`${entry}/artifact`) && has(entry))
    .map((entry) => `${entry}/artifact`);
const isTable = (entry: string) =>
  readFileSync(`${entry}/artifact`).toString("latin1", 0, 13) === "platter-layer";

/** A cache with the lower layers, and the image with one more layer. */
async function filled(scene: Scene, compression: LayerCompression = "gzip") {
  const lower = [base(scene), tar(second), tar(removal)];
  const before = layout(scene, { name: "before", layers: lower, compression });
  const after = layout(scene, { name: "after", layers: [...lower, tar(change)], compression });
  await scene.succeed(["build", after.reference, "-o", "out/plain.iso"]);
  const first = await scene.succeed(["build", before.reference, "-o", "out/before.iso", "--cache", "cache"]);
  expect(layersRead(first.stderr)).toBeUndefined();
  return after;
}

async function rebuild(
  scene: Scene,
  reference: string,
  more: readonly string[] = [],
): Promise<string | undefined> {
  const ran = await scene.succeed(["build", reference, "-o", "out/x.iso", "--cache", "cache", ...more]);
  expectSameBytes(readFileSync(scene.at("out/x.iso")), readFileSync(scene.at("out/plain.iso")));
  return layersRead(ran.stderr);
}

describe("a build with a cache", () => {
  test.each(["gzip", "none"] as const)("reads only the new layer, compression %s", async (compression) => {
    using scene = new Scene("layers");
    const { reference, blobs } = await filled(scene, compression);
    for (const blob of blobs.slice(0, 3)) rmSync(blob);
    expect(await rebuild(scene, reference, ["--report", "out/x.json"])).toBe("1 of 4 layers");
    const { byproducts } = JSON.parse(readFileSync(scene.at("out/x.json"), "utf8")).predicate.runDetails;
    expect(byproducts[2].annotations).toMatchObject({ layers: { read: 1, of: 4 } });
    // Nothing of this image is read again, neither for the squashfs nor for the plan.
    rmSync(blobs[3]!);
    expect(await rebuild(scene, reference)).toBe("no layer");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("reads layers for contents that the cache does not have any more", async () => {
    using scene = new Scene("layers");
    const { reference, blobs } = await filled(scene);
    for (const path of artifacts(scene, (entry) => existsSync(`${entry}/blocks`))) rmSync(path);
    expect(await rebuild(scene, reference)).toBe("3 of 4 layers");
    for (const path of artifacts(scene, (entry) => existsSync(`${entry}/blocks`))) rmSync(path);
    rmSync(blobs[0]!);
    const ran = await scene.run(["build", reference, "-o", "out/x.iso", "--cache", "cache"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("E_BLOB_MISSING");
  });

  test("compares the digest of a layer that it reads after all", async () => {
    using scene = new Scene("layers");
    const { reference, blobs } = await filled(scene);
    for (const path of artifacts(scene, (entry) => existsSync(`${entry}/blocks`))) rmSync(path);
    const bytes = readFileSync(blobs[0]!);
    bytes[bytes.length >> 1]! ^= 1;
    writeFileSync(blobs[0]!, bytes);
    const ran = await scene.run(["build", reference, "-o", "out/x.iso", "--cache", "cache"]);
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain("E_BLOB_DIGEST");
  });

  test.each([
    ["noise", (path: string) => writeFileSync(path, noise(statSync(path).size))],
    ["cut off", (path: string) => writeFileSync(path, readFileSync(path).subarray(0, 100))],
    ["empty", (path: string) => writeFileSync(path, "")],
  ])("reads a layer with a damaged table, and keeps a new table: %s", async (_, damage) => {
    using scene = new Scene("layers");
    const { reference, blobs } = await filled(scene);
    for (const path of artifacts(scene, isTable)) damage(path);
    expect(await rebuild(scene, reference)).toBe("4 of 4 layers");
    for (const blob of blobs) rmSync(blob);
    expect(await rebuild(scene, reference)).toBe("no layer");
  });
});
