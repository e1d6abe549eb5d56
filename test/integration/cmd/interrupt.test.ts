/** Ctrl-C and its relatives, in every stage: prompt, exit code 130, and no leftovers. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  closeSync,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { OciMaker } from "../../helpers/images/oci-maker.ts";
import { tar } from "../../helpers/images/tar-maker.ts";
import { ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { BINARY, expectNoStack, type Ran, type Running, Scene } from "../../helpers/scene.ts";
import { unfinishedOutput } from "../../helpers/unfinished-output.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

const READY = "ready";

function sceneWithImage(): Scene {
  const scene = new Scene("interrupt");
  tinyImage(scene.at("image"));
  return scene;
}

/** A mkfs.erofs that says that it is there, and then does this. */
function fake(scene: Scene, script: string): void {
  fakeErofs(scene, script.replace(READY, `touch ${scene.at(READY)}`));
}

/** Waits for the tool, then sends the signals. */
async function interrupt(scene: Scene, running: Running, ...signals: NodeJS.Signals[]): Promise<Ran> {
  await until(() => existsSync(scene.at(READY)));
  return stop(running, ...signals);
}

/** Whether a process has signals that it did not receive yet (proc(5), `ShdPnd` of `status`). */
function hasPendingSignals(pid: number): boolean {
  try {
    return !/^ShdPnd:\s*0+$/m.test(readFileSync(`/proc/${pid}/status`, "latin1"));
  } catch {
    return false;
  }
}

async function stop(running: Running, ...signals: NodeJS.Signals[]): Promise<Ran> {
  for (const signal of signals) {
    running.signal(signal);
    // Two signals of one kind that are pending together would be one.
    await until(() => !hasPendingSignals(running.pid));
  }
  return await running.done;
}

async function expectInterrupted(scene: Scene, ran: Ran): Promise<void> {
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
    code: 130,
    stderr: expect.stringMatching(/^error\[E_INTERRUPTED\]: Interrupted$/m),
  });
  expect(ran.stderr.match(/^error/gm)).toHaveLength(1);
  expectNoStack(ran.stderr);
  expect(await scene.leftovers()).toEqual([]);
  expect(readdirSync(scene.out)).toEqual([]);
}

const build = (scene: Scene, ...flags: string[]) =>
  scene.start(["build", "dir:image", "-o", "out/x.iso", ...EROFS, ...flags]);

/** Each stage's tool, as unwilling as can be: it ignores signals, has children that do so too, and holds its pipes. */
const STUBBORN = "trap '' TERM INT HUP; (trap '' TERM; sleep 600) & sleep 600 & ready; sleep 600";

describe.concurrent("Ctrl-C", () => {
  test("inspect, while an xz archive is decompressed", async () => {
    using scene = new Scene("interrupt");
    // 6 GiB: a file of zeros again and again, without the archive's end, each in a stream of its own.
    const content = tar([{ name: "a", content: Buffer.alloc(2 ** 25) }]).subarray(0, -1024);
    const stream = Bun.spawnSync(["xz", "-0"], { stdin: content }).stdout;
    scene.write("root.tar.xz", Buffer.concat(Array.from({ length: 192 }, () => stream)));
    const running = scene.start(["build", "tar:root.tar.xz", "-o", "out/x.iso"]);
    await until(() => opens(running.pid, scene.at("root.tar.xz")));
    await expectInterrupted(scene, await stop(running, "SIGINT"));
  });

  test("inspect, while podman looks for the image", async () => {
    using scene = new Scene("interrupt");
    scene.fake("podman", STUBBORN.replace(READY, `touch ${scene.at(READY)}`));
    const running = scene.start(["build", "localhost/image", "-o", "out/x.iso"]);
    await expectInterrupted(scene, await interrupt(scene, running, "SIGINT"));
  });

  test.each([
    ["squash", STUBBORN],
    ["squash, half-way through what it reads", `head -c 100 >"$output"; ready; ${STUBBORN}`],
  ])("%s", async (_, script) => {
    using scene = sceneWithImage();
    fake(scene, script);
    await expectInterrupted(scene, await interrupt(scene, build(scene), "SIGINT"));
  });

  test.each(["dir", "oci"] as const)("squash, while platter itself compresses a %s", async (transport) => {
    using scene = new Scene("interrupt");
    const folder = tinyImage(scene.at("image"), { with: { "usr/share/noise": noise(64 * 2 ** 20) } });
    const reference = transport === "dir" ? `dir:${folder}` : `oci:${ociOf(folder, scene.at("layout"))}`;
    const args = ["squash", reference, "-o", "out/x.img", "--work", "work", "--compression", "zstd:22,1M"];
    const running = scene.start(args);
    const partial = scene.at("work/squashfs.img.partial");
    await until(() => existsSync(partial) && statSync(partial).size > 2 ** 20);
    await expectInterrupted(scene, await stop(running, "SIGINT"));
    expect(existsSync(partial)).toBe(false);
  });

  test("assemble, while the checksum is computed", async () => {
    using scene = sceneWithImage();
    await expectInterrupted(scene, await stop(await assembling(scene), "SIGINT"));
  });

  test("a version check that hangs", async () => {
    using scene = sceneWithImage();
    scene.fake("mkfs.erofs", STUBBORN.replace(READY, `touch ${scene.at(READY)}`));
    await expectInterrupted(scene, await interrupt(scene, build(scene), "SIGINT"));
  });

  test("implant", async () => {
    using scene = new Scene("interrupt");
    const iso = hugeIso(scene);
    const running = scene.start(["implant", iso]);
    await until(() => opens(running.pid, iso));
    await expectInterrupted(scene, await stop(running, "SIGINT"));
    // Nothing was written: an ISO has no checksum, or a whole one.
    expect((await scene.start(["implant", "--check", iso]).done).stderr).toContain("no checksum");
  });
});

