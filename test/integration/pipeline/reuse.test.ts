/** `build` and `squash` with blocks of earlier builds: from a cache, and from an ISO or squashfs. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  readdirSync,
  readFileSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import fc from "fast-check";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise, seededNoise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(300_000);

const KIB = 1024;
/** Text that becomes shorter, and is different for each seed. */
const text = (seed: number, length: number) =>
  Array.from(seededNoise(Math.ceil(length / 6), seed), (byte) => `w${byte} `)
    .join("")
    .slice(0, length);

/** An image with some large and small files. */
function image(scene: Scene, name: string, changes: Record<string, string | Uint8Array> = {}): string {
  const some: Record<string, string | Uint8Array> = {};
  for (let i = 0; i < 6; i++) some[`usr/share/large-${i}`] = text(i + 1, 700 * KIB);
  for (let i = 0; i < 40; i++) some[`usr/share/small/${i}`] = text(i + 50, 9 * KIB);
  return `dir:${tinyImage(scene.at(name), { with: { ...some, ...changes } })}`;
}

const reusedIn = (stderr: string) => {
  const percent = /^ *reused +(\d+) % of /m.exec(stderr)?.[1];
  return percent === undefined ? undefined : Number(percent);
};

const same = (scene: Scene, a: string, b: string) => {
  expectSameBytes(readFileSync(scene.at(a)), readFileSync(scene.at(b)));
};

describe("a build of a changed image", () => {
  test("takes the other blocks from the cache, from an ISO, and from a squashfs", async () => {
    using scene = new Scene("reuse");
    const before = image(scene, "before");
    const after = image(scene, "after", {
      "etc/hosts": "127.0.0.1 new\n",
      "usr/share/new": text(99, 300 * KIB),
    });
    const first = await scene.succeed(["build", before, "-o", "out/old.iso", "--cache", "cache"]);
    expect(reusedIn(first.stderr)).toBeUndefined();
    await scene.succeed(["build", after, "-o", "out/plain.iso"]);
    const cached = await scene.succeed(["build", after, "-o", "out/cached.iso", "--cache", "cache"]);
    expect(reusedIn(cached.stderr)).toBeWithin(60, 100);
    same(scene, "out/cached.iso", "out/plain.iso");
    const reused = await scene.succeed(["build", after, "-o", "out/reused.iso", "--reuse", "out/old.iso"]);
    expect(reusedIn(reused.stderr)).toBe(reusedIn(cached.stderr)!);
    same(scene, "out/reused.iso", "out/plain.iso");
    await scene.succeed(["squash", before, "-o", "out/old.img"]);
    await scene.succeed(["squash", after, "-o", "out/plain.img"]);
    const squashed = await scene.succeed(["squash", after, "-o", "out/new.img", "--reuse", "out/old.img"]);
    expect(squashed.stderr).toMatch(/^Reused \d\d % of /m);
    same(scene, "out/new.img", "out/plain.img");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("takes blocks from the ISO that it replaces, and from a cache besides", async () => {
    using scene = new Scene("reuse");
    const reference = image(scene, "image");
    const args = ["build", reference, "-o", "out/x.iso", "--label", "NEW"];
    await scene.succeed(args);
    copyFileSync(scene.at("out/x.iso"), scene.at("out/plain.iso"));
    expect(reusedIn((await scene.succeed([...args, "--reuse", "out/x.iso"])).stderr)).toBe(100);
    same(scene, "out/x.iso", "out/plain.iso");
    const both = ["--reuse", "out/plain.iso", "--cache", "cache"];
    expect(reusedIn((await scene.succeed([...args, ...both])).stderr)).toBe(100);
    same(scene, "out/x.iso", "out/plain.iso");
  });
});

test("any damaged ISO or cache: the ISO is the same as without", async () => {
  using scene = new Scene("reuse");
  const before = image(scene, "before");
  const after = image(scene, "after", { "usr/share/large-2": text(77, 900 * KIB) });
  await scene.succeed(["build", before, "-o", "out/sound.iso", "--cache", "cache"]);
  await scene.succeed(["build", after, "-o", "out/plain.iso"]);
  const [entry = ""] = readdirSync(scene.at("cache"));
  const damage = fc.record({
    file: fc.constantFrom("iso", "artifact", "blocks", "entry.json"),
    place: fc.nat(),
    bytes: fc.integer({ min: 0, max: 3000 }),
    cut: fc.boolean(),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(damage, { maxLength: 3 }), async (damages) => {
      scene.folder("cache-copy");
      Bun.spawnSync(["rm", "-rf", scene.at("cache-copy"), scene.at("copy.iso")]);
      Bun.spawnSync(["cp", "-r", scene.at("cache"), scene.at("cache-copy")]);
      copyFileSync(scene.at("out/sound.iso"), scene.at("copy.iso"));
      for (const { file, place, bytes, cut } of damages) {
        const path = scene.at(file === "iso" ? "copy.iso" : `cache-copy/${entry}/${file}`);
        const { size } = statSync(path);
        if (cut) truncateSync(path, place % (size + 1));
        else {
          const content = readFileSync(path);
          content.set(noise(bytes).subarray(0, Math.max(0, size - (place % (size + 1)))), place % (size + 1));
          writeFileSync(path, content);
        }
      }
      await scene.succeed([
        ...["build", after, "-o", "out/new.iso"],
        ...["--cache", "cache-copy", "--reuse", "copy.iso"],
      ]);
      same(scene, "out/new.iso", "out/plain.iso");
    }),
    { numRuns: process.env.PLATTER_TEST === "full" ? 40 : 6 },
  );
});

describe("--reuse", () => {
  test("of a file that cannot help is a warning with the reason", async () => {
    using scene = new Scene("reuse");
    const reference = image(scene, "image");
    const args = ["build", reference, "-o", "out/x.iso"];
    await scene.succeed([...args, "--compression", "gzip"]);
    copyFileSync(scene.at("out/x.iso"), scene.at("gzip.iso"));
    await scene.succeed([...args, "--compression", "fast"]);
    copyFileSync(scene.at("out/x.iso"), scene.at("fast.iso"));
    scene.write("text", "text\n".repeat(20_000));
    for (const [file, reason] of [
      ["gzip.iso", "it has another compression"],
      ["fast.iso", "another level or version of zstd made its blocks"],
      ["text", "it is neither an ISO nor a squashfs"],
    ] as const) {
      const { stderr } = await scene.succeed([...args, "--reuse", file]);
      expect(stderr).toMatch(new RegExp(`^warning: No block of \`${file}\` is reused: ${reason}`, "m"));
      expect(reusedIn(stderr)).toBeUndefined();
    }
  });

  test("of a file that does not exist is an error", async () => {
    using scene = new Scene("reuse");
    const ran = await scene.run(["build", image(scene, "image"), "-o", "out/y.iso", "--reuse", "none.iso"]);
    await expectRefusal(scene, ran, {
      exit: 5,
      code: "E_INPUT",
      says: ["none.iso", "--reuse"],
      hint: ["--reuse"],
    });
  });

  test("is refused if nothing can be reused", async () => {
    using scene = new Scene("reuse");
    const reference = image(scene, "image");
    scene.write("old.iso", "");
    for (const options of [
      ["--compression", "gzip"],
      ["--rootfs", "erofs"],
      ["--to", "inspect", "--work", "w"],
    ]) {
      const ran = await scene.run(["build", reference, "-o", "out/x.iso", ...options, "--reuse", "old.iso"]);
      expect(ran.stderr).toContain("E_OPTION_UNUSED");
      expect(existsSync(scene.at("out/x.iso"))).toBe(false);
    }
  });
});
