/** A machine that says no: full disks, read-only folders, outputs that cannot be written. Needs root, for mounts. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { CONFIG, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { BINARY, expectRefusal, Scene } from "../../helpers/scene.ts";
import { unfinishedOutput } from "../../helpers/unfinished-output.ts";

setDefaultTimeout(60_000);

/** A scene whose folder `out` is a file system of this size. */
function withDisk(size: string, ...options: string[]): Scene {
  const scene = new Scene("disk");
  scene.mount(scene.out, "-t", "tmpfs", "-o", [`size=${size}`, ...options].join(","), "tmpfs");
  return scene;
}

const FULL = { exit: 5, code: "E_NO_SPACE", hint: ["Free some space", "--work"] };

/** An ISO of which nothing but the first descriptor's identifier is right. */
const DAMAGED = `${"x".repeat(32_769)}CD001${"x".repeat(8000)}`;

describe("a full disk", () => {
  // The stage alone, so that it is not another that runs out of space first.
  const build = ["build", "-o", "out/x.iso"];
  const squash = ["squash", "-o", "out/squashfs.img"];
  test.each([
    ["while the root file system is squashed", "7m", squash, "squashfs.img`: no space"],
    ["while it is squashed into the ISO", "7m", build, "x.iso`: no space"],
    ["while the rest of the ISO is written", "11m", build, "x.iso`: no space"],
  ] as const)("%s", async (_, size, args, says) => {
    using scene = withDisk(size);
    // The squashfs has 8 MiB, and the ISO also the initramfs of 4 MiB.
    const image = tinyImage(scene.at("image"), {
      with: { "usr/lib/modules/6.1.0-tiny/initramfs.img": noise(2 ** 22), "usr/share/noise": noise(2 ** 22) },
    });
    await expectRefusal(scene, await scene.run([...args, `dir:${image}`]), { ...FULL, says: [says] });
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("of the work directory, while the pieces of the image are kept", async () => {
    using scene = withDisk("100k");
    tinyImage(scene.at("image"));
    const ran = await scene.run(["inspect", "dir:image", "--work", "out/work"]);
    await expectRefusal(scene, ran, { ...FULL, says: ["Cannot write `", "no space"] });
  });

  test("of the work directory: what was done before stays, and the next run goes on from there", async () => {
    using scene = withDisk("6m");
    tinyImage(scene.at("image"), { with: { "usr/share/noise": noise(2 ** 23) } });
    const args = ["build", "dir:image", "--work", "out/work", "--to"];
    await scene.succeed([...args, "render-grub"]);
    const rest = ["build", "--work", "out/work", "--from", "squash", "--to", "squash"];
    await expectRefusal(scene, await scene.run(rest), { ...FULL, says: ["squashfs.img`: no space"] });
    expect(readdirSync(scene.at("out/work/stages"))).not.toContain("squash.json");
    scene.mount(scene.out, "-o", "remount,size=60m");
    const again = await scene.succeed([...args, "squash"]);
    expect(again.stderr).toMatch(/render-grub +skipped: unchanged$/m);
  });

  test("of the output alone: an artifact is not left half copied", async () => {
    using scene = withDisk("1m");
    tinyImage(scene.at("image"), { with: { "usr/share/noise": noise(2 ** 22) } });
    const ran = await scene.run(["squash", "dir:image", "-o", "out/squashfs.img", "--work", "work"]);
    await expectRefusal(scene, ran, { ...FULL, says: ["out/squashfs.img`", "no space"] });
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("of inodes", async () => {
    using scene = withDisk("50m", "nr_inodes=10");
    tinyImage(scene.at("image"));
    const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"]);
    await expectRefusal(scene, ran, { ...FULL, says: ["Cannot write `", "no space"] });
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test.each([
    ["inspect", (scene: Scene) => `inspect dir:${tinyImage(scene.at("image"))}`],
    ["verify", (scene: Scene) => `verify ${scene.write("bad.iso", DAMAGED)}`],
    ["verify --json", (scene: Scene) => `verify --json ${scene.write("bad.iso", DAMAGED)}`],
  ])("of the file that standard output of `%s` goes to", async (_, command) => {
    using scene = new Scene("disk");
    const done = Bun.spawnSync(["sh", "-c", `exec ${BINARY} ${command(scene)} >/dev/full`]);
    const stderr = done.stderr.toString();
    await expectRefusal(
      scene,
      { code: done.exitCode, stdout: "", stderr },
      {
        exit: 5,
        code: "E_STDOUT",
        says: ["standard output", "no space"],
      },
    );
  });
});

describe("a read-only output folder", () => {
  test.each([
    [
      "a file system that is mounted read-only",
      (s: Scene) => s.mount(s.out, "-t", "tmpfs", "-o", "ro", "tmpfs"),
    ],
    [
      "a read-only bind mount",
      (s: Scene) => {
        s.mount(s.out, "--bind", s.out);
        s.mount(s.out, "-o", "remount,bind,ro");
      },
    ],
  ])("%s", async (_, make) => {
    using scene = new Scene("disk");
    tinyImage(scene.at("image"));
    make(scene);
    const read = { exit: 5, says: ["read-only"], hint: ["Choose a folder"] };
    const output = await scene.run(["build", "dir:image", "-o", "out/x.iso"]);
    await expectRefusal(scene, output, { ...read, code: "E_OUTPUT" });
    const work = await scene.run(["build", "dir:image", "-o", "x.iso", "--work", "out/work"]);
    await expectRefusal(scene, work, { ...read, code: "E_WORK" });
  });
});

describe("an output that cannot be", () => {
  test.each([
    ["a device", "/dev/null", 2, "not a regular file", "Name an output file"],
    ["below a file", "image/etc/os-release/x.iso", 5, "os-release` is not a folder", "in a folder"],
  ])("%s", async (_, output, exit, says, hint) => {
    using scene = new Scene("disk");
    tinyImage(scene.at("image"));
    const expected = { exit, code: "E_OUTPUT", says: [`\`${output}\``, says], hint: [hint] };
    await expectRefusal(scene, await scene.run(["build", "dir:image", "-o", output]), expected);
    await expectRefusal(scene, await scene.run(["squash", "dir:image", "-o", output]), expected);
  });

  test("a work directory that is a file, and one with a file in it where a folder goes", async () => {
    using scene = new Scene("disk");
    tinyImage(scene.at("image"));
    const build = (work: string) => scene.run(["build", "dir:image", "-o", "out/x.iso", "--work", work]);
    const file = scene.write("file", "");
    await expectRefusal(scene, await build("file"), {
      exit: 5,
      code: "E_WORK",
      says: [`${file}\`: a file has this name`],
      hint: ["Choose another name"],
    });
    scene.folder("work/stages");
    scene.write("work/logs", "");
    await expectRefusal(scene, await build("work"), { exit: 5, code: "E_WORK", says: [scene.at("work")] });
  });

  test("an ISO that is there is replaced only by a whole one", async () => {
    using scene = new Scene("disk");
    tinyImage(scene.at("image"));
    scene.write("out/x.iso", "the old ISO");
    scene.write(`image/${CONFIG}`, "label: [");
    expect((await scene.run(["build", "dir:image", "-o", "out/x.iso"])).code).toBe(3);
    expect(readFileSync(scene.at("out/x.iso"), "utf8")).toBe("the old ISO");
    scene.write(`image/${CONFIG}`, "");
    const strace = ["strace", "-f", "-o", "calls", "-P", unfinishedOutput(scene.at("out/x.iso"))];
    const inject = ["-e", "trace=ftruncate", "-e", "inject=ftruncate:error=EIO"];
    const failing = Bun.spawnSync([...strace, ...inject, BINARY, "build", "dir:image", "-o", "out/x.iso"], {
      cwd: scene.path,
      env: { ...process.env, TMPDIR: scene.tmp },
      stderr: "pipe",
    });
    expect({ code: failing.exitCode, stderr: failing.stderr.toString() }).toMatchObject({
      code: 5,
      stderr: expect.stringMatching(/^error\[E_OUTPUT\]: Cannot write .*input\/output error$/m),
    });
    expect(readFileSync(scene.at("out/x.iso"), "utf8")).toBe("the old ISO");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("what is in the place of the unfinished file is not followed, and not removed", async () => {
    using scene = new Scene("disk");
    tinyImage(scene.at("image"));
    const place = (name: string) =>
      `out/.platter-${new Bun.CryptoHasher("sha256").update(name).digest("hex").slice(0, 16)}`;
    scene.write("precious/file", "precious");
    for (const [name, make] of [
      ["x.iso", (path: string) => symlinkSync(scene.at("precious"), path)],
      ["y.iso", (path: string) => writeFileSync(path, "a file")],
    ] as const) {
      make(scene.at(place(name)));
      const ran = await scene.run(["build", "dir:image", "-o", `out/${name}`]);
      expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
        code: 5,
        stderr: expect.stringMatching(new RegExp(`^error\\[E_OUTPUT\\]: Cannot write .*${name}`, "m")),
      });
    }
    expect(readFileSync(scene.at("precious/file"), "utf8")).toBe("precious");
    expect(readFileSync(scene.at(place("y.iso")), "utf8")).toBe("a file");
    mkdirSync(scene.at("out/z.iso.partial"));
    await scene.succeed(["build", "dir:image", "-o", "out/z.iso"]);
    expect(existsSync(scene.at("out/z.iso.partial"))).toBe(true);
  });
});
