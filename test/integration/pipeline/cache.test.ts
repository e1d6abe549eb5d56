/** What a second build does not do again: with --cache between builds, with --work in one folder. Needs root, for mounts. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const FROM_CACHE = / squash +cached: /;

/** A tiny image, as a folder or as an OCI layout; the reference. */
function image(scene: Scene, name = "image", transport: "dir" | "oci" = "dir"): string {
  const folder = tinyImage(scene.at(name), { with: { "usr/share/noise": noise(2 ** 20) } });
  return transport === "dir" ? `dir:${folder}` : `oci:${ociOf(folder, scene.at(`${name}-oci`))}`;
}

/** From now on a file system cannot be made. */
function breakErofs(scene: Scene): void {
  fakeErofs(scene, "exit 7");
}

function entries(scene: Scene, cache = "cache"): string[] {
  return readdirSync(scene.at(cache)).map((name) => scene.at(`${cache}/${name}`));
}

describe("another label and another iso.yaml", () => {
  test.each(["dir", "oci"] as const)("with --cache, %s", async (transport) => {
    using scene = new Scene("cache");
    const reference = image(scene, "image", transport);
    scene.write("iso.yaml", "label: OTHER\ngrub2: {timeout: 3}\n");
    const changed = ["--config", "iso.yaml"];
    fakeErofs(scene, MAKES);
    await scene.succeed(["build", reference, ...EROFS, "-o", "out/plain.iso", ...changed]);
    const first = await scene.succeed([
      "build",
      reference,
      ...EROFS,
      "-o",
      "out/first.iso",
      "--cache",
      "cache",
    ]);
    expect(first.stderr).not.toMatch(FROM_CACHE);
    breakErofs(scene);
    const args = ["build", reference, ...EROFS, "-o", "out/second.iso", "--cache", "cache"];
    expect((await scene.succeed([...args, ...changed])).stderr).toMatch(FROM_CACHE);
    expectSameBytes(readFileSync(scene.at("out/second.iso")), readFileSync(scene.at("out/plain.iso")));
    expect((await scene.succeed([...args, "--label", "THIRD"])).stderr).toMatch(FROM_CACHE);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("with --work", async () => {
    using scene = new Scene("cache");
    const reference = image(scene);
    scene.write("iso.yaml", "label: OTHER\n");
    const args = ["build", reference, ...EROFS, "-o", "out/x.iso", "--work", "work"];
    fakeErofs(scene, MAKES);
    await scene.succeed(args);
    breakErofs(scene);
    for (const changed of [
      ["--label", "THIRD"],
      ["--config", "iso.yaml"],
    ]) {
      expect((await scene.succeed([...args, ...changed])).stderr).toMatch(/ squash +skipped: unchanged$/m);
    }
  });
});

describe("a root file system without compression, whose key is everything that decides its bytes", () => {
  const WHOLE = ["--compression", "none"];

  test("is made again for another exclude, block size, time, or content of the same size and time", async () => {
    using scene = new Scene("cache");
    const args = ["build", image(scene), "-o", "out/x.iso", "--cache", "cache"];
    const build = async (more = WHOLE, env: Record<string, string> = {}) =>
      FROM_CACHE.test((await scene.succeed([...args, ...more], { env })).stderr);
    expect(await build()).toBe(false);
    expect(await build()).toBe(true);
    expect(await build([...WHOLE, "--exclude", "usr/share/doc"])).toBe(false);
    expect(await build(["--compression", "none,512K"])).toBe(false);
    expect(await build(WHOLE, { SOURCE_DATE_EPOCH: "1600000000" })).toBe(false);
    const file = scene.at("image/usr/share/noise");
    const { size, mtime } = statSync(file);
    writeFileSync(file, noise(size));
    utimesSync(file, mtime, mtime);
    expect(await build()).toBe(false);
    expect(await build()).toBe(true);
    expect(entries(scene)).toHaveLength(5);
  });

  test.each([
    [
      "a damaged artifact",
      (entry: string) => writeFileSync(`${entry}/artifact`, noise(statSync(`${entry}/artifact`).size)),
    ],
    ["a cut off artifact", (entry: string) => writeFileSync(`${entry}/artifact`, "")],
    ["a damaged record", (entry: string) => writeFileSync(`${entry}/entry.json`, "{")],
  ])("is made again after %s", async (_, damage) => {
    using scene = new Scene("cache");
    const args = ["build", image(scene), "--cache", "cache", ...WHOLE, "-o"];
    await scene.succeed([...args, "out/a.iso"]);
    damage(entries(scene)[0]!);
    const ran = await scene.succeed([...args, "out/b.iso"]);
    expect(ran.stderr).toContain("is damaged, so platter makes it again");
    expectSameBytes(readFileSync(scene.at("out/b.iso")), readFileSync(scene.at("out/a.iso")));
    expect((await scene.succeed([...args, "out/b.iso"])).stderr).toMatch(FROM_CACHE);
    expect(entries(scene)).toHaveLength(1);
  });
});

describe("a cache of limited size", () => {
  test("keeps what was used last", async () => {
    using scene = new Scene("cache");
    const images = ["a", "b", "c"].map((name) => image(scene, name));
    const build = async (which: number) =>
      FROM_CACHE.test(
        (
          await scene.succeed([
            "build",
            images[which]!,
            "-o",
            "out/x.iso",
            "--cache",
            "cache",
            "--cache-size",
            "3M",
          ])
        ).stderr,
      );
    expect(await build(0)).toBe(false);
    expect(await build(1)).toBe(false);
    expect(await build(0)).toBe(true);
    // Two of them have room; the second was not used since.
    expect(await build(2)).toBe(false);
    expect(entries(scene)).toHaveLength(2);
    expect(await build(0)).toBe(true);
    expect(await build(1)).toBe(false);
  });

  test("keeps nothing that is larger than all of it", async () => {
    using scene = new Scene("cache");
    const args = ["build", image(scene), "-o", "out/x.iso", "--cache", "cache", "--cache-size", "100K"];
    await scene.succeed(args);
    expect(entries(scene)).toEqual([]);
  });
});

test("builds at the same time share a cache, also one that is too small for them", async () => {
  using scene = new Scene("cache");
  const images = ["a", "b"].map((name) => image(scene, name));
  const alone = await Promise.all(
    images.map(async (reference, i) => {
      await scene.succeed(["build", reference, "-o", `out/alone-${i}.iso`]);
      return readFileSync(scene.at(`out/alone-${i}.iso`));
    }),
  );
  const build = async (i: number) => {
    const shared = ["--cache", "cache", "--cache-size", "2M"];
    const output = `out/${i}.iso`;
    await scene.succeed(["build", images[i % 2]!, "-o", output, ...shared]);
    expectSameBytes(readFileSync(scene.at(output)), alone[i % 2]!);
  };
  await Promise.all([0, 1, 2, 3].map(build));
  await Promise.all([0, 1, 2, 3].map(build));
  const { stdout } = await scene.succeed(["cache", "cache", "--json"]);
  expect(JSON.parse(stdout).size).toBeWithin(2 ** 20, 2 * 2 ** 20 + 1);
  expect(await scene.leftovers()).toEqual([]);
});

describe("platter cache", () => {
  test("lists the last used entry first, and removes the least recently used ones", async () => {
    using scene = new Scene("cache");
    for (const name of ["a", "b"]) {
      await scene.succeed(["build", image(scene, name), "-o", "out/x.iso", "--cache", "cache"]);
    }
    const [first = "", second = ""] = entries(scene).sort(
      (a, b) => statSync(`${a}/entry.json`).mtimeMs - statSync(`${b}/entry.json`).mtimeMs,
    );
    utimesSync(`${first}/entry.json`, 1_700_000_000, 1_700_000_000);
    const names = (stdout: string) =>
      [...stdout.matchAll(/v4-\w+/g)].map(([name]) => scene.at(`cache/${name}`));
    const listed = await scene.succeed(["cache", "cache"]);
    expect(names(listed.stdout)).toEqual([second, first]);
    expect(listed.stdout).toMatch(
      / MiB {2}2023-11-14 22:13 {2}blocks of files +v4-.*\n2 entries with .* MiB\n$/,
    );
    const pruned = await scene.succeed(["cache", "--prune", "2M"], { env: { PLATTER_CACHE: "cache" } });
    expect(pruned.stderr).toMatch(/^Removed 1 entry with .* MiB$/m);
    expect(names(pruned.stdout)).toEqual([second]);
    expect(entries(scene)).toEqual([second]);
    expect((await scene.succeed(["cache", "cache", "--prune", "0"])).stdout).toBe("0 entries with 0 B\n");
  });

  test("counts and removes an entry of another version", async () => {
    using scene = new Scene("cache");
    const name = `v999-${"0".repeat(64)}`;
    scene.write(`cache/${name}/artifact`, "a later version");
    expect((await scene.succeed(["cache", "cache"])).stdout).toBe(
      `     15 B  incomplete        of another version  ${name}\n1 entry with 15 B\n`,
    );
    await scene.succeed(["build", image(scene), "-o", "out/x.iso", "--cache", "cache"]);
    await scene.succeed(["cache", "cache", "--prune", "3M"]);
    expect(entries(scene)).toHaveLength(2);
    await scene.succeed(["cache", "cache", "--prune", "0"]);
    expect(entries(scene)).toEqual([]);
  });

  test("refuses a folder that does not exist, and does not make it", async () => {
    using scene = new Scene("cache");
    const ran = await scene.run(["cache", "nothing"]);
    await expectRefusal(scene, ran, { exit: 5, code: "E_CACHE", says: ["`nothing`"], hint: ["--cache"] });
    expect((await scene.run(["cache"])).stderr).toContain("no folder given");
    expect(readdirSync(scene.at("."))).not.toContain("nothing");
  });
});

describe("a cache on another file system", () => {
  test("does the same", async () => {
    using scene = new Scene("cache");
    scene.mount(scene.folder("cache"), "-t", "tmpfs", "tmpfs");
    const args = ["build", image(scene), "--cache", "cache", "-o"];
    await scene.succeed([...args, "out/a.iso"]);
    expect((await scene.succeed([...args, "out/b.iso"])).stderr).toMatch(FROM_CACHE);
    expectSameBytes(readFileSync(scene.at("out/b.iso")), readFileSync(scene.at("out/a.iso")));
    expect(entries(scene)).toHaveLength(1);
  });

  test("that is read-only and damaged is a warning", async () => {
    using scene = new Scene("cache");
    scene.mount(scene.folder("cache"), "-t", "tmpfs", "tmpfs");
    const args = ["build", image(scene), "--cache", "cache", "-o"];
    await scene.succeed([...args, "out/a.iso"]);
    writeFileSync(`${entries(scene)[0]}/artifact`, "");
    scene.mount(scene.at("cache"), "-o", "remount,ro");
    const ran = await scene.succeed([...args, "out/b.iso"]);
    expect(ran.stderr).toContain("Cannot keep the blocks of the root file system");
    expectSameBytes(readFileSync(scene.at("out/b.iso")), readFileSync(scene.at("out/a.iso")));
  });

  test("that is full is a warning", async () => {
    using scene = new Scene("cache");
    scene.mount(scene.folder("cache"), "-t", "tmpfs", "-o", "size=200k", "tmpfs");
    const ran = await scene.succeed(["build", image(scene), "--cache", "cache", "-o", "out/a.iso"]);
    expect(ran.stderr).toMatch(
      /Cannot keep the blocks of the root file system in `.*cache`: .*no space|ENOSPC/,
    );
    expect(entries(scene)).toEqual([]);
  });
});

test("a cache that cannot be", async () => {
  using scene = new Scene("cache");
  const args = ["build", image(scene), "-o", "out/x.iso"];
  scene.write("file", "");
  const folder = await scene.run([...args, "--cache", "file"]);
  await expectRefusal(scene, folder, {
    exit: 5,
    code: "E_CACHE",
    says: [`${scene.at("file")}\`: a file has this name`],
  });
  const size = await scene.run([...args, "--cache", "cache", "--cache-size", "much"]);
  await expectRefusal(scene, size, { exit: 2, code: "E_CACHE_SIZE", says: ["`much`"], hint: ["10G"] });
});

describe("an entry that is not what it was", () => {
  const make = async (scene: Scene) => {
    const args = ["build", image(scene), "-o", "out/x.iso", "--cache", "cache"];
    await scene.succeed(args);
    const [entry = ""] = entries(scene);
    return { args, entry, iso: readFileSync(scene.at("out/x.iso")) };
  };

  test.each([
    ["a file", (entry: string) => [`rm -r ${entry}`, `echo text >${entry}`]],
    ["a FIFO", (entry: string) => [`rm -r ${entry}`, `mkfifo ${entry}`]],
    [
      "a folder with a FIFO as record",
      (entry: string) => [`rm ${entry}/entry.json`, `mkfifo ${entry}/entry.json`],
    ],
    ["one with /dev/zero as record", (entry: string) => [`ln -sf /dev/zero ${entry}/entry.json`]],
    ["one with a FIFO as artifact", (entry: string) => [`rm ${entry}/artifact`, `mkfifo ${entry}/artifact`]],
    ["one with a folder as artifact", (entry: string) => [`rm ${entry}/artifact`, `mkdir ${entry}/artifact`]],
    ["one with a link as artifact", (entry: string) => [`ln -sf /dev/zero ${entry}/artifact`]],
    ["one without a record", (entry: string) => [`rm ${entry}/entry.json`]],
    ["one without an artifact", (entry: string) => [`rm ${entry}/artifact`]],
    [
      "one that was renamed",
      (entry: string) => [`sed -i 's/"key":"......../"key":"00000000/' ${entry}/entry.json`],
    ],
    ["one with a cut artifact", (entry: string) => [`truncate -s 10 ${entry}/artifact`]],
    ["one with other blocks", (entry: string) => [`shred -n 1 -x ${entry}/artifact`]],
    ["one with a cut index", (entry: string) => [`truncate -s 10 ${entry}/blocks`]],
    ["one with a longer index", (entry: string) => [`echo >>${entry}/blocks`]],
    ["one with a link as index", (entry: string) => [`ln -sf /dev/zero ${entry}/blocks`]],
  ])("%s: it is made again", async (_, damage) => {
    using scene = new Scene("cache");
    const { args, entry, iso } = await make(scene);
    for (const command of damage(entry)) expect(Bun.spawnSync(["sh", "-c", command]).exitCode).toBe(0);
    const ran = await scene.succeed(args);
    expect(ran.stderr.match(/^warning: .*damaged/gm)).toHaveLength(1);
    expectSameBytes(readFileSync(scene.at("out/x.iso")), iso);
    expect((await scene.succeed(args)).stderr).toMatch(FROM_CACHE);
    expect(entries(scene)).toHaveLength(1);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("a temporary folder of a killed run is removed, whatever the clock says", async () => {
    using scene = new Scene("cache");
    const { args } = await make(scene);
    scene.write("cache/.platter-abcdef/lock", "4194000\n");
    scene.write("cache/.platter-abcdef/entry/artifact", "half");
    const ran = await scene.succeed(args);
    expect(ran.stderr).toMatch(
      /^Removed .*\/cache\/\.platter-abcdef. \(.*\), left by a run that was killed$/m,
    );
    expect(entries(scene)).toHaveLength(1);
  });
});

describe("squash --cache", () => {
  test("shares entries with build, and compresses only what changed", async () => {
    using scene = new Scene("cache");
    const [before, after] = [image(scene, "before"), image(scene, "after")];
    scene.write("after/usr/share/noise", readFileSync(scene.at("before/usr/share/noise")));
    scene.write("after/usr/share/new", "new\n".repeat(300_000));
    const squash = (reference: string, name: string) => ["squash", reference, "-o", `out/${name}.img`];
    const cached = ["--cache", "cache"];
    expect((await scene.succeed([...squash(before, "first"), ...cached])).stderr).not.toMatch(FROM_CACHE);
    const built = await scene.succeed(["build", before, "-o", "out/x.iso", ...cached]);
    expect(built.stderr).toMatch(FROM_CACHE);
    const changed = await scene.succeed([...squash(after, "changed"), ...cached]);
    expect(changed.stderr).toMatch(/^Reused \d+ % of /m);
    await scene.succeed(squash(after, "plain"));
    expectSameBytes(readFileSync(scene.at("out/changed.img")), readFileSync(scene.at("out/plain.img")));
    expect(entries(scene)).toHaveLength(2);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("a change of the output does not damage the cache", async () => {
    using scene = new Scene("cache");
    const args = ["squash", image(scene), "-o", "out/x.img", "--cache", "cache"];
    for (const times of [1, 2]) {
      await scene.succeed(args);
      appendFileSync(scene.at("out/x.img"), `change ${times}`);
    }
    const { stderr } = await scene.succeed(args);
    expect(stderr).toMatch(FROM_CACHE);
    expect(stderr).not.toContain("damaged");
  });
});
