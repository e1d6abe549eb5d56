/** Without privileges: in a container that allows nothing, and in podman's user namespace. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { EROFS, fakeErofs } from "../../helpers/fake-erofs.ts";
import { ociOf, tinyImage } from "../../helpers/images/tiny-image.ts";
import { installPrograms } from "../../helpers/install-programs.ts";
import { type OrdinaryUser, ordinaryUser } from "../../helpers/ordinary-user.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { BINARY, hostProgram, Scene } from "../../helpers/scene.ts";
import { until } from "../../helpers/until.ts";

setDefaultTimeout(60_000);

let scene: Scene;
let user: OrdinaryUser;
let archive: string;

beforeAll(async () => {
  scene = new Scene("ordinary");
  user = ordinaryUser(scene);
  tinyImage(scene.at("image"));
  ociOf(scene.at("image"), scene.at("layout"));
  archive = scene.at("image.tar");
  const packed = Bun.spawnSync([
    "skopeo",
    "copy",
    "-q",
    `oci:${scene.at("layout")}:latest`,
    `oci-archive:${archive}`,
  ]);
  if (packed.exitCode !== 0) throw new Error(packed.stderr.toString());
  await scene.succeed(["build", `oci-archive:${archive}`, "-o", scene.at("expected.iso")]);
});

afterAll(() => scene[Symbol.dispose]());

function expectSameIso(path: string): void {
  expectSameBytes(readFileSync(path), readFileSync(scene.at("expected.iso")));
}

describe("in a container with platter and nothing else", () => {
  /** Root read-only, one writable folder, no device but the harmless ones, no user namespaces, no capabilities. */
  function container(): string[] {
    const root = scene.folder("container");
    installPrograms(root, [BINARY]);
    for (const name of ["out", "proc", "dev"]) scene.folder(`container/${name}`);
    scene.write("container/image.tar", "");
    if (!existsSync(scene.at("container/bin"))) symlinkSync("usr/bin", scene.at("container/bin"));
    return [
      ...user.prefix,
      ...[
        "bwrap",
        "--unshare-all",
        "--unshare-user",
        "--disable-userns",
        "--uid",
        "4711",
        "--gid",
        "4711",
        "--cap-drop",
        "ALL",
      ],
      ...["--ro-bind", root, "/", "--proc", "/proc", "--dev", "/dev", "--bind", scene.out, "/out"],
      ...["--ro-bind", archive, "/image.tar", "--remount-ro", "/dev", "--chdir", "/"],
      ...["--clearenv", "--setenv", "PATH", "/usr/bin", "--"],
    ];
  }

  function inContainer(...argv: string[]) {
    const done = Bun.spawnSync([...container(), ...argv], { stderr: "pipe", cwd: scene.path });
    return { code: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
  }

  test("it is as closed as it is meant to be", () => {
    installPrograms(scene.folder("container"), ["unshare", "touch", "ls", "id"]);
    expect(inContainer("/usr/bin/id", "-u").stdout).toBe("4711\n");
    expect(inContainer("/usr/bin/unshare", "--user", "/usr/bin/id").stderr).toContain("unshare failed");
    expect(inContainer("/usr/bin/touch", "/usr/x").stderr).toContain("Read-only file system");
    expect(inContainer("/usr/bin/touch", "/tmp/x").code).not.toBe(0);
    expect(inContainer("/usr/bin/ls", "/dev").stdout).not.toMatch(/fuse|loop/);
    for (const name of ["unshare", "touch", "ls", "id"])
      Bun.spawnSync(["rm", scene.at(`container/usr/bin/${name}`)]);
  });

  test("build makes the same ISO there", () => {
    const built = inContainer("/usr/bin/platter", "build", "oci-archive:/image.tar", "-o", "/out/closed.iso");
    expect({ code: built.code, stderr: built.stderr }).toMatchObject({ code: 0 });
    expectSameIso(scene.at("out/closed.iso"));
    expect(readdirSync(scene.out)).toEqual(["closed.iso"]);
  });
});

