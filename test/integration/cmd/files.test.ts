/** No file is lost: inputs, outputs and work folders of runs that meet each other, or that were killed. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, expectNoStack, expectRefusal, type Ran, type Running, Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("files");
  ociOf(tinyImage(scene.at("image")), scene.at("os"));
});
afterEach(() => scene[Symbol.dispose]());

const IMAGE = "oci:os:latest";

/** All files of the scene's inputs, with their contents. */
function inputs(): Record<string, string> {
  const files: Record<string, string> = {};
  for (const folder of ["os", "given"]) {
    if (!existsSync(scene.at(folder))) continue;
    for (const name of readdirSync(scene.at(folder), { recursive: true }) as string[]) {
      const path = scene.at(`${folder}/${name}`);
      if (lstatSync(path).isFile()) files[`${folder}/${name}`] = Bun.hash(readFileSync(path)).toString();
    }
  }
  return files;
}

describe("an output that is an input", () => {
  beforeEach(() => {
    mkdirSync(scene.at("given"));
    const packed = Bun.spawnSync(["tar", "-C", scene.at("os"), "-cf", scene.at("given/os.tar"), "."]);
    expect(packed.exitCode).toBe(0);
    scene.write("given/iso.yaml", "label: TINY\n");
    scene.write("given/os-release", "NAME=Tiny\n");
    linkSync(scene.at("given/os.tar"), scene.at("given/hard.tar"));
    symlinkSync("os.tar", scene.at("given/link.tar"));
  });

  const archive = "oci-archive:given/os.tar";
  const MODULES = "image/usr/lib/grub/i386-pc";
  test.each([
    `build ${archive} -o given/os.tar`,
    "build given/os.tar -o given/os.tar",
    `build ${archive} -o given/hard.tar`,
    `build ${archive} -o given/link.tar`,
    `build ${IMAGE} -o os/index.json`,
    `build ${IMAGE} -o os/new.iso`,
    `build ${IMAGE} -o given/iso.yaml --config given/iso.yaml`,
    `build ${IMAGE} -o given/hard.tar --payload ${archive}`,
    `build ${IMAGE} -o out/x.iso --report out/x.iso`,
    `build ${IMAGE} -o out/x.iso --checksum --report out/x.iso-CHECKSUM`,
    `build ${IMAGE} -o out/x.iso --report os/oci-layout`,
    `build ${IMAGE} -o out/x.iso --work os`,
    `build ${IMAGE} -o out/x.iso --cache os/cache`,
    `build ${IMAGE} -o out/squashfs.img --work out`,
    `squash ${archive} -o given/os.tar`,
    `squash ${IMAGE} -o out/x.img --cache os/cache`,
    `bios-image ${archive} -o given/os.tar`,
    `bios-image --modules ${MODULES} -o ${MODULES}/new.img`,
    `efi-image ${archive} -o given/link.tar`,
    "efi-image --efi-dir image/boot/efi -o image/boot/efi/new.img",
    `render-grub ${IMAGE} -o os`,
    `inspect ${IMAGE} --work os`,
  ])("%s", async (line) => {
    const args = line.split(" ");
    const before = inputs();
    const ran = await scene.run(args);
    const option = args.findLast((arg) => /^(-o|--report|--work|--cache)$/.test(arg))!;
    await expectRefusal(scene, ran, { exit: 2, code: "E_SAME_FILE", says: [option], hint: [option] });
    expect(inputs()).toEqual(before);
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("the image of the plan in --work counts too", async () => {
    copyFileSync(scene.at("given/os.tar"), scene.at("plain.tar"));
    await scene.succeed(["inspect", "oci-archive:plain.tar", "--work", "work"]);
    const ran = await scene.run(["squash", "--work", "work", "-o", "plain.tar"]);
    await expectRefusal(scene, ran, { exit: 2, code: "E_SAME_FILE", says: ["-o", "the image"] });
  });

  test("a work folder in which the image is would be emptied: refused", async () => {
    await scene.succeed(["inspect", "dir:image"]);
    const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso", "--work", "."]);
    await expectRefusal(scene, ran, { exit: 2, code: "E_SAME_FILE", says: ["image", "--work"] });
    expect(existsSync(scene.at("image/usr"))).toBe(true);
  });
});

/** A run that goes no further than its tool until the scene has a file `go`. */
function held(args: readonly string[]): Running {
  const wait = `touch ${scene.at("ready")}; while [ ! -e ${scene.at("go")} ]; do sleep 0.05; done`;
  fakeErofs(scene, `${wait}; ${MAKES}`);
  return scene.start([...args, ...EROFS]);
}

const isReady = () => existsSync(scene.at("ready"));

describe("two runs", () => {
  test("with one output: the second is refused and names the first, which ends undisturbed", async () => {
    const first = held(["build", IMAGE, "-o", "out/x.iso", "--label", "FIRST"]);
    await until(isReady);
    symlinkSync("x.iso", scene.at("out/link"));
    for (const output of ["out/x.iso", "out/link", "out/../out/x.iso"]) {
      const second = await scene.run(["build", IMAGE, "-o", output, "--label", "SECOND"]);
      expect({ code: second.code, stderr: second.stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          new RegExp(
            `^error\\[E_OUTPUT_LOCKED\\]: Cannot write .*: process ${first.pid} is writing it$`,
            "m",
          ),
        ),
      });
    }
    const report = await scene.run(["build", IMAGE, "-o", "out/y.iso", "--report", "out/x.iso"]);
    expect(report.stderr).toContain(`process ${first.pid} is writing it`);
    await scene.succeed(["build", IMAGE, "-o", "out/z.iso"]);
    writeFileSync(scene.at("go"), "");
    expect((await first.done).code).toBe(0);
    expect(readdirSync(scene.out).sort()).toEqual(["link", "x.iso", "z.iso"]);
    // The file system in it is made up, so `verify` would not pass. Its checksum covers all of the ISO.
    await scene.succeed(["implant", "--check", "out/x.iso"]);
    expect(readFileSync(scene.at("out/x.iso"), "latin1")).toContain("FIRST");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("twenty in one work folder: one runs, and the others report it", async () => {
    const first = held(["build", IMAGE, "-o", "out/x.iso", "--work", "work"]);
    await until(isReady);
    const others = await Promise.all(
      Array.from({ length: 19 }, (_, index) =>
        scene.run(["build", IMAGE, "-o", `out/${index}.iso`, "--work", "work"]),
      ),
    );
    for (const { code, stderr } of others) {
      expect({ code, stderr }).toMatchObject({
        code: 2,
        stderr: expect.stringMatching(
          new RegExp(`^error\\[E_WORK_LOCKED\\]: .*process ${first.pid} is using it$`, "m"),
        ),
      });
    }
    writeFileSync(scene.at("go"), "");
    expect((await first.done).code).toBe(0);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("twenty that begin together in a new work folder: each works or reports that it is in use", async () => {
    const ran = await Promise.all(
      Array.from({ length: 20 }, (_, index) =>
        scene.run(["build", IMAGE, "-o", `out/${index}.iso`, "--work", "work"]),
      ),
    );
    const wrong = ran.filter(({ code, stderr }) => code !== 0 && !stderr.includes("[E_WORK_LOCKED]"));
    expect(wrong).toEqual([]);
    expect(ran.filter(({ code }) => code === 0).length).toBeGreaterThan(0);
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("what a killed run left", () => {
  async function kill(running: Running): Promise<Ran> {
    await until(isReady);
    running.signal("SIGKILL");
    const ran = await running.done;
    writeFileSync(scene.at("go"), "");
    expect((await scene.leftovers()).length).toBeGreaterThan(0);
    return ran;
  }

  test("next to the output is removed by the next run there, which says so", async () => {
    await kill(held(["build", IMAGE, "-o", "out/x.iso"]));
    const left = readdirSync(scene.out);
    const ran = await scene.succeed(["build", IMAGE, "-o", "out/other.iso"]);
    for (const name of left)
      expect(ran.stderr).toMatch(
        new RegExp(
          `^Removed .*/${name.replaceAll(".", "\\.")}. \\(.*\\), left by a run that was killed$`,
          "m",
        ),
      );
    expect(readdirSync(scene.out)).toEqual(["other.iso"]);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("in a work folder is removed by the next run there, which says so", async () => {
    await kill(held(["squash", IMAGE, "--work", "work"]));
    scene.write("work/squashfs.img.partial", "half");
    const ran = await scene.succeed(["squash", IMAGE, "--work", "work"]);
    for (const name of ["lock", "squashfs.img.partial"])
      expect(ran.stderr).toMatch(
        new RegExp(`^Removed .*/work/${name}., left by a run that was killed$`, "m"),
      );
    expect(await scene.leftovers()).toEqual([]);
  });

  test("in the folder for temporary files is removed by the next run there, and a living run's is not", async () => {
    const start = () => scene.start(["inspect", "localhost/image"]);
    scene.fake("podman", `touch ${scene.at("ready")}; while [ ! -e ${scene.at("go")} ]; do sleep 0.05; done`);
    const first = start();
    await until(isReady);
    first.signal("SIGKILL");
    await first.done;
    const [left] = readdirSync(scene.tmp);
    const second = start();
    await until(() => readdirSync(scene.tmp).some((name) => name !== left));
    const third = await scene.succeed(["inspect", IMAGE]);
    expect(readdirSync(scene.tmp)).not.toContain(left);
    expect(readdirSync(scene.tmp)).toHaveLength(1);
    writeFileSync(scene.at("go"), "");
    const told = `${third.stderr}${(await second.done).stderr}`;
    expect(told).toContain(`${left}\` (`);
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("an output that is a link", () => {
  test.each([true, false])("is written through (its target exists: %p)", async (exists) => {
    mkdirSync(scene.at("out/elsewhere"));
    if (exists) scene.write("out/elsewhere/real.iso", "old");
    symlinkSync("elsewhere/real.iso", scene.at("out/link.iso"));
    await scene.succeed(["build", IMAGE, "-o", "out/link.iso"]);
    expect(readlinkSync(scene.at("out/link.iso"))).toBe("elsewhere/real.iso");
    await scene.succeed(["implant", "--check", "out/elsewhere/real.iso"]);
    expect(readdirSync(scene.at("out/elsewhere"))).toEqual(["real.iso"]);
  });

  test("a loop is refused", async () => {
    symlinkSync("b", scene.at("out/a"));
    symlinkSync("a", scene.at("out/b"));
    const ran = await scene.run(["build", IMAGE, "-o", "out/a"]);
    await expectRefusal(scene, ran, { exit: 5, code: "E_OUTPUT", says: ["out/a", "links"] });
  });
});

describe("-o", () => {
  test.each([
    `build ${IMAGE}`,
    `squash ${IMAGE}`,
    `bios-image ${IMAGE}`,
    `efi-image ${IMAGE}`,
  ])("%s -o=FILE is FILE", async (line) => {
    const args = line.split(" ");
    await scene.succeed([...args, "-o=out/file"]);
    expect(readdirSync(scene.out)).toEqual(["file"]);
    await scene.succeed([...args, "-o", "=file"]);
    expect(readdirSync(scene.path)).toContain("=file");
  });

  test.each([
    ["build", "os.iso"],
    ["squash", "squashfs.img"],
    ["bios-image", "eltorito.img"],
    ["efi-image", "efiboot.img"],
  ])("%s -o - writes what -o FILE writes", async (command, name) => {
    await scene.succeed([command, IMAGE, "-o", `out/${name}`]);
    const toFile = { prefix: ["sh", "-c", 'exec "$@" >streamed', "sh"] };
    const ran = await scene.succeed([command, IMAGE, "-o", "-"], toFile);
    expectSameBytes(readFileSync(scene.at("streamed")), readFileSync(scene.at(`out/${name}`)));
    expect(ran.stderr).not.toContain(scene.tmp);
    expect(readdirSync(scene.path)).not.toContain("-");
    expect(readdirSync(scene.tmp)).toEqual([]);
  });

  test("assemble -o - and build -o - with --work keep the ISO for the next run", async () => {
    const toFile = { prefix: ["sh", "-c", 'exec "$@" >streamed', "sh"] };
    await scene.succeed(["build", IMAGE, "-o", "-", "--work", "work"], toFile);
    const again = await scene.succeed(["build", IMAGE, "-o", "-", "--work", "work"], toFile);
    expect(again.stderr).toMatch(/assemble.*unchanged/);
    await scene.succeed(["implant", "--check", "streamed"]);
    await scene.succeed(["assemble", "-o", "-", "--work", "work"], toFile);
    await scene.succeed(["implant", "streamed"]);
    await scene.succeed(["verify", "streamed"]);
  });

  test("-o - is refused on a terminal, and with a file that goes next to the ISO", async () => {
    const command = `${BINARY} build ${IMAGE} -o -`;
    const done = Bun.spawnSync(["script", "-qec", command, "/dev/null"], { cwd: scene.path });
    expect({ code: done.exitCode, shown: done.stdout.toString() }).toEqual({
      code: 2,
      shown: expect.stringContaining("Cannot write to standard output: it is a terminal"),
    });
    const checksum = await scene.run(["build", IMAGE, "-o", "-", "--checksum"]);
    await expectRefusal(scene, checksum, { exit: 2, code: "E_OPTION_UNUSED", says: ["--checksum"] });
    const report = await scene.run(["build", IMAGE, "-o", "-", "--report", "-"]);
    await expectRefusal(scene, report, { exit: 2, code: "E_SAME_FILE", says: ["-o", "--report"] });
  });

  test("-o - ends with an error if its reader does not read all of it", async () => {
    const toHead = { prefix: ["bash", "-c", 'set -o pipefail; "$@" | head -c 10', "bash"] };
    const ran = await scene.run(["build", IMAGE, "-o", "-"], toHead);
    await expectRefusal(scene, ran, { exit: 5, code: "E_STDOUT", says: ["its reader ended"] });
  });

  test("render-grub -o - prints", async () => {
    const plain = await scene.succeed(["render-grub", IMAGE]);
    expect((await scene.succeed(["render-grub", IMAGE, "-o", "-"])).stdout).toBe(plain.stdout);
    expect(plain.stdout).toContain("menuentry");
  });

  test.each([
    [`build ${IMAGE} -o a/b/x.iso`, ["x.iso"]],
    [`build ${IMAGE} -o a/b/ --label L`, ["L-x86_64.iso"]],
    [`build ${IMAGE} -o out/x.iso --report a/b/x.json`, ["x.json"]],
    [`squash ${IMAGE} -o a/b/x.img`, ["x.img"]],
    [`bios-image ${IMAGE} -o a/b/`, ["eltorito.img"]],
    [`efi-image ${IMAGE} -o a/b/x.img`, ["x.img"]],
    [`render-grub ${IMAGE} -o a/b`, ["grub-bios.cfg", "grub-efi.cfg"]],
  ])("creates missing folders: %s", async (line, names) => {
    await scene.succeed(line.split(" "));
    expect(readdirSync(scene.at("a/b")).sort()).toEqual(names);
    expect(await scene.leftovers()).toEqual([]);
  });

  test.each([
    "-o out/a/b/x.iso",
    "-o out/a/b/",
    "-o out/x.iso --report out/a/b/x.json",
  ])("a failed build removes the folders that it created, and no other: %s", async (line) => {
    mkdirSync(scene.at("out/a"));
    fakeErofs(scene, "exit 1");
    const ran = await scene.run(["build", IMAGE, ...line.split(" "), ...EROFS]);
    expect(ran.code).toBe(4);
    expect(readdirSync(scene.out, { recursive: true })).toEqual(["a"]);
  });

  test.each([
    "build dir:image -o image/x/y.iso",
    `build ${IMAGE} -o given/file/x.iso`,
  ])("creates no folder where it may not write: %s", async (line) => {
    scene.write("given/file", "");
    const ran = await scene.run(line.split(" "));
    expect(ran.code).toBeGreaterThan(0);
    expect(existsSync(scene.at("image/x"))).toBe(false);
    expectNoStack(ran.stderr);
  });
});

describe("an ISO without a name", () => {
  test("has its label and architecture as its name, in the current folder or that of -o", async () => {
    await scene.succeed(["build", "oci:../os", "--label", "ö*$X"], { cwd: scene.out });
    await scene.succeed(["build", IMAGE, "--label", "x86_64-7", "-o", "out"]);
    await scene.succeed(["build", IMAGE, "--label", ".hidden", "-o", "out/", "--checksum"]);
    expect(readdirSync(scene.out).sort()).toEqual([
      "_hidden-x86_64.iso",
      "_hidden-x86_64.iso-CHECKSUM",
      "x86_64-7.iso",
      "ö_X-x86_64.iso",
    ]);
    await scene.succeed(["build", IMAGE, "--work", "work", "-o", "-", "--label", "KEPT", "--to", "assemble"]);
    await scene.succeed(["assemble", "--work", "work", "-o", "out"]);
    expect(readdirSync(scene.out)).toContain("KEPT-x86_64.iso");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("does not replace an input", async () => {
    const input = "T-x86_64.iso";
    const packed = Bun.spawnSync(["tar", "-C", scene.at("os"), "-cf", scene.at(input), "."]);
    expect(packed.exitCode).toBe(0);
    const before = readFileSync(scene.at(input));
    const ran = await scene.run(["build", `oci-archive:${input}`, "--label", "T"]);
    await expectRefusal(scene, ran, { exit: 2, code: "E_SAME_FILE", says: [input, "-o", "the image"] });
    expectSameBytes(readFileSync(scene.at(input)), before);
    const within = await scene.run(["build", "dir:image", "-o", "image"]);
    await expectRefusal(scene, within, { exit: 2, code: "E_SAME_FILE", says: ["-o", "the image"] });
  });

  test("is claimed as soon as its name is known", async () => {
    const first = held(["build", IMAGE, "-o", "out", "--label", "SAME"]);
    await until(isReady);
    const second = await scene.run(["build", "oci:../os", "--label", "SAME"], { cwd: scene.out });
    expect(second).toMatchObject({
      code: 2,
      stderr: expect.stringContaining(`process ${first.pid} is writing it`),
    });
    await scene.succeed(["build", IMAGE, "-o", "out", "--label", "OTHER"]);
    writeFileSync(scene.at("go"), "");
    expect((await first.done).code).toBe(0);
    expect(readdirSync(scene.out).sort()).toEqual(["OTHER-x86_64.iso", "SAME-x86_64.iso"]);
    expect(await scene.leftovers()).toEqual([]);
  });
});
