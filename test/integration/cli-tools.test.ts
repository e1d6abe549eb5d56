/** Tools that are missing, too old, or fail. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { expectRefusal, hostProgram, Scene } from "../helpers/scene.ts";
import { tinyImage } from "../helpers/tiny-image.ts";

setDefaultTimeout(60_000);

const TOOLS = ["mksquashfs", "grub-mkimage"] as const;
type Name = (typeof TOOLS)[number];
const PACKAGES = { mksquashfs: "`squashfs-tools`", "grub-mkimage": "`grub-common`" };
const VERSION_FLAGS = { mksquashfs: "-version", "grub-mkimage": "--version" };

function sceneWithImage(): Scene {
  const scene = new Scene("tools");
  tinyImage(scene.at("image"));
  return scene;
}

/** A tool that tells the host's version and is this script otherwise. */
function fake(scene: Scene, name: Name, script: string): void {
  const real = hostProgram(name);
  const text = `[ "$1" = ${VERSION_FLAGS[name]} ] && exec ${real} "$1"\n${script}`;
  for (const program of name === "grub-mkimage" ? ["grub2-mkimage", name] : [name]) scene.fake(program, text);
}

/** With a compression that needs both of them. */
const BUILD = ["build", "dir:image", "-o", "out/x.iso", "--compression", "xz"];

const build = (scene: Scene, ...flags: string[]) => scene.run([...BUILD, "--tools", "host", ...flags]);

describe("a tool that is missing", () => {
  test.each([...TOOLS])("%s: before anything slow starts", async (name) => {
    using scene = sceneWithImage();
    const path = scene.only(...TOOLS.filter((other) => other !== name));
    const ran = await scene.run([...BUILD, "--tools", "host"], { path });
    expect(ran.stderr).not.toContain("done squash");
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: [`\`${name}\` was not found on the host`],
      hint: [PACKAGES[name], "--tools auto|image|host"],
    });
  });

  test("in the image, with --tools image", async () => {
    using scene = sceneWithImage();
    await expectRefusal(scene, await scene.run([...BUILD, "--tools", "image"]), {
      exit: 4,
      code: "E_TOOL_MISSING",
      says: ["was not found in the image"],
      hint: ["--tools"],
    });
  });

  test.each([
    [],
    ["--compression", "small"],
    ["--compression", "gzip"],
    ["--compression", "none"],
  ])("mksquashfs, where platter compresses itself: %j", async (...flags) => {
    using scene = sceneWithImage();
    const path = scene.only("grub-mkimage");
    await scene.succeed(["build", "dir:image", "-o", "out/x.iso", ...flags], { path });
    await scene.succeed(["squash", "dir:image", "-o", "out/x.img", ...flags], { path: scene.only() });
  });
});

describe("a tool that is too old", () => {
  test.each([
    [
      "mksquashfs",
      "mksquashfs version 4.4 (2019/08/29)",
      "4.4 is too old: 4.5 or later",
      "reads a tar stream",
    ],
    ["grub-mkimage", "grub-mkimage (GRUB) 2.00", "2.00 is too old: 2.2 or later", "eltorito"],
  ] as const)("%s", async (name, told, says, reason) => {
    using scene = sceneWithImage();
    for (const program of [name, "grub2-mkimage"]) scene.fake(program, `echo '${told}'`);
    if (name !== "grub-mkimage") fake(scene, "grub-mkimage", `exec ${hostProgram("grub-mkimage")} "$@"`);
    await expectRefusal(scene, await build(scene), {
      exit: 4,
      code: "E_TOOL_VERSION",
      says: [`\`${name}\` ${says}`, reason],
      hint: [PACKAGES[name]],
    });
  });

  test("one that tells no version: what it told instead is shown", async () => {
    using scene = sceneWithImage();
    scene.fake("mksquashfs", "echo 'loader: cannot find libzstd' >&2; exit 1");
    await expectRefusal(scene, await build(scene), {
      exit: 4,
      code: "E_TOOL_VERSION",
      says: ["/bin/mksquashfs` did not tell a version", "loader: cannot find libzstd"],
      hint: ["--tools"],
    });
  });
});

describe("a tool that works, and not as it should", () => {
  const corrupting = (scene: Scene) =>
    scene.fake(
      "mksquashfs",
      `[ "$1" = -version ] && echo 'mksquashfs version 4.7.2 (2025/08/08)' && exit\nexec ${hostProgram("mksquashfs")} "$@"`,
    );

  test("inspect tells it, and what is missing, as findings", async () => {
    using scene = sceneWithImage();
    const inspect = async () => {
      const { stdout } = await scene.succeed(["inspect", "dir:image", "--json"], { path: scene.only() });
      const { plan, findings } = JSON.parse(stdout);
      // The plan is about the image, whatever the machine has.
      expect(plan.findings).toEqual([]);
      return findings;
    };
    const missing = { code: "F_TOOL_MISSING", seen: expect.stringContaining("`grub-mkimage`") };
    expect(await inspect()).toMatchObject([{ ...missing, severity: "warning" }]);
    scene.fake("grub-mkimage", "echo 'grub-mkimage (GRUB) 2.00'");
    const old = { code: "F_TOOL_VERSION", seen: expect.stringContaining("2.00") };
    expect(await inspect()).toMatchObject([{ ...old, severity: "warning" }]);
  });

  test("build warns before it squashes, and with --strict ends there", async () => {
    using scene = sceneWithImage();
    corrupting(scene);
    const ran = await scene.run(["squash", "dir:image", "-o", "out/squashfs.img", "--compression", "xz"]);
    expect(ran.stderr).toMatch(/^warning: `mksquashfs` has version 4\.7\.2\..*\[F_MKSQUASHFS_CORRUPTS\]$/m);
    const strict = await build(scene, "--strict");
    expect(strict.stderr).not.toContain("done squash");
    await expectRefusal(scene, strict, {
      exit: 4,
      code: "E_MKSQUASHFS_CORRUPTS",
      says: ["`mksquashfs` has version 4.7.2"],
      hint: ["4.7.5"],
    });
  });
});

