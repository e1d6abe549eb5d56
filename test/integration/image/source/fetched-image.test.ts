/** Images that platter fetches before it reads them: from a registry, Docker's daemon, or standard input. */
import { afterAll, beforeAll, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { sha256 } from "../../../helpers/images/oci-maker.ts";
import { tar } from "../../../helpers/images/tar-maker.ts";
import { ociOf, tinyImage } from "../../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../../helpers/same-bytes.ts";
import { BINARY, expectRefusal, Scene } from "../../../helpers/scene.ts";
import { until } from "../../../helpers/until.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeAll(async () => {
  scene = new Scene("fetched");
  const image = tinyImage(scene.at("image"));
  ociOf(image, scene.at("os"));
  run("tar", "-C", scene.at("os"), "-cf", scene.at("oci.tar"), ".");
  scene.write("docker.tar", dockerArchive(image));
  for (const source of ["oci", "docker"]) {
    await scene.succeed(["build", `${source}-archive:${source}.tar`, "-o", `${source}.iso`]);
  }
  scene.fake("docker", DOCKER.replaceAll("SCENE", scene.path));
  scene.fake("skopeo", SKOPEO.replaceAll("SCENE", scene.path));
  scene.fake("podman", 'echo "Error: $*: image not known" >&2; exit 125');
});
afterAll(() => scene[Symbol.dispose]());
beforeEach(() => rmSync(scene.at("calls"), { force: true }));

/** Has one image, `my/os`. */
const DOCKER = `echo "docker $*" >>SCENE/calls
case "$*" in
  "save --output "*" -- my/os") cp SCENE/docker.tar "$3" ;;
  *" -- my/os") echo sha256:00 ;;
  *" -- broken") echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock." >&2; exit 1 ;;
  *) echo "Error response from daemon: No such image: other:latest" >&2; exit 1 ;;
esac`;

const SKOPEO = `echo "skopeo $*" >>SCENE/calls
case "$*" in *"copy docker://quay.io/my/os "*) for to; do :; done; cp -r SCENE/os/. "\${to#oci:}" ;; *) exit 1 ;; esac`;

const calls = () => readFileSync(scene.at("calls"), "utf8").replaceAll(/\/\S*\/\.platter-\S*/g, "TEMPORARY");