test("Ctrl-C while layers are decompressed", async () => {
  using scene = new Scene("interrupt");
  const maker = new OciMaker(scene.at("layout"));
  const content = Buffer.alloc(512 * 2 ** 20);
  const layers = ["a", "b"].map((name) => tar([{ name, content }]));
  maker.add(maker.image(layers), "latest");
  const running = scene.start(["build", "oci:layout", "-o", "out/x.iso"]);
  // Ticks of processor time that a thread of that name has used (proc(5), the 14th field of `stat`).
  const isUnpacking = () =>
    readdirSync(`/proc/${running.pid}/task`).some((thread) => {
      const [, name, fields = ""] =
        /\((.*)\) (.*)/.exec(readFileSync(`/proc/${running.pid}/task/${thread}/stat`, "latin1")) ?? [];
      return name === "Worker" && Number(fields.split(" ")[11]) > 5;
    });
  await until(isUnpacking);
  await expectInterrupted(scene, await stop(running, "SIGINT"));
});

describe.concurrent("other ways to say it", () => {
  test.each(["SIGTERM", "SIGHUP", "SIGQUIT"] as const)("%s", async (signal) => {
    using scene = sceneWithImage();
    fake(scene, STUBBORN);
    await expectInterrupted(scene, await interrupt(scene, build(scene), signal));
  });

  test("twice, during squash: immediately, and nothing is left either", async () => {
    using scene = sceneWithImage();
    // A tool that ignores SIGTERM gets three seconds, unless the user does not want to wait.
    const late = scene.at("late");
    const counts = `(trap 'sleep 2; touch ${late}' TERM; while :; do sleep 600; done) &`;
    fake(scene, `${counts} head -c 100 >"$output"; ${STUBBORN}`);
    const running = build(scene);
    await until(() => existsSync(scene.at(READY)));
    const ran = await stop(running, "SIGINT", "SIGINT");
    expect(existsSync(late)).toBe(false);
    expect(ran.code).toBe(130);
    expectNoStack(ran.stderr);
    expect(await scene.leftovers()).toEqual([]);
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("twice, during assemble: immediately, and nothing is left either", async () => {
    using scene = sceneWithImage();
    const ran = await stop(await assembling(scene), "SIGINT", "SIGINT");
    expect(ran.code).toBe(130);
    expectNoStack(ran.stderr);
    expect(await scene.leftovers()).toEqual([]);
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("with --work: what was finished stays, the lock does not, and the next run goes on", async () => {
    using scene = sceneWithImage();
    await expectInterrupted(scene, await stop(await assembling(scene), "SIGINT"));
    const again = ["build", "dir:image", "--work", "work", "--to", "efi-image"];
    expect((await scene.succeed(again)).stderr).toMatch(/bios-image +skipped: unchanged$/m);
  });
});

describe("two runs together", () => {
  test("a work directory that is in use is refused, and its holder goes on undisturbed", async () => {
    using scene = sceneWithImage();
    fake(scene, `ready; while [ ! -e ${scene.at("go")} ]; do sleep 0.1; done; ${MAKES}`);
    const first = build(scene, "--work", "work");
    await until(() => existsSync(scene.at(READY)));
    const second = await scene.start(["inspect", "dir:image", "--work", "work"]).done;
    expect({ code: second.code, stdout: second.stdout, stderr: second.stderr }).toMatchObject({
      code: 2,
      stdout: "",
      stderr: expect.stringMatching(
        new RegExp(
          `^error\\[E_WORK_LOCKED\\]: Cannot use the work directory: process ${first.pid} is using it\n {2}hint: +Wait .*--work`,
        ),
      ),
    });
    writeFileSync(scene.at("go"), "");
    expect((await first.done).code).toBe(0);
    expect(await scene.leftovers()).toEqual([]);
  });

  test.each([
    ["of a process that is gone", "4194000\n"],
    ["that holds no number", "\n"],
    ["that names this very machine's past", "999999999\n"],
  ])("a lock %s is taken over", async (_, text) => {
    using scene = sceneWithImage();
    scene.write("work/lock", text);
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("a reader that has had enough", () => {
  test.each([
    "inspect dir:image",
    "inspect dir:image --json",
    "render-grub dir:image",
  ])("%s | true", async (args) => {
    using scene = sceneWithImage();
    const done = Bun.spawnSync(["sh", "-c", `{ "$0" ${args}; echo "exit $?" >&2; } | true`, BINARY], {
      cwd: scene.path,
      env: { ...process.env, TMPDIR: scene.tmp },
      stderr: "pipe",
    });
    expect(done.stderr.toString()).toBe("exit 0\n");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("of standard error", async () => {
    using scene = sceneWithImage();
    const done = Bun.spawnSync(
      [
        "sh",
        "-c",
        `{ "$0" build dir:image -o out/x.iso --verbose 2>&1 >/dev/null; echo "exit $?" >&3; } 3>&2 | true`,
        BINARY,
      ],
      { cwd: scene.path, env: { ...process.env, TMPDIR: scene.tmp }, stderr: "pipe" },
    );
    expect(done.stderr.toString()).toBe("exit 0\n");
    expect(readdirSync(scene.out)).toEqual(["x.iso"]);
    expect(await scene.leftovers()).toEqual([]);
  });
});

/** A build that is computing the checksum of an ISO of more than 16 GiB, nearly all of it a hole. */
async function assembling(scene: Scene): Promise<Running> {
  await scene.succeed(["build", "dir:image", "--work", "work", "--to", "efi-image"]);
  const size = 16 * 2 ** 30;
  truncateSync(scene.at("work/squashfs.img"), size);
  // As if `squash` had made it: a file that does not fit its receipt is refused.
  const receipt = JSON.parse(readFileSync(scene.at("work/stages/squash.json"), "utf8"));
  Object.assign(receipt.outputs[0], { size, mtimeMs: statSync(scene.at("work/squashfs.img")).mtimeMs });
  scene.write("work/stages/squash.json", JSON.stringify(receipt));
  const running = scene.start(["build", "--work", "work", "--from", "assemble", "-o", "out/x.iso"]);
  const path = unfinishedOutput(scene.at("out/x.iso"));
  const isWritten = () => {
    if (!existsSync(path)) return false;
    const fd = openSync(path, "r");
    try {
      const signature = Buffer.alloc(2);
      return readSync(fd, signature, 0, 2, 510) === 2 && signature.readUInt16LE() === 0xaa55;
    } finally {
      closeSync(fd);
    }
  };
  // The MBR is written last.
  await until(isWritten);
  return running;
}

/** Whether a process has a file open. */
function opens(pid: number, path: string): boolean {
  const folder = `/proc/${pid}/fd`;
  return readdirSync(folder).some((fd) => {
    try {
      return readlinkSync(`${folder}/${fd}`) === path;
    } catch {
      return false;
    }
  });
}

/** An ISO that claims 16 GiB, most of it a hole. */
function hugeIso(scene: Scene): string {
  scene.write("tree/file", "text");
  const path = scene.at("huge.bin");
  const made = Bun.spawnSync(["xorriso", "-as", "mkisofs", "-quiet", "-o", path, scene.at("tree")]);
  if (made.exitCode !== 0) throw new Error(made.stderr.toString());
  const sectors = 8 * 2 ** 20;
  const bytes = Buffer.from(readFileSync(path));
  // The volume's size is stored in both byte orders (ECMA-119 8.4.8).
  bytes.writeUInt32LE(sectors, 16 * 2048 + 80);
  bytes.writeUInt32BE(sectors, 16 * 2048 + 84);
  writeFileSync(path, bytes);
  truncateSync(path, sectors * 2048);
  return path;
}
