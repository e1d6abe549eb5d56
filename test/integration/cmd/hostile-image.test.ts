/** Images that are made to lead platter out of them, to hang it, or to slip something in. Needs root, for a device. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { createHash } from "node:crypto";
import { readFileSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { CONFIG, KVER, MODULES, ociOf, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectNoStack, expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const KERNEL = `usr/lib/modules/${KVER}`;
const SECRET = "a secret of the host";

/** A tiny image in which something was replaced, and a file of the host that it must not reach. */
function sceneWith(change: (image: string, secret: string) => void, changes = {}): Scene {
  const scene = new Scene("hostile");
  const image = tinyImage(scene.at("image"), changes);
  change(image, scene.write("secret", SECRET));
  return scene;
}

/** Replaces the entry by a symlink. */
function link(image: string, path: string, target: string): void {
  rmSync(join(image, path), { recursive: true, force: true });
  symlinkSync(target, join(image, path));
}

/** Both as a folder and as a layer. */
const SOURCES = ["dir", "oci"] as const;

function reference(scene: Scene, source: (typeof SOURCES)[number]): string {
  return source === "dir" ? "dir:image" : `oci:${ociOf(scene.at("image"), scene.at("layout"))}`;
}

const build = (scene: Scene, image: string, ...flags: string[]) =>
  scene.run(["build", image, "-o", "out/x.iso", "--work", "work", ...flags]);

/** Nothing that was kept or made holds the secret. */
function expectNothingTaken(scene: Scene): void {
  const found = Bun.spawnSync(["grep", "-rlF", SECRET, scene.at("work"), scene.out], { stderr: "ignore" });
  expect(found.stdout.toString()).toBe("");
}

test.each(
  SOURCES.flatMap((source) => [true, false].map((absolute) => [source, absolute] as const)),
)("%s: a kernel that is a symlink to a file of the host (absolute: %j)", async (source, absolute) => {
  using scene = sceneWith((image, secret) =>
    link(image, `${KERNEL}/vmlinuz`, absolute ? secret : `../../../../..${secret}`),
  );
  await expectRefusal(scene, await build(scene, reference(scene, source)), {
    exit: 3,
    code: "E_KERNEL_MISSING",
    says: ["no `vmlinuz`", "/usr/lib/modules"],
  });
  expectNothingTaken(scene);
});

test("a kernel that is a symlink to /etc/shadow gets the image's own", async () => {
  const { kernel } = tinyPrograms();
  using scene = sceneWith((image) => link(image, `${KERNEL}/vmlinuz`, "/etc/shadow"));
  scene.write("image/etc/shadow", kernel);
  expect((await build(scene, "dir:image")).code).toBe(0);
  expectSameBytes(readFileSync(scene.at("work/image/vmlinuz")), kernel);
});

test.each(SOURCES)("%s: /usr/lib/modules is a symlink that climbs above the root", async (source) => {
  using scene = sceneWith((image) => link(image, "usr/lib/modules", "../../../../"));
  scene.write(`image/${KVER}/initramfs.img`, "x");
  await expectRefusal(scene, await build(scene, reference(scene, source)), {
    exit: 3,
    code: "E_KERNEL_MISSING",
    says: ["`/usr/lib/modules`"],
  });
});

test("a kernel found by climbing above the root is the image's", async () => {
  using scene = sceneWith((image) => link(image, "usr/lib/modules", "../../../../../../kernels"));
  const { kernel } = tinyPrograms();
  scene.write(`image/kernels/${KVER}/vmlinuz`, kernel);
  scene.write(`image/kernels/${KVER}/initramfs.img`, "x");
  scene.write(`kernels/${KVER}/vmlinuz`, SECRET);
  expect((await build(scene, "dir:image")).code).toBe(0);
  expectSameBytes(readFileSync(scene.at("work/image/vmlinuz")), kernel);
  expectNothingTaken(scene);
});

test.each([
  ["shim", SHIM, "E_SHIM_MISSING"],
  ["a BIOS module", `${MODULES}/iso9660.mod`, "E_BIOS_MODULES_MISSING"],
  ["the folder of EFI binaries", "boot/efi/EFI/tiny", "E_VENDOR_MISSING"],
])("%s is a symlink to the host", async (_, path, code) => {
  using scene = sceneWith((image, secret) => link(image, path, secret));
  await expectRefusal(scene, await build(scene, "dir:image"), { exit: 3, code, says: [] });
  expectNothingTaken(scene);
});

test("iso.yaml and os-release are symlinks to the host: as if they were not there", async () => {
  using scene = sceneWith((image) => {
    link(image, CONFIG, join(image, "../label.yaml"));
    link(image, "etc/os-release", join(image, "../os-release"));
  });
  scene.write("label.yaml", "label: STOLEN\n");
  scene.write("os-release", `NAME="${SECRET}"\n`);
  const ran = await build(scene, "dir:image");
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  expect(ran.stderr).toContain("Container-Installer-x86_64");
  expectNothingTaken(scene);
});

