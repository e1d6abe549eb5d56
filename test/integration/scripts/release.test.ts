/** scripts/release, and what it makes: packages are installed, binaries are run, and a second run gives the same bytes. */
import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from "bun:test";
import { copyFileSync, existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import packageJson from "../../../package.json" with { type: "json" };
import { smallLive } from "../../helpers/images/small-live.ts";
import { podmanRun } from "../../helpers/podman-run.ts";
import { makeMuslRoot } from "../../helpers/release/musl-root.ts";
import { hostProgram, Scene } from "../../helpers/scene.ts";

const PROJECT = resolve(import.meta.dir, "../../..");
const MINUTES = 60_000;
const { version } = packageJson;

setDefaultTimeout(5 * MINUTES);

function spawn(argv: readonly string[], env: Record<string, string> = {}) {
  const [program = "", ...args] = argv;
  const path = program.includes("/") ? program : hostProgram(program);
  const done = Bun.spawnSync([path, ...args], {
    cwd: PROJECT,
    env: { ...process.env, ...env },
    stderr: "pipe",
    maxBuffer: 2 ** 26,
  });
  return { code: done.exitCode, stdout: done.stdout.toString(), stderr: done.stderr.toString() };
}

function run(...argv: string[]): string {
  const { code, stdout, stderr } = spawn(argv);
  if (code !== 0) throw new Error(`${argv.join(" ")}: ${stderr.slice(-2000)}`);
  return stdout;
}

describe("scripts/release: refuses before anything is made", () => {
  test("--help says what it does", () => {
    const { code, stdout, stderr } = spawn(["scripts/release", "--help"]);
    expect(stdout).toStartWith("Makes the files of a release");
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
  });

  test.each([
    [[], 2, "scripts/release VERSION"],
    [["--fast", version], 2, "scripts/release VERSION"],
    [[version, "1.2.3"], 2, "more than one version given"],
    [["99.0.0"], 1, `package.json names version ${version}, not 99.0.0`],
  ])("%j", (args, exit, says) => {
    using scene = new Scene("release");
    const { code, stderr } = spawn(["scripts/release", ...args, "-o", scene.at("made")]);
    expect(stderr).toContain(says);
    expect(code).toBe(exit);
    expect(existsSync(scene.at("made"))).toBe(false);
  });
});

// Three binaries are compiled and packed, twice.
if (process.env.PLATTER_TEST === "full") {
  describe("a release", () => {
    let scene: Scene;
    let made: string;
    beforeAll(() => {
      scene = new Scene("release");
      for (const folder of ["made", "again"])
        run("scripts/release", version, "--dirty", "-o", scene.at(folder));
      made = scene.at("made");
    }, 60 * MINUTES);
    afterAll(() => scene[Symbol.dispose]());

    test("has all files, with their digests", () => {
      const machines = ["linux-aarch64", "linux-x86_64", "linux-x86_64-musl"];
      expect(readdirSync(made).sort()).toEqual(
        [
          "CHANGES.md",
          "SHA256SUMS",
          ...machines.map((machine) => `platter-${version}-${machine}.tar.gz`),
          ...["aarch64", "x86_64"].map((machine) => `platter-${version}-1.${machine}.rpm`),
          ...["amd64", "arm64"].map((machine) => `platter_${version}_${machine}.deb`),
          `platter-${version}-oci.tar`,
          `platter-${version}.spdx.json`,
        ].sort(),
      );
      run("sh", "-c", `cd ${made} && sha256sum --strict --check SHA256SUMS`);
      const listed = readFileSync(join(made, "SHA256SUMS"), "utf8").trimEnd().split("\n");
      expect(listed.length).toBe(readdirSync(made).length - 1);
    });

    test("made twice: the same bytes", () => {
      expect(run("diff", "-r", "--brief", made, scene.at("again"))).toBe("");
    });

    test("an archive: the binary with man pages, completions and licence", () => {
      const name = `platter-${version}-linux-x86_64`;
      run("tar", "-C", scene.path, "-xzf", join(made, `${name}.tar.gz`));
      const folder = scene.at(name);
      expect(run(join(folder, "bin/platter"), "--version")).toBe(`platter ${version}\n`);
      expect(readFileSync(join(folder, "LICENSE"), "utf8")).toContain("Apache License");
      expect(run("man", "-l", join(folder, "share/man/man1/platter-build.1.gz"))).toContain("--compression");
      for (const [shell, path] of [
        ["bash", "bash-completion/completions/platter"],
        ["zsh", "zsh/site-functions/_platter"],
        ["fish", "fish/vendor_completions.d/platter.fish"],
      ] as const)
        expect(readFileSync(join(folder, "share", path), "utf8")).toBe(
          run(join(folder, "bin/platter"), "completion", shell),
        );
    });

    test("musl: in a root without glibc, the ISO is the same", async () => {
      const root = scene.folder("musl");
      makeMuslRoot(root);
      const name = `platter-${version}-linux-x86_64-musl`;
      run("tar", "-C", scene.path, "-xzf", join(made, `${name}.tar.gz`));
      copyFileSync(join(scene.at(name), "bin/platter"), join(root, "platter"));
      run("tar", "-C", smallLive().oci, "-cf", join(root, "os.tar"), ".");
      scene.mount(join(root, "proc"), "-t", "proc", "proc");
      const info = JSON.parse(run("chroot", root, "/platter", "version", "--json"));
      expect(info.target).toBe("bun-linux-x64-musl");
      run("chroot", root, "/platter", "build", "oci-archive:/os.tar", "-o", "/out/x.iso");
      await scene.succeed(["build", `oci-archive:${join(root, "os.tar")}`, "-o", "out/x.iso"]);
      run("cmp", join(root, "out/x.iso"), scene.at("out/x.iso"));
    });

    test("aarch64: the binary starts", () => {
      const name = `platter-${version}-linux-aarch64`;
      run("tar", "-C", scene.path, "-xzf", join(made, `${name}.tar.gz`));
      const emulator = ["qemu-aarch64-static", "-L", "/usr/aarch64-linux-gnu"];
      const info = JSON.parse(run(...emulator, join(scene.at(name), "bin/platter"), "version", "--json"));
      expect(info).toMatchObject({ platter: version, target: "bun-linux-arm64" });
    });

    test("dpkg -i in a bare Debian", () => {
      const root = scene.at("debian");
      run("mmdebstrap", "--variant=minbase", "--mode=root", "bookworm", root);
      copyFileSync(join(made, `platter_${version}_amd64.deb`), join(root, "platter.deb"));
      scene.mount(join(root, "proc"), "-t", "proc", "proc");
      run("chroot", root, "dpkg", "-i", "/platter.deb");
      expect(run("chroot", root, "platter", "--version")).toBe(`platter ${version}\n`);
      expect(run("chroot", root, "dpkg", "--verify", "platter")).toBe("");
      run("chroot", root, "dpkg", "--purge", "platter");
      expect(existsSync(join(root, "usr/bin/platter"))).toBe(false);
    });

    test("rpm -i in an empty root", () => {
      const root = scene.folder("rpm");
      const file = join(made, `platter-${version}-1.x86_64.rpm`);
      run("rpm", "--root", root, "-i", file);
      expect(run("rpm", "--root", root, "-q", "platter")).toBe(`platter-${version}-1.x86_64\n`);
      expect(run("rpm", "--root", root, "-V", "platter")).toBe("");
      expect(run(join(root, "usr/bin/platter"), "--version")).toBe(`platter ${version}\n`);
      expect(existsSync(join(root, "usr/share/man/man1/platter-build.1.gz"))).toBe(true);
      run("rpm", "--root", root, "-e", "platter");
      expect(existsSync(join(root, "usr/bin/platter"))).toBe(false);
    });

    test("the container image: podman runs it as an ordinary user", () => {
      const archive = join(made, `platter-${version}-oci.tar`);
      const name = run("podman", "load", "--quiet", "--input", archive)
        .replace(/^Loaded image: /, "")
        .trim();
      try {
        const { code, stdout, stderr } = spawn(
          podmanRun(["--rm", "--network", "none", "--cap-drop", "all", name, "--version"]),
        );
        expect({ code, stdout, stderr }).toMatchObject({ code: 0, stdout: `platter ${version}\n` });
        const [config] = JSON.parse(run("podman", "image", "inspect", name));
        expect(config.Config.User).toBe("65532:65532");
      } finally {
        run("podman", "rmi", "--force", name);
      }
    });

    test("the list of contents names the binary's packages, and every file with its digest", () => {
      const spdx = JSON.parse(readFileSync(join(made, `platter-${version}.spdx.json`), "utf8"));
      const names: string[] = spdx.packages.map((each: { name: string }) => each.name);
      expect(names).toEqual(
        expect.arrayContaining([
          "platter",
          ...Object.keys(packageJson.dependencies),
          "@oven/bun-linux-x64",
          "libc6",
        ]),
      );
      expect(names).not.toContain("typescript");
      const sums = readFileSync(join(made, "SHA256SUMS"), "utf8");
      for (const { fileName, checksums } of spdx.files)
        expect(sums).toContain(`${checksums.at(-1).checksumValue}  ${fileName.slice(2)}\n`);
    });
  });
}
