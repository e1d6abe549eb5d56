/** Programs that are missing, too old, or fail. Only an erofs, podman's storage and registries need any. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { EROFS, fakeErofs as fake } from "../../helpers/fake-erofs.ts";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

function sceneWithImage(): Scene {
  const scene = new Scene("tools");
  tinyImage(scene.at("image"));
  return scene;
}

const BUILD = ["build", "dir:image", "-o", "out/x.iso", ...EROFS];

describe("a program that is missing", () => {
  test("is reported before the image is read, all of them together with what needs them", async () => {
    using scene = new Scene("tools");
    const args = ["build", "docker://registry.invalid/os", "-o", "out/x.iso", ...EROFS];
    const payloads = [
      "--payload",
      "containers-storage:localhost/a",
      "--payload",
      "docker://registry.invalid/b",
    ];
    const ran = await scene.run([...args, ...payloads], { path: "/nowhere" });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: [
        "`docker://registry.invalid/os` needs `skopeo` or `podman`, which is not in PATH",
        "`containers-storage:localhost/a` needs `podman`, which is not in PATH",
        "`docker://registry.invalid/b` needs `skopeo`, which is not in PATH",
      ],
      hint: ["oci-archive:FILE"],
    });
  });

  test("and an image and payloads that do not exist are reported together", async () => {
    using scene = new Scene("tools");
    const args = ["build", "oci:missing", "-o", "out/x.iso", "--payload", "os.tar", ...EROFS];
    const ran = await scene.run([...args, "--payload", "localhost/b"], { path: "/nowhere" });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_START",
      says: [
        "Cannot start: 3 problems found",
        "error[E_IMAGE_MISSING]: Cannot find the image `oci:missing`: the folder `missing` does not exist\n",
        "error[E_PAYLOAD_MISSING]: Cannot find the payload `os.tar`: no file or folder has that name\n",
        "error[E_TOOL_MISSING]: `localhost/b` (no file or folder has that name) needs `podman`, which is not in PATH; `--rootfs erofs` needs `mkfs.erofs`, which is not in PATH\n",
      ],
      hint: ["Install what is missing, or save the image elsewhere"],
    });
  });

  test("and an image that is not in podman's storage are reported together", async () => {
    using scene = new Scene("tools");
    scene.fake("podman", "echo 'Error: localhost/a: image not known' >&2; exit 125");
    const ran = await scene.run(["build", "localhost/a", "-o", "out/x.iso", ...EROFS], { path: "/nowhere" });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_START",
      says: ["error[E_IMAGE_MISSING]: Cannot find the image `localhost/a`: ", "error[E_TOOL_MISSING]: "],
    });
  });

  test("a program that is too old, and a file that is not an image", async () => {
    using scene = sceneWithImage();
    scene.fake("mkfs.erofs", "echo 'mkfs.erofs 1.5'");
    scene.write("os.tar", "text");
    const ran = await scene.run(["build", "tar:os.tar", "-o", "out/x.iso", ...EROFS]);
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_START",
      says: [
        "error[E_REFERENCE_KIND]: Cannot use `os.tar` as an image: it is a text file\n",
        "[E_TOOL_VERSION]",
      ],
    });
  });

  test("payloads that do not exist are reported together, and with an image that does not exist", async () => {
    using scene = sceneWithImage();
    const payloads = ["--payload", "dir:a", "--payload", "oci:b"];
    await expectRefusal(scene, await scene.run(["inspect", "dir:image", ...payloads]), {
      exit: 3,
      code: "E_START",
      says: ["the payload `dir:a`", "the payload `oci:b`"],
    });
    await expectRefusal(scene, await scene.run(["inspect", "dir:nothing", ...payloads]), {
      exit: 3,
      code: "E_START",
      says: ["the image `dir:nothing`", "the payload `dir:a`", "the payload `oci:b`"],
    });
  });

  test.each([
    [],
    ["--compression", "small"],
    ["--compression", "gzip"],
    ["--compression", "none"],
  ])("does not matter to a build without it: %j", async (...flags) => {
    using scene = sceneWithImage();
    await scene.succeed(["build", "dir:image", "-o", "out/x.iso", ...flags], { path: "/nowhere" });
  });

  test("inspect: a registry", async () => {
    using scene = new Scene("tools");
    const ran = await scene.run(["inspect", "docker://registry.invalid/os"], { path: "/nowhere" });
    await expectRefusal(scene, ran, { exit: 4, code: "E_TOOL_MISSING", says: ["`skopeo` or `podman`"] });
  });
});

describe("a compression that mksquashfs once made", () => {
  test.each(["xz", "lz4", "xz,1M"])("%s is refused with what to choose", async (compression) => {
    using scene = sceneWithImage();
    const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso", "--compression", compression]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_COMPRESSION",
      says: ["Cannot make a squashfs with"],
      hint: ["Choose `small` for the smallest ISO, or `fast` for the fastest build."],
    });
  });
});

describe("PATH", () => {
  test.each([
    ".",
    "./bin",
    "here",
    "",
  ])("a program in %j is passed over, with a line that says so", async (folder) => {
    using scene = new Scene("tools");
    const ran = await scene.run(["inspect", "docker://registry.invalid/os"], {
      path: `${folder}:/nowhere`,
      cwd: scene.bin,
      env: {},
    });
    expect(ran.stderr).toContain(`PATH has \`${folder}\`, which platter ignores because it is not absolute`);
    expect(ran.code).toBe(4);
  });

  test.each([
    "inspect localhost/none",
    "build localhost/none -o out/x.iso",
    "inspect dir:image --payload localhost/none",
    "boot x.iso --accel tcg",
  ])("%s: the line is there once whenever a program is run", async (command) => {
    using scene = sceneWithImage();
    const qemu = "#!/bin/sh\nexit 1\n";
    scene.write("x.iso", Buffer.concat([Buffer.alloc(32769), Buffer.from("CD001"), Buffer.alloc(4096)]));
    scene.fake("podman", "echo 'Error: localhost/none: image not known' >&2; exit 125");
    scene.fake("qemu-system-x86_64", qemu);
    const { stderr } = await scene.run(command.split(" "), { path: `here:${process.env.PATH}` });
    expect(stderr.split("PATH has `here`, which platter ignores because it is not absolute")).toHaveLength(2);
  });

  test("skopeo in the current folder is not run", async () => {
    using scene = new Scene("tools");
    for (const name of ["skopeo", "podman"]) {
      scene.write(`here/${name}`, `#!/bin/sh\ntouch ${scene.at("ran")}\nexit 1\n`);
      Bun.spawnSync(["chmod", "755", scene.at(`here/${name}`)]);
    }
    const ran = await scene.run(["inspect", "docker://registry.invalid/os"], {
      path: ".:/nowhere",
      cwd: scene.at("here"),
    });
    expect(ran.code).toBe(4);
    expect(existsSync(scene.at("ran"))).toBe(false);
  });
});

describe("mkfs.erofs that fails", () => {
  const manyLines = "i=1; while [ $i -le 30 ]; do echo line $i. >&2; i=$((i + 1)); done";
  const halfWay = 'head -c 2000 >"$output"';

  test("its last lines are shown, all of them are in a log that is kept and named", async () => {
    using scene = sceneWithImage();
    fake(scene, `${halfWay}; ${manyLines}; exit 3`);
    const ran = await scene.run(BUILD);
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_FAILED",
      says: ["`mkfs.erofs` failed with exit code 3", "line 16.", "line 30."],
      hint: ["full output", "-squash.log"],
    });
    expect(ran.stderr).not.toContain("line 15.");
    const log = /output in `(.+)`/.exec(ran.stderr)?.[1] ?? "";
    expect(log).toStartWith(scene.tmp);
    expect(readFileSync(log, "utf8")).toMatch(/^\$ .*line 1\.\n.*line 30\.\n/s);
  });

  test("killed by a signal, with --work: the log is kept there, and the stage is not taken for done", async () => {
    using scene = sceneWithImage();
    fake(scene, `${halfWay}; echo going down >&2; kill -9 $$`);
    await expectRefusal(scene, await scene.run([...BUILD, "--work", "work"]), {
      exit: 4,
      code: "E_TOOL_FAILED",
      says: ["`mkfs.erofs` failed with signal SIGKILL", "going down"],
      hint: [`${scene.at("work/logs/squash.log")}\``],
    });
    expect(readFileSync(scene.at("work/logs/squash.log"), "utf8")).toContain("going down");
    expect(readdirSync(scene.at("work/stages"))).not.toContain("squash.json");
    expect(existsSync(scene.at("work/squashfs.img"))).toBe(false);
  });

  test("one that makes nothing and reports no error", async () => {
    using scene = sceneWithImage();
    fake(scene, "cat >/dev/null; exit 0");
    await expectRefusal(scene, await scene.run(BUILD), {
      exit: 4,
      code: "E_TOOL_FAILED",
      says: ["`mkfs.erofs`", "did not make its file"],
      hint: ["full output in"],
    });
  });

  test("one that makes something else and reports no error", async () => {
    using scene = sceneWithImage();
    fake(scene, 'cat >/dev/null; head -c 8192 /dev/zero >"$output"');
    await expectRefusal(scene, await scene.run(BUILD), {
      exit: 4,
      code: "E_TOOL_FAILED",
      says: ["`mkfs.erofs` ended without an error, but its file has no superblock that makes sense"],
      hint: ["full output in"],
    });
  });

  test("what it prints cannot play tricks on the terminal", async () => {
    using scene = sceneWithImage();
    fake(scene, "printf 'before \\033[2J\\033]0;title\\007 \\342\\200\\256after\\n' >&2; exit 1");
    const ran = await scene.run(BUILD);
    expect(ran.stderr).toContain("before \\x1b[2J\\x1b]0;title\\x07 \\u202eafter");
    expect(ran.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  test("one that prints its version without end is ended, with its children", async () => {
    using scene = sceneWithImage();
    scene.fake("mkfs.erofs", "yes & yes");
    await expectRefusal(scene, await scene.run(BUILD), {
      exit: 4,
      code: "E_TOOL_FAILED",
      says: ["`mkfs.erofs`: it printed more than 1048576 bytes"],
    });
    expect(await scene.leftovers()).toEqual([]);
  });

  test("a child that outlives it does not hold up the build", async () => {
    using scene = sceneWithImage();
    fake(scene, "sleep 600 & cat >/dev/null; echo no >&2; exit 1");
    await expectRefusal(scene, await scene.run(BUILD), { exit: 4, code: "E_TOOL_FAILED", says: ["no"] });
    expect(await scene.leftovers()).toEqual([]);
  });
});

test("programs get a small environment of their own", async () => {
  using scene = sceneWithImage();
  fake(scene, `env >${scene.at("env")}; exit 1`);
  const env = {
    BUN_JSC_useJIT: "1",
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    SECRET_TOKEN: "s3cret",
    LD_LIBRARY_PATH: "/x",
  };
  await scene.run(BUILD, { env });
  const names = readFileSync(scene.at("env"), "utf8")
    .split("\n")
    .map((line) => line.replace(/=.*/, ""));
  const usual = ["PATH", "LC_ALL", "TZ", "TMPDIR", "PWD", "_", "SHLVL", "OLDPWD", ""];
  expect(names.filter((name) => !usual.includes(name))).toEqual([]);
});