function run(...argv: string[]): Uint8Array {
  const ran = Bun.spawnSync(argv, { maxBuffer: 2 ** 30 });
  if (ran.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${ran.stderr.toString()}`);
  return ran.stdout;
}

/** The archive that `docker save` writes of a root file system in one layer. */
function dockerArchive(rootfs: string): Uint8Array {
  const layer = run("tar", "-C", rootfs, "--format=pax", "--sort=name", "--numeric-owner", "-cf", "-", ".");
  const config = JSON.stringify({
    architecture: "amd64",
    os: "linux",
    created: "2024-05-06T07:08:09Z",
    rootfs: { type: "layers", diff_ids: [sha256(layer)] },
  });
  const name = `${sha256(Buffer.from(config)).slice("sha256:".length)}.json`;
  const manifest = JSON.stringify([{ Config: name, RepoTags: ["my/os:latest"], Layers: ["layer.tar"] }]);
  return tar([
    { name, content: config },
    { name: "layer.tar", content: Buffer.from(layer) },
    { name: "manifest.json", content: manifest },
  ]);
}

function expectIso(name: string, source: "oci" | "docker"): void {
  expectSameBytes(readFileSync(scene.at(`out/${name}`)), readFileSync(scene.at(`${source}.iso`)));
  rmSync(scene.at(`out/${name}`));
}

describe("docker-daemon:", () => {
  test("is saved by docker, read, and gone afterwards", async () => {
    const { stderr } = await scene.succeed(["build", "docker-daemon:my/os", "-o", "out/x.iso"]);
    expect(stderr).toMatch(/^\[1\/7\] fetch +done/m);
    expectIso("x.iso", "docker");
    expect(calls()).toBe("docker save --output TEMPORARY -- my/os\n");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("with --work the plan names it, and later stages save it again", async () => {
    await scene.succeed(["inspect", "docker-daemon:my/os", "--work", "work"]);
    await scene.succeed(["build", "--work", "work", "-o", "out/x.iso"]);
    expectIso("x.iso", "docker");
    expect(readdirSync(scene.at("work")).filter((name) => name.startsWith("."))).toEqual([]);
  });

  test("that Docker does not have, or without Docker, is refused", async () => {
    const absent = await scene.run(["build", "docker-daemon:other", "-o", "out/x.iso"]);
    await expectRefusal(scene, absent, {
      exit: 3,
      code: "E_IMAGE_MISSING",
      says: ["docker-daemon:other", "No such image"],
      hint: ["docker pull other", "docker://other"],
    });
    const broken = await scene.run(["build", "docker-daemon:broken", "-o", "out/x.iso"]);
    await expectRefusal(scene, broken, {
      exit: 4,
      code: "E_DOCKER",
      says: ["Cannot fetch `docker-daemon:broken`: Cannot connect to the Docker daemon"],
      hint: ["docker images"],
    });
    rmSync(scene.at("bin/docker"));
    const none = await scene.run(["build", "docker-daemon:my/os", "-o", "out/x.iso"], { path: "/nowhere" });
    scene.fake("docker", DOCKER.replaceAll("SCENE", scene.path));
    await expectRefusal(scene, none, {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: ["Cannot start: `docker-daemon:my/os` needs `docker`, which is not in PATH"],
    });
  });

  test.each(["docker-daemon:my/os", "-"])("%s is not a payload", async (payload) => {
    const ran = await scene.run(["build", "oci:os", "-o", "out/x.iso", "--payload", payload]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_REFERENCE",
      says: [payload],
      hint: ["docker-archive:"],
    });
  });
});

describe("standard input", () => {
  const from = (input: string) => ({ prefix: ["sh", "-c", `${input} | "$@"`, "sh"] });

  test.each(["oci", "docker"] as const)("an archive of kind %s", async (kind) => {
    await scene.succeed(["build", "-", "-o", "out/x.iso"], from(`cat ${kind}.tar`));
    expectIso("x.iso", kind);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("a compressed archive, from a pipe to a pipe", async () => {
    const toFile = { prefix: ["sh", "-c", 'gzip -c oci.tar | "$@" >out/x.iso', "sh"] };
    await scene.succeed(["build", "-", "-o", "-"], toFile);
    expectIso("x.iso", "oci");
  });

  test("a slow writer: how much is there is shown", async () => {
    scene.write("events", "");
    const slowly = "head -c 100000 oci.tar; until [ -e go ]; do sleep 0.05; done; tail -c +100001 oci.tar";
    const running = scene.start(["build", "-", "-o", "out/x.iso", "--progress", "json"], {
      prefix: ["sh", "-c", `(${slowly}) | "$@" 2>events`, "sh"],
    });
    await until(() => /"fetch".*"done":\s*100000\b/.test(readFileSync(scene.at("events"), "utf8")));
    scene.write("go", "");
    expect((await running.done).code).toBe(0);
    expectIso("x.iso", "oci");
  });

  test("a file", async () => {
    await scene.succeed(["build", "-", "-o", "out/x.iso"], { prefix: ["sh", "-c", '"$@" <oci.tar', "sh"] });
    expectIso("x.iso", "oci");
  });

  test.each([
    ["cat /dev/null", "empty"],
    ["echo text", "text"],
    ["head -c 100000 oci.tar", "ends in the middle"],
    ["echo text | gzip", "text"],
  ])("%s is refused", async (input, says) => {
    const ran = await scene.run(["build", "-", "-o", "out/x.iso"], from(input));
    expect({ isRefused: ran.code === 2 || ran.code === 3, ...ran }).toMatchObject({
      isRefused: true,
      stderr: expect.stringMatching(new RegExp(`^error\\[E_\\w+\\]: .*standard input.*${says}`, "m")),
    });
    expect(ran.stderr).not.toContain(".platter-");
    expect(await scene.leftovers()).toEqual([]);
  });

  test("an image without a kernel: the error and the hint name something that works", async () => {
    const ran = await scene.run(
      ["build", "-", "-o", "out/x.iso"],
      from("tar -C image --exclude=./usr/lib/modules --exclude=./boot --exclude=./usr/lib/efi -cf - ."),
    );
    expect(ran.stderr).toContain("The image on standard input breaks the contract in 2 ways");
    expect(ran.stderr).not.toContain("`-`");
    expect(ran.stderr).not.toContain("platter containerfile -");
  });

  test("a terminal is refused before anything starts", async () => {
    const command = `${BINARY} build - -o out/x.iso`;
    const done = Bun.spawnSync(["script", "-qec", command, "/dev/null"], { cwd: scene.path });
    expect({ code: done.exitCode, shown: done.stdout.toString() }).toEqual({
      code: 2,
      shown: expect.stringContaining("Cannot read an image from standard input: it is a terminal"),
    });
  });

  test("an interrupted copy leaves nothing", async () => {
    const running = scene.start(["build", "-", "-o", "out/x.iso"], {
      prefix: ["sh", "-c", 'mkfifo never; exec "$@" <>never', "sh"],
    });
    await until(() => readdirSync(scene.out).some((name) => name.startsWith(".platter-")));
    running.signal("SIGINT");
    expect(await running.done).toMatchObject({ code: 130, stderr: expect.stringContaining("E_INTERRUPTED") });
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("a registry without skopeo", () => {
  const PODMAN = `case "$*" in
  *"image mount"*) echo SCENE/image ;;
  *"image inspect"*) echo '[{"Id":"${"a".repeat(64)}","Architecture":"amd64"}]' ;;