describe("in podman's user namespace", () => {
  beforeAll(() => {
    const words = [
      "skopeo",
      "copy",
      "-q",
      `oci:${scene.at("layout")}:latest`,
      "containers-storage:localhost/own:1",
    ];
    const copied = Bun.spawnSync([...user.prefix, ...words], {
      env: { ...process.env, ...user.env },
      cwd: "/",
    });
    if (copied.exitCode !== 0) throw new Error(copied.stderr.toString());
  });
  // The process that keeps the user's namespace stays as podman's own.
  afterAll(() => {
    for (const line of scene.processes()) process.kill(Number(/\d+/.exec(line)?.[0]), "SIGKILL");
  });

  test("exit code, output and errors are those of the run inside", async () => {
    const inspected = await scene.run(["inspect", "localhost/own:1", "--json"], user);
    // What podman itself logs is its own.
    const stderr = inspected.stderr.replaceAll(/^time=".*\n/gm, "");
    expect({ code: inspected.code, stderr }).toEqual({ code: 0, stderr: "" });
    expect(JSON.parse(inspected.stdout)).toMatchObject({ reference: "containers-storage:localhost/own:1" });
    const missing = await scene.run(["inspect", "localhost/no-such:1"], user);
    expect(missing.code).toBe(3);
    expect(missing.stderr.match(/^error/gm)).toHaveLength(1);
    expect(missing.stderr).toContain("[E_IMAGE_MISSING]");
    expect(missing.stderr).toContain("hint:  Run platter with sudo if the image is in root's storage.");
  });

  test("a failure of podman to start it is an error of a tool", async () => {
    const env = { ...user.env, HOME: "/nonexistent" };
    const ran = await scene.run(["inspect", "localhost/own:1"], { ...user, env });
    expect(ran).toMatchObject({ code: 4, stdout: "" });
    expect(ran.stderr).toContain("error[E_TOOL_FAILED]: `podman unshare` failed with exit code");
    expect(ran.stderr).toContain("/nonexistent");
  });

  test("root gets the hint that the image is in the storage of the user who called sudo", async () => {
    const script = `mount --bind ${scene.at("etc/passwd")} /etc/passwd && exec "$@"`;
    const prefix = ["unshare", "--mount", "sh", "-euc", script, "sh"];
    const ran = await scene.run(["inspect", "localhost/own:1"], { prefix, env: { SUDO_UID: "4711" } });
    expect(ran.code).toBe(3);
    expect(ran.stderr).toContain(
      "hint:  Run platter without sudo: the image is in the storage of the user `user`.",
    );
  });

  test("a payload out of the user's storage gives the ISO that root makes with the same payload", async () => {
    const base = ["build", `oci-archive:${archive}`];
    const mine = ["-o", scene.at("out/mine.iso"), "--payload", "containers-storage:localhost/own:1"];
    const ran = await scene.run([...base, ...mine], user);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    const roots = ["-o", scene.at("out/roots.iso"), "--payload", `oci:${scene.at("layout")}=localhost/own:1`];
    await scene.succeed([...base, ...roots]);
    expectSameBytes(readFileSync(scene.at("out/mine.iso")), readFileSync(scene.at("out/roots.iso")));
    expect(readFileSync(scene.at("out/mine.iso")).equals(readFileSync(scene.at("expected.iso")))).toBe(false);
  });

  test("without podman it says what is missing", async () => {
    const path = scene.only("setpriv", "sh", "mount");
    const prefix = [hostProgram("unshare"), ...user.prefix.slice(1)];
    const ran = await scene.run(["inspect", "localhost/own:1"], { path, prefix, env: user.env });
    expect(ran.code).toBe(4);
    expect(ran.stderr).toMatch(/^error\[E_TOOL_MISSING\]: .*`podman`.*not in PATH/m);
  });

  test.each(["SIGINT", "SIGTERM"] as const)("%s ends all of it and leaves nothing", async (signal) => {
    const before = scene.processes().length;
    fakeErofs(scene, `touch ${scene.tmp}/ready; sleep 600`);
    const running = scene.start(["build", "localhost/own:1", "-o", scene.at("out/x.iso"), ...EROFS], user);
    await until(() => existsSync(`${scene.tmp}/ready`));
    running.signal(signal);
    const ran = await running.done;
    Bun.spawnSync(["rm", scene.at("bin/mkfs.erofs"), `${scene.tmp}/ready`]);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
      code: 130,
      stderr: expect.stringMatching(/^error\[E_INTERRUPTED\]: Interrupted$/m),
    });
    expect(ran.stderr.match(/^error/gm)).toHaveLength(1);
    expect(readdirSync(scene.out).filter((name) => name.includes("x.iso") || name.startsWith("."))).toEqual(
      [],
    );
    const mounts = ["podman", "unshare", "podman", "image", "mount"];
    const env = { ...process.env, ...user.env };
    expect(Bun.spawnSync([...user.prefix, ...mounts], { env, cwd: "/" }).stdout.toString()).toBe("");
    // But for the one that keeps the user's namespace.
    expect(scene.processes().length).toBeLessThanOrEqual(Math.max(before, 1));
  });
});
