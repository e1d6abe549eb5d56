/**
 * The ISO of an image that is made by code depends on platter's version alone: its digests hold on every machine. A change
 * of platter that changes the ISO on purpose runs this test with PLATTER_UPDATE_GOLDEN=1, which writes the new digests.
 */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { generatedImage } from "../../helpers/images/generated-image.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

/** Digests of ISOs by the options of `build`. */
const PINNED = resolve(import.meta.dir, "../../golden/pinned-bytes.json");

let scene: Scene;
beforeAll(() => {
  scene = new Scene("pinned");
  generatedImage(scene.at("image"));
});
afterAll(() => scene[Symbol.dispose]());

const sha256 = (path: string) => new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");

const OPTIONS = [
  "",
  "--compression none --strict-gpt",
  "--compression gzip --no-bios --no-default-excludes",
] as const;

test.each(OPTIONS)("build %s: the ISO has the digest in the repository", async (options) => {
  const args = ["build", "oci:image", ...options.split(" ").filter((word) => word !== "")];
  await scene.succeed([...args, "-o", "out/direct.iso"]);
  await scene.succeed([...args, "-o", "out/work.iso", "--work", `work${options}`]);
  await scene.succeed([...args, "-o", "out/cache.iso", "--cache", "cache"]);
  await scene.succeed(["verify", "out/direct.iso"]);
  const [direct, work, cache] = ["direct", "work", "cache"].map((name) =>
    sha256(scene.at(`out/${name}.iso`)),
  );
  expect({ work, cache }).toEqual({ work: direct!, cache: direct! });
  const pinned: Record<string, string> = JSON.parse(readFileSync(PINNED, "utf8"));
  if (process.env.PLATTER_UPDATE_GOLDEN === "1") {
    pinned[options] = direct!;
    writeFileSync(PINNED, `${JSON.stringify(pinned, null, 2)}\n`);
  }
  expect(direct).toBe(pinned[options]!);
});
