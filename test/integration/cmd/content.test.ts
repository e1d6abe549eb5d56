/** Options that add content to the ISO and to the live system. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, lchownSync, readFileSync, utimesSync } from "node:fs";
import { CONFIG, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("content");
  tinyImage(scene.at("image"));
});
afterEach(() => scene[Symbol.dispose]());

const BUILD = ["build", "dir:image", "-o", "out/x.iso"];
const bytesOf = (path: string) => readFileSync(scene.at(path));

/** The content of a file of the ISO, as another program reads it. */
function onIso(path: string, iso = "out/x.iso"): string {
  const read = Bun.spawnSync(["isoinfo", "-R", "-i", scene.at(iso), "-x", path]);
  return read.stdout.toString();
}

test("--add: files of the host are on the ISO, with the same bytes whatever their mode and time", async () => {
  scene.write("ks.cfg", "text\n");
  scene.write("seed/meta-data", "instance-id: x\n");
  scene.write("seed/sub/big", Buffer.alloc(9 * 1024 * 1024, "platter "));
  const add = ["--add", "ks.cfg=/ks.cfg", "--add", "seed=/cidata"];
  await scene.succeed([...BUILD, ...add]);
  expect(onIso("/ks.cfg")).toBe("text\n");
  expect(onIso("/cidata/meta-data")).toBe("instance-id: x\n");
  expectSameBytes(Buffer.from(onIso("/cidata/sub/big")), bytesOf("seed/sub/big"));
  const verified = await scene.succeed(["verify", "out/x.iso"]);
  expect(verified.stdout).not.toContain("PROBLEM");
  const first = bytesOf("out/x.iso");
  chmodSync(scene.at("ks.cfg"), 0o600);
  utimesSync(scene.at("ks.cfg"), 1, 1);
  await scene.succeed(["inspect", "dir:image", ...add, "--work", "work"]);
  scene.write("ks.cfg", "changed\n");
  await scene.succeed(["build", "--work", "work", "-o", "out/y.iso"]);
  expectSameBytes(bytesOf("out/y.iso"), first);
});

test("--add: a changed file changes the ISO and nothing else, and `verify --against` reports it", async () => {
  scene.write("ks.cfg", "one\n");
  const build = [...BUILD, "--work", "work", "--add", "ks.cfg=/ks.cfg"];
  await scene.succeed(build);
  await scene.succeed(["verify", "out/x.iso", "--against", "work"]);
  scene.write("ks.cfg", "two\n");
  const { stderr } = await scene.succeed(build.with(3, "out/y.iso"));
  expect(onIso("/ks.cfg", "out/y.iso")).toBe("two\n");
  expect(stderr).toMatch(/squash.*unchanged/);
  const compared = await scene.run(["verify", "out/x.iso", "--against", "work"]);
  expect(compared).toMatchObject({ code: 6, stdout: expect.stringContaining("/ks.cfg") });
  scene.write("work/image/added/0", "odd\n");
  const ran = await scene.run(["assemble", "--work", "work", "-o", "out/z.iso"]);
  expect(ran).toMatchObject({ code: 2, stderr: expect.stringContaining("image/added/0") });
});

test("--add: an output must not be the file, or in the folder", async () => {
  scene.write("seed/a", "a");
  for (const [output, add] of [
    ["seed/a", "seed/a=/a"],
    ["seed/x.iso", "seed=/a"],
  ] as const) {
    const ran = await scene.run(["build", "dir:image", "-o", output, "--add", add]);
    await expectRefusal(scene, ran, { exit: 2, code: "E_SAME_FILE", says: ["--add"] });
  }
});

/** The files of the ISO's root file system, with owner, mode and time. */
function inRootfs(pattern: RegExp, iso = "out/x.iso"): string[] {
  const read = ["isoinfo", "-R", "-i", scene.at(iso), "-x", "/LiveOS/squashfs.img"];
  scene.write("root.img", Bun.spawnSync(read).stdout);
  const { stdout } = Bun.spawnSync(["unsquashfs", "-lln", "-UTC", scene.at("root.img")]);
  return stdout
    .toString()
    .split("\n")
    .filter((line) => pattern.test(line))
    .map((line) => line.replace(/ +/g, " ").replace("squashfs-root", ""));
}

test("--overlay: files over the root file system, the same bytes whatever their owner and time", async () => {
  scene.write("over/etc/motd", "hello\n");
  scene.write(`over/${CONFIG}`, "label: OVER\n");
  const build = [...BUILD, "--overlay", "over"];
  const { stderr } = await scene.succeed(build);
  expect(stderr).toContain("label OVER");
  const first = bytesOf("out/x.iso");
  const [motd] = inRootfs(/\/etc\/motd$/);
  expect(motd).toMatch(/^-rw-r--r-- 0\/0 6 /);
  utimesSync(scene.at("over/etc/motd"), 1, 1);
  lchownSync(scene.at("over/etc/motd"), 12, 34);
  await scene.succeed(["inspect", "dir:image", "--overlay", "over", "--work", "work"]);
  await scene.succeed(["build", "--work", "work", "-o", "out/y.iso"]);
  expectSameBytes(bytesOf("out/y.iso"), first);
});

test("--overlay: other content of the same length is another root file system, and another key in the cache", async () => {
  scene.write("over/etc/motd", "one\n");
  const build = (output: string) =>
    scene.succeed(["build", "dir:image", "-o", output, "--overlay", "over", "--cache", "cache"]);
  await build("out/x.iso");
  expect((await build("out/x.iso")).stderr).toContain("cached");
  scene.write("over/etc/motd", "two\n");
  utimesSync(scene.at("over/etc/motd"), 1, 1);
  expect((await build("out/y.iso")).stderr).not.toContain("cached");
  expect(bytesOf("out/y.iso").equals(bytesOf("out/x.iso"))).toBe(false);
});

test("--overlay: a folder that changed after the plan, and one that does not fit the image", async () => {
  scene.write("over/etc/motd", "one\n");
  await scene.succeed(["inspect", "dir:image", "--overlay", "over", "--work", "work"]);
  await expectRefusal(scene, await scene.run(["squash", "--work", "work", "-o", "over/etc/motd"]), {
    exit: 2,
    code: "E_SAME_FILE",
    says: ["--overlay"],
  });
  scene.write("over/etc/motd", "two\n");
  await expectRefusal(scene, await scene.run(["squash", "--work", "work"]), {
    exit: 2,
    code: "E_IMAGE_CHANGED",
    says: ["/over`"],
  });
  scene.write("odd/usr", "a file\n");
  await expectRefusal(scene, await scene.run([...BUILD, "--overlay", "odd"]), {
    exit: 2,
    code: "E_OVERLAY",
    says: ["`odd`", "`/usr`"],
  });
  await expectRefusal(
    scene,
    await scene.run(["build", "dir:image", "-o", "over/x.iso", "--overlay", "over"]),
    {
      exit: 2,
      code: "E_SAME_FILE",
      says: ["--overlay"],
    },
  );
});
