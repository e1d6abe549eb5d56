/** What builds with --cache add to the cache, and that no end of a build leaves it in another state. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(120_000);

const KIB = 1024;
const MIB = 1024 * KIB;
/** Bytes of two fragments, which a new small file may change. */
const FRAGMENTS = 2 * 256 * KIB;

/** An image with a large file, and more files. */
function image(scene: Scene, name: string, more: Record<string, Uint8Array> = {}): string {
  return `dir:${tinyImage(scene.at(name), { with: { "usr/share/large": seededNoise(3 * MIB, 1), ...more } })}`;
}

const entries = (scene: Scene) => readdirSync(scene.at("cache")).map((name) => scene.at(`cache/${name}`));
const bytesIn = (scene: Scene) =>
  entries(scene).reduce((sum, entry) => sum + statSync(`${entry}/artifact`).size, 0);

async function build(scene: Scene, reference: string, ...more: string[]): Promise<string> {
  const { stderr } = await scene.succeed(["build", reference, "-o", "out/x.iso", ...more]);
  return stderr;
}

async function plain(scene: Scene, reference: string): Promise<Buffer> {
  await build(scene, reference);
  return readFileSync(scene.at("out/x.iso"));
}

const FROM_CACHE = / squash +cached: /;
const CACHE = ["--cache", "cache"];

test("a rebuild adds only its new blocks, and one of the same image adds nothing", async () => {
  using scene = new Scene("blocks");
  await build(scene, image(scene, "first"), ...CACHE);
  const before = bytesIn(scene);
  expect(before).toBeGreaterThan(3 * MIB);
  const second = image(scene, "second", { "usr/share/new": seededNoise(2 * MIB, 2) });
  const expected = await plain(scene, second);
  expect(await build(scene, second, ...CACHE)).not.toMatch(FROM_CACHE);
  expectSameBytes(readFileSync(scene.at("out/x.iso")), expected);
  expect(bytesIn(scene) - before).toBeWithin(2 * MIB, 2 * MIB + FRAGMENTS);
  expect(entries(scene)).toHaveLength(2);
  expect(await build(scene, second, ...CACHE)).toMatch(FROM_CACHE);
  expect(entries(scene)).toHaveLength(2);
  expect(await build(scene, second, ...CACHE, "--work", "work")).toMatch(FROM_CACHE);
  expectSameBytes(readFileSync(scene.at("out/x.iso")), expected);
  expect(entries(scene)).toHaveLength(2);
});

test("a build with --work or --to squash fills the cache for one that writes the squashfs into the ISO", async () => {
  using scene = new Scene("blocks");
  const reference = image(scene, "image");
  await scene.succeed(["build", reference, "--to", "squash", "--work", "work", ...CACHE]);
  expect(await build(scene, reference, ...CACHE)).toMatch(FROM_CACHE);
  expect(entries(scene)).toHaveLength(1);
});

test("blocks of an earlier ISO are new to the cache", async () => {
  using scene = new Scene("blocks");
  const reference = image(scene, "image");
  const expected = await plain(scene, reference);
  const reuse = ["--reuse", "out/x.iso"];
  const first = await build(scene, reference, ...CACHE, ...reuse);
  expect(first).toMatch(/^ *reused +100 % of /m);
  // They were not taken from the cache.
  expect(first).not.toMatch(FROM_CACHE);
  expect(await build(scene, reference, ...CACHE)).toMatch(FROM_CACHE);
  expectSameBytes(readFileSync(scene.at("out/x.iso")), expected);
  expect(entries(scene)).toHaveLength(1);
});

test("builds of several images at the same time: each has its bytes, and then all blocks are in the cache", async () => {
  using scene = new Scene("blocks");
  const numbers = [0, 1, 2];
  const images = numbers.map((i) =>
    image(scene, `image-${i}`, { [`usr/share/own-${i}`]: seededNoise(MIB, i + 5) }),
  );
  const alone: Buffer[] = [];
  for (const reference of images) alone.push(await plain(scene, reference));
  const builds = await Promise.all(
    numbers.map((i) => scene.run(["build", images[i]!, "-o", `out/${i}.iso`, ...CACHE])),
  );
  for (const [i, { code }] of builds.entries()) {
    expect(code).toBe(0);
    expectSameBytes(readFileSync(scene.at(`out/${i}.iso`)), alone[i]!);
  }
  for (const reference of images) expect(await build(scene, reference, ...CACHE)).toMatch(FROM_CACHE);
  expect(await scene.leftovers()).toEqual([]);
});

test("a build that is killed while it adds blocks leaves a cache that the next build uses", async () => {
  using scene = new Scene("blocks");
  await build(scene, image(scene, "first"), ...CACHE);
  const large = image(scene, "large", { "usr/share/new": seededNoise(48 * MIB, 3) });
  const expected = await plain(scene, large);
  const running = scene.start(["build", large, "-o", "out/killed.iso", ...CACHE]);
  let isOver = false;
  const ended = running.done.finally(() => {
    isOver = true;
  });
  await until(() => isOver || readdirSync(scene.at("cache")).length > 1);
  running.signal("SIGKILL");
  await ended;
  expect(existsSync(scene.at("out/killed.iso"))).toBe(false);
  const { stderr } = await scene.succeed(["build", large, "-o", "out/x.iso", ...CACHE]);
  expect(stderr).not.toContain("damaged");
  expect(stderr).toMatch(/^ *reused +\d+ % of /m);
  expectSameBytes(readFileSync(scene.at("out/x.iso")), expected);
  expect(await build(scene, large, ...CACHE)).toMatch(FROM_CACHE);
  expect(await scene.leftovers()).toEqual([]);
});