test.each([
  ["a FIFO", ["mkfifo"], []],
  ["a device", ["mknod"], ["c", "1", "5"]],
] as const)("the initramfs is %s: it is not waited for", async (_, [make], numbers) => {
  using scene = sceneWith((image) => {
    const path = join(image, KERNEL, "initramfs.img");
    rmSync(path);
    expect(Bun.spawnSync([make, path, ...numbers]).exitCode).toBe(0);
  });
  const ran = await build(scene, "dir:image");
  await expectRefusal(scene, ran, { exit: 3, code: "E_INITRAMFS_MISSING", says: [`\`/${KERNEL}\``] });
});

test("FIFOs, devices and endless symlinks everywhere do not stop anything else", async () => {
  using scene = sceneWith((image) => {
    for (const path of ["etc/os-release", CONFIG]) {
      rmSync(join(image, path));
      expect(Bun.spawnSync(["mkfifo", join(image, path)]).exitCode).toBe(0);
    }
    symlinkSync("loop", join(image, "usr/loop"));
    symlinkSync("..", join(image, "usr/up"));
    expect(Bun.spawnSync(["mknod", join(image, "usr/zero"), "c", "1", "5"]).exitCode).toBe(0);
  });
  const ran = await build(scene, "dir:image");
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
});

test.each(["etc/os-release", CONFIG])("%s of two megabytes is refused unread", async (path) => {
  using scene = sceneWith(() => undefined, { with: { [path]: "#".repeat(2 * 2 ** 20) } });
  await expectRefusal(scene, await build(scene, "dir:image"), {
    exit: 3,
    code: "E_TEXT_TOO_LARGE",
    says: [`\`/${path}\``, "2097152 bytes"],
    hint: ["Check the content of the file"],
  });
});

test("module files with odd names stay off the ISO, and cannot become graft points or options", async () => {
  const odd = ["a=b.mod", "a\\b.mod", "a\nb.mod", "a b.mod", "-c.mod", "ä.mod", "x.mod\n", ".hidden.mod"];
  using scene = sceneWith(() => undefined, {
    with: Object.fromEntries(odd.map((name) => [`${MODULES}/${name}`, "odd"])),
  });
  const ran = await build(scene, "dir:image");
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  const listed = Bun.spawnSync(["xorriso", "-indev", "out/x.iso", "-find", "/boot/grub2/i386-pc"], {
    cwd: scene.path,
  }).stdout.toString();
  const names = listed
    .trim()
    .split("\n")
    .map((line) => line.replace(/^.*\/|'$/g, ""));
  expect(names).toContain("iso9660.mod");
  expect(names.filter((name) => !/^(?:[\w-]+\.(?:mod|lst)|i386-pc)$/.test(name))).toEqual([]);
});

test("kernels and vendors with odd names are no candidates", async () => {
  const odd = ["../x", "a b", "a\nb", "$(reboot)", "'"].filter((name) => !name.includes("/"));
  using scene = sceneWith(() => undefined, {
    with: Object.fromEntries(
      odd.flatMap((name) => [
        [`usr/lib/modules/${name}/vmlinuz`, "odd"],
        [`usr/lib/modules/${name}/initramfs.img`, "odd"],
        [`boot/efi/EFI/${name}/shimx64.efi`, "odd"],
        [`boot/efi/EFI/${name}/gcdx64.efi`, "odd"],
      ]),
    ),
  });
  const ran = await build(scene, "dir:image");
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
  expect(ran.stderr).toContain(`  kernel  ${KVER}\n`);
  expect(ran.stderr).not.toMatch(/F_KERNEL_SEVERAL|F_VENDOR_SEVERAL/);
});

test("names and texts of the image reach the terminal without control characters", async () => {
  using scene = sceneWith(() => undefined, {
    with: {
      "etc/os-release": 'NAME="evil\u001b[2J\u009b31m"\nVERSION_ID="1\u0007"\n',
      [CONFIG]: "lab\u0085el: X\nla\\u001b[2Jbel: Y\n",
      "usr/lib/efi/shim/1\u001b[2J/EFI/tiny/shimx64.efi": "x",
    },
    without: [SHIM],
  });
  for (const args of [
    ["inspect", "dir:image"],
    ["build", "dir:image", "-o", "out/x.iso"],
  ]) {
    const ran = await scene.run(args);
    expectNoStack(ran.stderr);
    expect(`${ran.stdout}${ran.stderr}`).not.toMatch(/[\x00-\x09\x0b-\x1f\x7f-\x9f]/);
  }
});

test("a work directory and an output with names that mean something to a shell or a tool", async () => {
  using scene = sceneWith(() => undefined);
  const digests = new Set<string>();
  for (const name of ["a=b", "c\\d", "--e f'g", "[j]*ü"]) {
    scene.folder(`folder/${name}`);
    const iso = `folder/${name}/x.iso`;
    await scene.succeed(["build", "dir:image", "-o", iso, "--work", `folder/${name}/work`]);
    digests.add(
      createHash("sha256")
        .update(readFileSync(scene.at(iso)))
        .digest("hex"),
    );
  }
  expect(digests.size).toBe(1);
});
