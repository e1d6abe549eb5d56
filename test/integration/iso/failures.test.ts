/** Writing an ISO that fails, at many points: a clear message, and no leftovers. Needs root, for mounts. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { KVER, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, expectRefusal, hostProgram, type Ran, Scene } from "../../helpers/scene.ts";
import { unfinishedOutput } from "../../helpers/unfinished-output.ts";

setDefaultTimeout(60_000);

const MIB = 2 ** 20;
const POINTS = 20;

/** A scene with a work directory in which everything but the ISO is made, and the ISO. */
let made: Scene;
let iso: Uint8Array;

beforeAll(async () => {
  made = new Scene("failures");
  const initramfs = [`usr/lib/modules/${KVER}/initramfs.img`, noise(2 * MIB)] as const;
  const files = [["usr/share/noise", noise(2 * MIB)] as const, initramfs];
  tinyImage(made.at("image"), { with: Object.fromEntries(files) });
  await made.succeed(["build", "dir:image", "--work", "work", "-o", "out/x.iso"]);
  iso = readFileSync(made.at("out/x.iso"));
});
afterAll(() => made[Symbol.dispose]());

const assemble = (scene: Scene) => [
  "build",
  "--work",
  made.at("work"),
  "--from",
  "assemble",
  "-o",
  scene.at("out/x.iso"),
];

/** The same under strace, which has system calls on a file fail. */
function failing(scene: Scene, calls: string, options: { error: string; path: string }): Ran {
  const inject = `inject=${calls}:error=${options.error}`;
  const trace = [
    "-f",
    "-o",
    scene.at("calls"),
    "-P",
    options.path,
    "-e",
    `trace=${calls.replace(/:.*/, "")}`,
  ];
  const command = [hostProgram("strace"), ...trace, "-e", inject, BINARY, ...assemble(scene)];
  const done = Bun.spawnSync(command, { env: { ...process.env, TMPDIR: scene.tmp }, stderr: "pipe" });
  expect(readFileSync(scene.at("calls"), "utf8")).toContain("(INJECTED)");
  return { code: done.exitCode, stdout: "", stderr: done.stderr.toString() };
}

const FULL = { exit: 5, code: "E_NO_SPACE", says: ["x.iso`: no space"], hint: ["Free some space"] };

describe("a disk that becomes full", () => {
  const points = Array.from({ length: POINTS }, (_, index) => (index + 0.5) / (POINTS + 1));

  test.each(points)("at %d of the ISO", async (share) => {
    using scene = new Scene("failures");
    scene.mount(scene.out, "-t", "tmpfs", "-o", `size=${Math.ceil(iso.length * share)}`, "tmpfs");
    await expectRefusal(scene, await scene.run(assemble(scene)), FULL);
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("where the kernel copies", async () => {
    using scene = new Scene("failures");
    const disk = scene.write("disk", "");
    for (const command of [
      ["truncate", "-s", "4M", disk],
      ["mkfs.ext4", "-q", "-O", "^has_journal", disk],
    ])
      expect(Bun.spawnSync([hostProgram(command[0]!), ...command.slice(1)]).exitCode).toBe(0);
    scene.mount(scene.out, "-o", "loop", disk);
    await expectRefusal(scene, await scene.run(assemble(scene)), FULL);
    expect(readdirSync(scene.out)).toEqual(["lost+found"]);
  });

  test("with room again, the next run makes the whole ISO", async () => {
    using scene = new Scene("failures");
    scene.mount(scene.out, "-t", "tmpfs", "-o", "size=1m", "tmpfs");
    await expectRefusal(scene, await scene.run(assemble(scene)), FULL);
    scene.mount(scene.out, "-o", `remount,size=${iso.length + MIB}`);
    await scene.succeed(assemble(scene));
    expectSameBytes(readFileSync(scene.at("out/x.iso")), iso);
  });
});

describe("a disk that fails", () => {
  test.each([1, 5, 20])("at write %i of the ISO", async (when) => {
    using scene = new Scene("failures");
    const path = unfinishedOutput(scene.at("out/x.iso"));
    const ran = failing(scene, `pwrite64:when=${when}`, { error: "EIO", path });
    const says = ["Cannot write `", "x.iso`: input/output error"];
    await expectRefusal(scene, ran, { exit: 5, code: "E_OUTPUT", says, hint: [] });
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("where the kernel copies: bytes are read and written instead", async () => {
    using scene = new Scene("failures");
    const ran = failing(scene, "copy_file_range", { error: "EIO", path: made.at("work/squashfs.img") });
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expectSameBytes(readFileSync(scene.at("out/x.iso")), iso);
  });

  test.each(["squashfs.img", "image/initrd.img", "efiboot.img"])("where %s is read", async (name) => {
    using scene = new Scene("failures");
    const path = made.at(`work/${name}`);
    const ran = failing(scene, "copy_file_range,pread64", { error: "EIO", path });
    const says = [`Cannot read \`${path}\`: input/output error`];
    await expectRefusal(scene, ran, { exit: 5, code: "E_FILE_READ", says, hint: [] });
    expect(readdirSync(scene.out)).toEqual([]);
  });

  test("while the checksum is computed", async () => {
    using scene = new Scene("failures");
    const path = unfinishedOutput(scene.at("out/x.iso"));
    const ran = failing(scene, "pread64:when=3", { error: "EIO", path });
    await expectRefusal(scene, ran, { exit: 5, code: "E_OUTPUT", says: ["input/output error"], hint: [] });
    expect(readdirSync(scene.out)).toEqual([]);
  });
});