esac`;

  test("a note names the image that stays in podman's storage", async () => {
    using other = new Scene("no-skopeo");
    other.fake("podman", PODMAN.replaceAll("SCENE", scene.path));
    const { stderr } = await other.succeed(["inspect", "docker://quay.io/my/os:1"], {
      path: other.only("sh"),
    });
    expect(stderr).toContain("note: podman pulled `quay.io/my/os:1`, because skopeo is not installed");
    expect(stderr).toContain("hint:  Remove it with `podman rmi quay.io/my/os:1`.");
  });
});

describe("--pull", () => {
  test.each([
    ["--pull quay.io/my/os", "before the image"],
    ["quay.io/my/os --pull", "after the image"],
    ["--pull=always quay.io/my/os", "with a policy after an equals sign"],
    ["--pull missing quay.io/my/os", "with a policy as the next word"],
  ])("%s fetches the image", async (words) => {
    await scene.succeed(["build", ...words.split(" "), "-o", "out/x.iso"]);
    expectIso("x.iso", "oci");
    expect(calls()).toContain("skopeo copy docker://quay.io/my/os oci:TEMPORARY\n");
  });

  test.each(["inspect", "render-grub", "sizes"])("%s --pull", async (command) => {
    expect((await scene.run([command, "quay.io/my/os"])).code).toBe(3);
    await scene.succeed([command, "quay.io/my/os", "--pull"]);
  });

  test("containerfile --pull, of an image without a known distribution", async () => {
    const [command, name] = ["containerfile", "quay.io/my/os"];
    expect((await scene.run([command, name])).stderr).toContain("E_IMAGE_MISSING");
    expect((await scene.run([command, name, "--pull"])).stderr).toContain("E_PACKAGES");
  });

  test.each(["squash", "bios-image", "efi-image"])("%s --pull", async (command) => {
    const args = [command, "quay.io/my/os", "-o", "out/x.img"];
    expect((await scene.run(args)).code).toBe(3);
    await scene.succeed([...args, "--pull"]);
  });

  test("without it, an image that is missing offers it", async () => {
    const ran = await scene.run(["build", "quay.io/my/os", "-o", "out/x.iso"]);
    const hint = ["Add `--pull`", "`docker://quay.io/my/os`"];
    await expectRefusal(scene, ran, { exit: 3, code: "E_IMAGE_MISSING", says: ["podman's storage"], hint });
  });

  test("has no effect on other transports: refused", async () => {
    const ran = await scene.run(["build", "oci:os", "--pull", "-o", "out/x.iso"]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_OPTION_UNUSED",
      says: ["`oci:os`"],
      hint: ["--pull"],
    });
  });

  test("needs a program that can fetch", async () => {
    const path = scene.only("sh");
    rmSync(scene.at("bin"), { recursive: true });
    const ran = await scene.run(["build", "quay.io/my/os", "--pull", "-o", "out/x.iso"], { path });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: ["needs `podman` or `skopeo`"],
    });
  });
});
