/**
 * A build that writes the root file system straight into the ISO, and does not complete: the ISO of an earlier build
 * stays, and nothing else does. Needs root, for mounts.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { KVER, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { BINARY, expectRefusal, hostProgram, type Running, Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

const MIB = 2 ** 20;
const OLD = "the old ISO";

let made: Scene;
let size: number;

beforeAll(async () => {
  made = new Scene("into-iso");
  const initramfs = [`usr/lib/modules/${KVER}/initramfs.img`, noise(9 * MIB)] as const;
  tinyImage(made.at("image"), {
    with: Object.fromEntries([["usr/share/noise", noise(20 * MIB)], initramfs]),
  });
  tinyImage(made.at("slow"), { with: { "usr/share/noise": noise(64 * MIB) } });
  await made.succeed(["build", "dir:image", "-o", "out/x.iso"]);
  size = statSync(made.at("out/x.iso")).size;
});
afterAll(() => made[Symbol.dispose]());

const build = (scene: Scene, image = "image") => [
  "build",
  `dir:${made.at(image)}`,
  "-o",
  scene.at("out/x.iso"),
];
/** A squash that takes minutes. */
const buildSlowly = (scene: Scene) => [...build(scene, "slow"), "--compression", "zstd:22,1M"];

/** Where an unfinished output of this name is. */
function unfinished(scene: Scene): string {
  const digest = new Bun.CryptoHasher("sha256").update("x.iso").digest("hex").slice(0, 16);
  return join(scene.out, `.platter-${digest}`, "unfinished");
}

function withOldIso(): Scene {
  const scene = new Scene("into-iso");
  writeFileSync(scene.at("out/x.iso"), OLD);
  return scene;
}

async function expectOldIso(scene: Scene): Promise<void> {
  expect(await scene.leftovers()).toEqual([]);
  expect(readdirSync(scene.out)).toEqual(["x.iso"]);
  expect(readFileSync(scene.at("out/x.iso"), "utf8")).toBe(OLD);
}

/** Waits until the root file system is being written into the ISO. */
async function untilSquashing(scene: Scene, running: Running): Promise<void> {
  let ended = false;
  running.done.finally(() => {
    ended = true;
  });
  const path = unfinished(scene);
  await until(() => ended || (existsSync(path) && statSync(path).size > MIB));
  expect(ended).toBe(false);
}

describe("a disk that becomes full", () => {
  test.each([
    0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95, 0.99,
  ])("at %d of the ISO", async (share) => {
    using scene = new Scene("into-iso");
    scene.mount(scene.out, "-t", "tmpfs", "-o", `size=${Math.ceil(size * share)}`, "tmpfs");
    const ran = await scene.run(build(scene));
    const says = ["x.iso`: no space"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_NO_SPACE", says, hint: ["Free some space"] });
    expect(readdirSync(scene.out)).toEqual([]);
  });
});

test.each([1, 2, 10, 30])("a disk that fails at write %i of the ISO", async (when) => {
  using scene = withOldIso();
  const inject = ["-e", "trace=pwrite64", "-e", `inject=pwrite64:error=EIO:when=${when}`];
  const trace = [hostProgram("strace"), "-f", "-o", scene.at("calls"), "-P", unfinished(scene), ...inject];
  const options = { env: { ...process.env, TMPDIR: scene.tmp }, stderr: "pipe" } as const;
  const done = Bun.spawnSync([...trace, BINARY, ...build(scene)], options);
  expect(readFileSync(scene.at("calls"), "utf8")).toContain("(INJECTED)");
  expect({ code: done.exitCode, stderr: done.stderr.toString() }).toEqual({
    code: 5,
    stderr: expect.stringMatching(/^error\[E_OUTPUT\]: Cannot write .*x\.iso`: input\/output error$/m),
  });
  await expectOldIso(scene);
});

test("an error in the image, found while the root file system is written", async () => {
  using scene = withOldIso();
  const image = tinyImage(scene.at("image"), {
    with: { [SHIM]: "no program", "usr/share/noise": noise(64 * MIB) },
  });
  const args = ["build", `dir:${image}`, "-o", scene.at("out/x.iso"), "--compression", "zstd:22,1M"];
  const ran = await scene.run(args);
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
    code: 3,
    stderr: expect.stringContaining("[E_SHIM_FORMAT]"),
  });
  expect(ran.stderr).not.toMatch(/squash +done/);
  await expectOldIso(scene);
});

test.each(["SIGINT", "SIGTERM"] as const)("%s while the root file system is written", async (signal) => {
  using scene = withOldIso();
  const running = scene.start(buildSlowly(scene));
  await untilSquashing(scene, running);
  running.signal(signal);
  const ran = await running.done;
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
    code: 130,
    stderr: expect.stringContaining("[E_INTERRUPTED]"),
  });
  await expectOldIso(scene);
});

test("kill -9: the ISO that was there stays, and the next run removes what was left", async () => {
  using scene = withOldIso();
  const running = scene.start(buildSlowly(scene));
  await untilSquashing(scene, running);
  running.signal("SIGKILL");
  await running.done;
  expect(readFileSync(scene.at("out/x.iso"), "utf8")).toBe(OLD);
  await scene.succeed(build(scene));
  expect(await scene.leftovers()).toEqual([]);
  expect(readdirSync(scene.out)).toEqual(["x.iso"]);
  expect(statSync(scene.at("out/x.iso")).size).toBe(size);
});

test("an initramfs that is written to before it is copied is reported", async () => {
  using scene = withOldIso();
  const name = `usr/lib/modules/${KVER}/initramfs.img`;
  const image = tinyImage(scene.at("image"), {
    with: { [name]: noise(9 * MIB), "usr/share/noise": noise(64 * MIB) },
  });
  const args = ["build", `dir:${image}`, "-o", scene.at("out/x.iso"), "--compression", "zstd:15,1M"];
  const log = scene.write("log", "");
  const running = scene.start(args, { prefix: ["sh", "-c", `exec "$@" 2>${log}`, "sh"] });
  const said = () => readFileSync(log, "utf8");
  await until(() => /efi-image +done/.test(said()));
  expect(said()).not.toMatch(/squash +done/);
  writeFileSync(join(image, name), noise(9 * MIB));
  expect({ code: (await running.done).code, said: said() }).toMatchObject({
    code: 5,
    said: expect.stringContaining("[E_FILE_CHANGED]"),
  });
  await expectOldIso(scene);
});
