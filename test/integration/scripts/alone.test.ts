/**
 * The binary needs no other program: in a root that has the C library and nothing else, and by the system calls of a
 * build. Needs root, for chroot and for files with owners.
 */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  copyFileSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { generatedImage, generatedLayers } from "../../helpers/images/generated-image.ts";
import { BINARY, hostProgram, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

/** A user that no file of the machine belongs to. */
const USER = 4711;

let scene: Scene;
/** The digest of the ISO that an ordinary build makes. */
let expected: string;

beforeAll(async () => {
  scene = new Scene("alone");
  generatedImage(scene.at("image"));
  run("tar", "-C", scene.at("image"), "-cf", scene.at("image.tar"), ".");
  await scene.succeed(["build", "oci:image", "-o", "out/expected.iso"]);
  expected = sha256(scene.at("out/expected.iso"));
});
afterAll(() => scene[Symbol.dispose]());

function run(...argv: readonly string[]): string {
  const done = Bun.spawnSync([hostProgram(argv[0]!), ...argv.slice(1)], { stderr: "pipe" });
  if (done.exitCode !== 0) throw new Error(`${argv.join(" ")}: ${done.stderr.toString()}`);
  return done.stdout.toString();
}

function sha256(path: string): string {
  return new Bun.CryptoHasher("sha256").update(readFileSync(path)).digest("hex");
}

/** A root with the C library, the binary, an image archive and a folder for the ISO. */
function emptyRoot(): string {
  const root = scene.folder("root");
  const libraries = run("ldd", BINARY).match(/\/\S+/g)!;
  for (const library of libraries) {
    mkdirSync(dirname(join(root, library)), { recursive: true });
    copyFileSync(library, join(root, library));
    chmodSync(join(root, library), 0o755);
  }
  copyFileSync(BINARY, join(root, "platter"));
  copyFileSync(scene.at("image.tar"), join(root, "image.tar"));
  for (const folder of ["out", "proc"]) mkdirSync(join(root, folder));
  chownSync(join(root, "out"), USER, USER);
  for (const path of [scene.path, root]) chmodSync(path, 0o755);
  // Bun itself needs /proc, and nothing of /dev or /sys.
  scene.mount(join(root, "proc"), "-t", "proc", "proc");
  return root;
}

test("a root with the C library alone: an ordinary user builds the same ISO", () => {
  const root = emptyRoot();
  expect(
    readdirSync(root)
      .filter((name) => !name.startsWith("lib"))
      .sort(),
  ).toEqual(["image.tar", "out", "platter", "proc"]);
  const build = ["/platter", "build", "oci-archive:/image.tar", "-o", "/out/x.iso"];
  const argv = [hostProgram("chroot"), `--userspec=${USER}:${USER}`, root, ...build];
  const done = Bun.spawnSync(argv, { env: {}, stderr: "pipe" });
  expect({ code: done.exitCode, stderr: done.stderr.toString() }).toMatchObject({ code: 0 });
  expect(sha256(join(root, "out/x.iso"))).toBe(expected);
  expect(readdirSync(join(root, "out"))).toEqual(["x.iso"]);
});

describe("build: the only program that is started is platter itself", () => {
  beforeAll(() => {
    run(
      "skopeo",
      "copy",
      "-q",
      `oci:${scene.at("image")}:latest`,
      `docker-archive:${scene.at("docker.tar")}:a/b:c`,
    );
    const [lower] = generatedLayers();
    writeFileSync(scene.at("lower.tar"), lower!);
    run(
      "tar",
      "-C",
      scene.folder("tree"),
      "--xattrs",
      "--xattrs-include=*",
      "--numeric-owner",
      "-xpf",
      scene.at("lower.tar"),
    );
  });

  test.each([
    "dir:tree",
    "oci:image",
    "oci-archive:image.tar",
    "docker-archive:docker.tar",
    "tar:lower.tar",
  ])("%s", (reference) => {
    const calls = scene.at("calls");
    const trace = ["strace", "-f", "-qq", "--seccomp-bpf", "-e", "trace=execve,execveat", "-o", calls];
    const argv = [...trace, BINARY, "build", reference, "-o", "out/traced.iso"];
    const done = Bun.spawnSync(argv, { cwd: scene.path, stderr: "pipe" });
    expect({ code: done.exitCode, stderr: done.stderr.toString() }).toMatchObject({ code: 0 });
    const started = readFileSync(calls, "utf8").match(/exec\w+\([^\n]*/g) ?? [];
    expect(started).toEqual([expect.stringContaining(`execve("${BINARY}", `)]);
    expect(done.stderr.toString()).toMatch(/assemble +done/);
  });
});
