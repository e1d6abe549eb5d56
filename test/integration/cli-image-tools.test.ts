/** `--tools`: the image's own programs, shut in by bubblewrap or by unshare, and the host's. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import { chmodSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { installPrograms } from "../helpers/install-programs.ts";
import { expectRefusal, hostProgram, Scene } from "../helpers/scene.ts";
import { ociOf, tinyImage } from "../helpers/tiny-image.ts";

setDefaultTimeout(60_000);

const TOOLS = ["mksquashfs", "grub-mkimage"] as const;

/** With a compression that needs both of them. */
const BUILD = ["build", "--compression", "xz"];

/** What a keeper needs of the host; nothing else of the host is needed. */
const KEEPERS = {
  bubblewrap: ["bwrap"],
  unshare: ["unshare", "mount", "mkdir", "setpriv", "chroot"],
};

function sceneWithTools(programs: readonly string[] = TOOLS): Scene {
  const scene = new Scene("image-tools");
  installPrograms(tinyImage(scene.at("image")), programs);
  return scene;
}

/** Which tool came from where, as --verbose tells it. */
function origins(stderr: string): Record<string, string> {
  return Object.fromEntries(
    [...stderr.matchAll(/^· ([\w-]+) \S+ from the (image|host): (\S+)$/gm)].map(([, name, from]) => [
      name,
      from,
    ]),
  );
}

const fromImage = Object.fromEntries(TOOLS.map((name) => [name, "image"]));

describe.each([
  "bubblewrap",
  "unshare",
] as const)("--tools image, shut in by %s, with no tool on the host", (keeper) => {
  test.each(["dir", "oci"] as const)("%s", async (source) => {
    using scene = sceneWithTools();
    const reference = source === "dir" ? "dir:image" : `oci:${ociOf(scene.at("image"), scene.at("layout"))}`;
    const path = scene.only(...KEEPERS[keeper]);
    const ran = await scene.run([...BUILD, reference, "-o", "out/x.iso", "--tools", "image", "--verbose"], {
      path,
    });
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(origins(ran.stderr)).toEqual(fromImage);
    expect(ran.stderr).toContain(`/${KEEPERS[keeper][0]} `);
    expect(await scene.leftovers()).toEqual([]);
    // The host has the same versions, and so makes the same ISO.
    await scene.succeed([...BUILD, reference, "-o", "out/host.iso", "--tools", "host"]);
    const [image, host] = ["x", "host"].map((name) => readFileSync(scene.at(`out/${name}.iso`)));
    expect(image!.equals(host!)).toBe(true);
  });
});

describe("--tools auto", () => {
  test("takes grub-mkimage from the image, and the others from the host", async () => {
    using scene = sceneWithTools();
    const ran = await scene.succeed([...BUILD, "dir:image", "-o", "out/x.iso", "--verbose"]);
    expect(origins(ran.stderr)).toEqual({ mksquashfs: "host", "grub-mkimage": "image" });
  });

  test("takes from the image what the host lacks", async () => {
    using scene = sceneWithTools();
    const path = scene.only("bwrap", "mksquashfs");
    const ran = await scene.succeed([...BUILD, "dir:image", "-o", "out/x.iso", "--verbose"], { path });
    expect(origins(ran.stderr)).toEqual({ ...fromImage, mksquashfs: "host" });
  });

  test.each([
    [
      "is a script",
      (image: string) => writeFileSync(join(image, "usr/bin/grub-mkimage"), "#!/bin/sh\nexit 1\n"),
    ],
    ["lacks a library", (image: string) => rmSync(join(image, libraryOf("grub-mkimage", "liblzma")))],
    ["may not be executed", (image: string) => chmodSync(join(image, "usr/bin/grub-mkimage"), 0o644)],
  ])("takes it from the host where the image's %s", async (_, change) => {
    using scene = sceneWithTools(["grub-mkimage"]);
    change(scene.at("image"));
    const ran = await scene.succeed([...BUILD, "dir:image", "-o", "out/x.iso", "--verbose"]);
    expect(origins(ran.stderr)).toMatchObject({ "grub-mkimage": "host" });
  });

  test("without anything that shuts tools in, it says so and how to go on", async () => {
    using scene = sceneWithTools(["grub-mkimage"]);
    const ran = await scene.run([...BUILD, "dir:image", "-o", "out/x.iso"], {
      path: scene.only("mksquashfs"),
    });
    await expectRefusal(scene, ran, {
      exit: 4,
      code: "E_SANDBOX_MISSING",
      says: ["`bwrap`", "`unshare`"],
      hint: ["bubblewrap", "--tools host"],
    });
  });

  const FORBIDDEN = "echo 'bwrap: No permissions to create new namespace' >&2; exit 1";

  test("where shutting in is not allowed, the host's is taken, and the reason shown", async () => {
    using scene = sceneWithTools(["grub-mkimage"]);
    scene.fake("bwrap", FORBIDDEN);
    const ran = await scene.succeed([...BUILD, "dir:image", "-o", "out/x.iso", "--verbose"]);
    expect(origins(ran.stderr)).toMatchObject({ "grub-mkimage": "host" });
    expect(ran.stderr).toMatch(/^warning: .*`grub-mkimage`.*No permissions to create new namespace/m);
  });

  test("where shutting in is not allowed, and the host has none, it is an error", async () => {
    using scene = sceneWithTools(["grub-mkimage"]);
    scene.fake("bwrap", FORBIDDEN);
    const path = scene.only("mksquashfs");
    await expectRefusal(scene, await scene.run([...BUILD, "dir:image", "-o", "out/x.iso"], { path }), {
      exit: 4,
      code: "E_TOOL_VERSION",
      says: ["`grub-mkimage`", "No permissions to create new namespace"],
      hint: ["--tools auto|image|host"],
    });
  });
});

test("--tools host leaves the image's alone", async () => {
  using scene = sceneWithTools();
  const ran = await scene.succeed([...BUILD, "dir:image", "-o", "out/x.iso", "--tools", "host", "--verbose"]);
  expect(origins(ran.stderr)).toEqual({ mksquashfs: "host", "grub-mkimage": "host" });
});

function libraryOf(program: string, library: string): string {
  const told = Bun.spawnSync(["ldd", hostProgram(program)]).stdout.toString();
  return new RegExp(`(/\\S*/${library}\\S*) \\(0x`).exec(told)![1]!;
}
