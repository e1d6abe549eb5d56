/** What the system refuses, and what the environment asks for: errors with a path, never a stack trace. Needs root. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, renameSync, statSync } from "node:fs";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, expectNoStack, expectRefusal, hostProgram, Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("system");
  tinyImage(scene.at("image"));
});
afterEach(() => scene[Symbol.dispose]());

describe("a name that the system does not take", () => {
  test("an output of 255 bytes is written, and one of 256 is the machine's error", async () => {
    await scene.succeed(["build", "dir:image", "-o", `out/${"x".repeat(255)}`]);
    expect(readdirSync(scene.out)).toEqual(["x".repeat(255)]);
    const ran = await scene.run(["build", "dir:image", "-o", `out/${"y".repeat(256)}`]);
    await expectRefusal(scene, ran, {
      exit: 5,
      code: "E_OUTPUT",
      says: ["y".repeat(256), "the name is too long"],
    });
  });

  test.each([
    ["a reference of 300 bytes", ["inspect", "r".repeat(300)]],
    ["a path of 5,000 bytes", ["inspect", `dir:/${"r/".repeat(2500)}`]],
    ["a reference of 5,000 bytes", ["inspect", "r".repeat(5000)]],
    ["a payload of 300 bytes", ["inspect", "dir:image", "--payload", `oci:${"p".repeat(300)}`]],
    ["a payload's name of 5,000 bytes", ["inspect", "dir:image", "--payload", `oci:os=${"p".repeat(5000)}`]],
    ["a work folder of 300 bytes", ["inspect", "dir:image", "--work", "w".repeat(300)]],
    ["a configuration of 300 bytes", ["inspect", "dir:image", "--config", "c".repeat(300)]],
  ])("%s", async (_, args) => {
    const { code, stderr } = await scene.run(args);
    expect([2, 3, 4, 5]).toContain(code!);
    expect(stderr).toMatch(/^error(\[\w+\])?: /m);
    expectNoStack(stderr);
    expect(await scene.leftovers()).toEqual([]);
  });
});

test("a work folder that is renamed during a build is the machine's error, with the path", async () => {
  tinyImage(scene.at("noisy"), { with: { "usr/share/noise": noise(32 * 2 ** 20) } });
  const args = ["build", "dir:noisy", "-o", "out/x.iso", "--work", "work", "--compression", "zstd:19"];
  const running = scene.start(args);
  const partial = scene.at("work/squashfs.img.partial");
  await until(() => existsSync(partial) && statSync(partial).size > 2 ** 20);
  renameSync(scene.at("work"), scene.at("moved"));
  const { code, stderr } = await running.done;
  expect({ code, stderr }).toEqual({ code: 5, stderr });
  expect(stderr).toContain(scene.at("work"));
  expectNoStack(stderr);
  expect(readdirSync(scene.out)).toEqual([]);
});

test("a file that cannot be removed is the machine's error, with its path", async () => {
  await scene.succeed(["inspect", "dir:image", "--work", "work"]);
  scene.mount(scene.folder("work/image/mounted"), "-t", "tmpfs", "t");
  const { code, stderr } = await scene.run(["inspect", "dir:image", "--work", "work"]);
  expect({ code, stderr }).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(/^error\[\w+\]: .*work\/image/m),
  });
  expectNoStack(stderr);
});

test.each(["--version", "--help", "build --help"])("%s into a full standard output", async (args) => {
  const done = Bun.spawnSync(["sh", "-c", `"$0" ${args} >/dev/full`, BINARY], { stderr: "pipe" });
  expect({ code: done.exitCode, stderr: done.stderr.toString() }).toMatchObject({
    code: 5,
    stderr: expect.stringContaining("[E_STDOUT]"),
  });
});

test.each([
  ["BUN_OPTIONS", "--smol"],
  ["BUN_INSPECT_NOTIFY", "unix:///tmp/nothing"],
])("%s in the environment is refused", async (name, value) => {
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"], { env: { [name]: value } });
  await expectRefusal(scene, ran, { exit: 2, code: "E_ENVIRONMENT", says: [name], hint: [`env -u ${name}`] });
});

test("a clock at 1970: the ISO is the same, and nothing hangs", async () => {
  await scene.succeed(["build", "dir:image", "-o", "out/x.iso"]);
  const iso = readFileSync(scene.at("out/x.iso"));
  const prefix = [hostProgram("faketime"), "1970-01-01 00:00:05"];
  for (const more of [[], ["--work", "work"], ["--cache", "cache"]])
    await scene.succeed(["build", "dir:image", "-o", "out/x.iso", ...more], { prefix });
  expectSameBytes(readFileSync(scene.at("out/x.iso")), iso);
  expect(await scene.leftovers()).toEqual([]);
});

test("inspect with a TMPDIR that is nearly full: the same plan, or an error about the disk", async () => {
  const whole = await scene.succeed(["inspect", "dir:image", "--json"]);
  for (const size of ["16k", "64k", "256k", "1m"]) {
    const folder = scene.folder(`small-${size}`);
    scene.mount(folder, "-t", "tmpfs", "-o", `size=${size}`, "t");
    const { code, stdout, stderr } = await scene.run(["inspect", "dir:image", "--json"], {
      env: { TMPDIR: folder },
    });
    if (code === 0) expect(stdout).toBe(whole.stdout);
    else expect({ code, stderr }).toMatchObject({ code: 5, stderr: expect.stringContaining("[E_NO_SPACE]") });
    expectNoStack(stderr);
    expect(readdirSync(folder)).toEqual([]);
  }
});