describe("a tool that fails half-way", () => {
  const manyLines = "i=1; while [ $i -le 30 ]; do echo line $i. >&2; i=$((i + 1)); done";
  const halfWay: Record<Name, string> = {
    mksquashfs: 'head -c 2000 >"$2"',
    "grub-mkimage": 'for a; do case $a in --output=*) echo half >"$(echo "$a" | cut -c 10-)";; esac; done',
  };
  const logs: Record<Name, string> = {
    mksquashfs: "squash",
    "grub-mkimage": "bios-image",
  };

  describe.each([...TOOLS])("%s", (name) => {
    test("its last lines are shown, all of them are in a log that is kept and named", async () => {
      using scene = sceneWithImage();
      fake(scene, name, `${halfWay[name]}; ${manyLines}; exit 3`);
      const ran = await build(scene);
      await expectRefusal(scene, ran, {
        exit: 4,
        code: "E_TOOL_FAILED",
        says: [`\`${name}\` failed with exit code 3`, "line 16.", "line 30."],
        hint: ["full output", `-${logs[name]}.log`],
      });
      expect(ran.stderr).not.toContain("line 15.");
      const log = /is in `(.+)`/.exec(ran.stderr)?.[1] ?? "";
      expect(log).toStartWith(scene.tmp);
      expect(readFileSync(log, "utf8")).toMatch(/^\$ .*line 1\.\n.*line 30\.\n/s);
    });

    test("killed by a signal, with --work: the log is kept there, and the stage is not taken for done", async () => {
      using scene = sceneWithImage();
      fake(scene, name, `${halfWay[name]}; echo going down >&2; kill -9 $$`);
      await expectRefusal(scene, await build(scene, "--work", "work"), {
        exit: 4,
        code: "E_TOOL_FAILED",
        says: [`\`${name}\` failed with signal SIGKILL`, "going down"],
        hint: [`${scene.at(`work/logs/${logs[name]}.log`)}\``],
      });
      expect(readFileSync(scene.at(`work/logs/${logs[name]}.log`), "utf8")).toContain("going down");
      expect(readdirSync(scene.at("work/stages"))).not.toContain(`${logs[name]}.json`);
      const made = {
        mksquashfs: "work/squashfs.img",
        "grub-mkimage": "work/eltorito.img",
      };
      expect(existsSync(scene.at(made[name]))).toBe(false);
    });

    test("one that makes nothing and tells no error", async () => {
      using scene = sceneWithImage();
      fake(scene, name, "cat >/dev/null; exit 0");
      await expectRefusal(scene, await build(scene), {
        exit: 4,
        code: "E_TOOL_FAILED",
        says: [`\`${name}\``, "made no file"],
        hint: ["output is in"],
      });
    });
  });

  test("what it prints cannot play tricks on the terminal", async () => {
    using scene = sceneWithImage();
    fake(
      scene,
      "grub-mkimage",
      "printf 'before \\033[2J\\033]0;title\\007 \\342\\200\\256after\\n' >&2; exit 1",
    );
    const ran = await build(scene);
    expect(ran.stderr).toContain("before \\x1b[2J\\x1b]0;title\\x07 \\u202eafter");
    expect(ran.stderr).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f]/);
  });

  test("another tool that runs meanwhile is ended with it, even if it ignores SIGTERM", async () => {
    using scene = sceneWithImage();
    fake(scene, "mksquashfs", `trap '' TERM INT; touch ${scene.at("ready")}; sleep 600 & sleep 600`);
    fake(
      scene,
      "grub-mkimage",
      `while [ ! -e ${scene.at("ready")} ]; do sleep 0.1; done; echo no luck >&2; exit 1`,
    );
    const ran = await build(scene);
    await expectRefusal(scene, ran, { exit: 4, code: "E_TOOL_FAILED", says: ["`grub-mkimage`", "no luck"] });
    expect(ran.took).toBeLessThan(10_000);
  });

  test("a child that a tool leaves behind does not hold up the build", async () => {
    using scene = sceneWithImage();
    fake(scene, "grub-mkimage", `sleep 600 & exec ${hostProgram("grub-mkimage")} "$@"`);
    const ran = await build(scene);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(ran.took).toBeLessThan(30_000);
    expect(await scene.leftovers()).toEqual([]);
  });
});

test("tools get a small environment of their own, and nothing from standard input", async () => {
  using scene = sceneWithImage();
  fake(scene, "grub-mkimage", `env >${scene.at("env")}; cat; exec ${hostProgram("grub-mkimage")} "$@"`);
  const env = {
    BUN_JSC_useJIT: "1",
    BUN_RUNTIME_TRANSPILER_CACHE_PATH: "0",
    SECRET_TOKEN: "s3cret",
    LD_LIBRARY_PATH: "/x",
  };
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"], { env });
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  const names = readFileSync(scene.at("env"), "utf8")
    .split("\n")
    .map((line) => line.replace(/=.*/, ""));
  expect(
    names.filter((name) => !["PATH", "LC_ALL", "TZ", "PWD", "_", "SHLVL", "OLDPWD", ""].includes(name)),
  ).toEqual([]);
});
