/** The stage table: each stage alone, one after the other by hand, and what is done again when something changes. */
import { describe, expect, setDefaultTimeout, test } from "bun:test";
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { parsePlan } from "../../../internal/contract/plan/plan.ts";
import { planSchema } from "../../../internal/contract/plan/plan-schema.ts";
import { tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { smallLive } from "../../helpers/images/small-live.ts";
import {
  CONFIG,
  GCD,
  KVER,
  MM,
  MODULES,
  OCI_CREATED,
  ociOf,
  SHIM,
  tinyImage,
} from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, type Ran, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

function sceneWithImage(changes = {}): Scene {
  const scene = new Scene("stages");
  tinyImage(scene.at("image"), changes);
  return scene;
}

const bytesOf = (scene: Scene, name: string) => readFileSync(scene.at(name));

/** Stages that ran, and those that were skipped, by what the user sees. A run with an image always inspects it. */
function told({ stderr }: Ran): { done: string[]; unchanged: string[] } {
  const names = (pattern: RegExp) => [...stderr.matchAll(pattern)].map(([, name]) => name!).sort();
  return {
    done: names(/([\w-]+) +done: /gm).filter((name) => name !== "inspect"),
    unchanged: names(/([\w-]+) +skipped: unchanged$/gm),
  };
}

const ALL = ["assemble", "bios-image", "efi-image", "render-grub", "squash"];

describe("the small live image", () => {
  test("build, and the stages by hand, give the same ISO, which the real tools accept", async () => {
    using scene = new Scene("stages");
    const { oci } = smallLive();
    await scene.succeed(["build", `oci:${oci}`, "-o", "out/build.iso"]);
    const stages = [
      ["inspect", `oci:${oci}`],
      ["render-grub"],
      ["squash"],
      ["bios-image"],
      ["efi-image"],
      ["assemble", "-o", "out/hand.iso"],
    ];
    for (const [name, ...args] of stages) await scene.succeed([name!, ...args, "--work", "work"]);
    expect(bytesOf(scene, "out/hand.iso").equals(bytesOf(scene, "out/build.iso"))).toBe(false);
    const { stdout } = await scene.succeed(["implant", "out/hand.iso"]);
    expect(stdout).toMatch(/^[0-9a-f]{32}\n$/);
    expectSameBytes(bytesOf(scene, "out/hand.iso"), bytesOf(scene, "out/build.iso"));
    await scene.succeed(["implant", "--check", "out/build.iso"]);
    const judged = Bun.spawnSync(["xorriso", "-indev", "out/build.iso", "-pvd_info"], { cwd: scene.path });
    expect(judged.stdout.toString()).toMatch(/^Volume Id +: PLATTER_LIVE$/m);
    const squashfs = Bun.spawnSync(["unsquashfs", "-s", "work/squashfs.img"], { cwd: scene.path });
    expect(squashfs.stdout.toString()).toContain("Compression zstd");
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("with --work", () => {
  test("nothing is done twice, and each change redoes only what depends on it", async () => {
    using scene = sceneWithImage();
    const build = (...flags: string[]) =>
      scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--work", "work", ...flags]).then(told);
    expect(await build()).toEqual({ done: ALL, unchanged: [] });
    const first = bytesOf(scene, "out/x.iso");
    expect(await build()).toEqual({ done: [], unchanged: ALL });
    expect(await build("--force")).toEqual({ done: ALL, unchanged: [] });
    expectSameBytes(bytesOf(scene, "out/x.iso"), first);
    // A label is on the menus and the ISO, and gives the build another identity; the root file system stays.
    expect(await build("--label", "OTHER")).toEqual({
      done: ["assemble", "efi-image", "render-grub"],
      unchanged: ["bios-image", "squash"],
    });
    expect(bytesOf(scene, "out/x.iso").equals(first)).toBe(false);
    expect(await build("--karg=-quiet", "--karg", "nomodeset")).toEqual({
      done: ["assemble", "efi-image", "render-grub"],
      unchanged: ["bios-image", "squash"],
    });
    const plan = JSON.parse(bytesOf(scene, "work/plan.json").toString());
    expect(plan.menu.entries[0].kernelArgs.join(" ")).toBe(
      "root=live:CDLABEL=TINY rd.live.image rhgb enforcing=0 nomodeset",
    );
    scene.write("my.yaml", "label: TINY\ngrub2:\n  timeout: 3\n");
    expect((await build("--config", "my.yaml")).unchanged).toEqual(["bios-image", "squash"]);
    expect((await build("--config", "my.yaml", "--compression", "fast")).done).toEqual([
      "assemble",
      "squash",
    ]);
    expect((await build("--config", "my.yaml", "--compression", "fast", "--strict-gpt")).done).toEqual([
      "assemble",
    ]);
    expect((await build("--exclude", "usr/share/doc")).done).toEqual([
      "assemble",
      "efi-image",
      "render-grub",
      "squash",
    ]);
    // Back again: the bytes of the first time.
    expect((await build()).done).toEqual(["assemble", "efi-image", "render-grub", "squash"]);
    expectSameBytes(bytesOf(scene, "out/x.iso"), first);
  });

  test("an artifact or an ISO with changed bytes is made again, one with only a new time is not", async () => {
    using scene = sceneWithImage();
    const build = () => scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--work", "work"]).then(told);
    await build();
    const iso = bytesOf(scene, "out/x.iso");
    writeFileSync(scene.at("work/eltorito.img"), "something else");
    expect((await build()).done).toEqual(["bios-image"]);
    expect(Bun.spawnSync(["touch", scene.at("work/squashfs.img"), scene.at("out/x.iso")]).exitCode).toBe(0);
    expect((await build()).done).toEqual([]);
    rmSync(scene.at("out/x.iso"));
    expect((await build()).done).toEqual(["assemble"]);
    writeFileSync(scene.at("work/stages/squash.json"), "{ not json");
    expect((await build()).done).toEqual(["squash"]);
    expectSameBytes(bytesOf(scene, "out/x.iso"), iso);
  });

  test("a change in the image is seen", async () => {
    using scene = sceneWithImage();
    const build = () => scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--work", "work"]).then(told);
    await build();
    scene.write("image/usr/share/new", "new");
    expect((await build()).unchanged).toEqual(["bios-image"]);
    rmSync(scene.at(`image/${MODULES}/net.mod`), { force: true });
    expect((await build()).done).toContain("bios-image");
  });

  test("an image that changed after the plan is not squashed", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    scene.write("image/usr/share/new", "new");
    await expectRefusal(scene, await scene.run(["squash", "--work", "work"]), {
      exit: 2,
      code: "E_IMAGE_CHANGED",
      says: ["it changed after its plan was made"],
      hint: ["platter inspect"],
    });
  });

  test("receipts name what went in and came out, and the tools", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--work", "work"]);
    expect(readdirSync(scene.at("work/stages")).sort()).toEqual(ALL.map((name) => `${name}.json`));
    const receipt = JSON.parse(readFileSync(scene.at("work/stages/squash.json"), "utf8"));
    expect(receipt).toMatchObject({
      version: 2,
      stage: "squash",
      tools: [],
      outputs: [{ path: scene.at("work/squashfs.img"), sha256: expect.stringMatching(/^[0-9a-f]{64}$/) }],
    });
    expect(Object.keys(receipt.inputs).sort()).toEqual([
      "excludes",
      "image",
      "options",
      "payloads",
      "time",
      "tree",
    ]);
    for (const name of ALL)
      expect(JSON.parse(readFileSync(scene.at(`work/stages/${name}.json`), "utf8")).tools).toEqual([]);
  });
});

describe("a stage without its forerunner names the one to run first", () => {
  test.each([
    [["render-grub"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
    [["squash"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
    [["bios-image"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
    [["efi-image"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
    [["assemble", "-o", "out/x.iso"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
    [["build", "-o", "out/x.iso"], "E_NO_IMAGE", "has no plan", "`platter inspect`"],
  ])("%j", async (args, code, says, hint) => {
    using scene = new Scene("stages");
    await expectRefusal(scene, await scene.run([...args, "--work", "work"]), {
      exit: 2,
      code,
      says: [says, scene.at("work")],
      hint: [hint],
    });
  });

  test("assemble, as each stage before it is made up for", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    const missing: string[] = [];
    for (let i = 0; i < 10; i++) {
      const ran = await scene.run(["assemble", "--work", "work", "-o", "out/x.iso"]);
      if (ran.code === 0) break;
      await expectRefusal(scene, ran, {
        exit: 2,
        code: "E_STAGE_MISSING",
        says: ["Cannot run `assemble`: `"],
        hint: ["Run `platter ", `--work ${scene.at("work")}\` first`],
      });
      const [, stage] = /Run `platter ([\w-]+) /.exec(ran.stderr)!;
      missing.push(stage!);
      await scene.succeed([stage!, "--work", "work"]);
    }
    expect(missing.sort()).toEqual(["bios-image", "efi-image", "render-grub", "squash"]);
    expect(existsSync(scene.at("out/x.iso"))).toBe(true);
  });

  test("implant without an ISO", async () => {
    using scene = new Scene("stages");
    const ran = await scene.run(["implant", "out/x.iso"]);
    await expectRefusal(scene, ran, { exit: 5, code: "E_ISO_OPEN", says: ["out/x.iso"] });
  });

  test("a plan that is gone with the image it was made of leaves no stage to run on it", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    rmSync(scene.at(`image/${SHIM}`));
    expect((await scene.run(["inspect", "dir:image", "--work", "work"])).code).toBe(3);
    await expectRefusal(scene, await scene.run(["efi-image", "--work", "work"]), {
      exit: 2,
      code: "E_NO_IMAGE",
      says: ["has no plan"],
    });
  });

  test.each([
    ["text that is not JSON", "{", "it is not JSON"],
    ["a plan of a later version", '{"version": 99}', "it has version 99, and this platter reads version 2"],
    ["something else", '{"version": 2, "image": 3}', "it is not a plan (image"],
  ])("%s in the place of the plan", async (_, text, says) => {
    using scene = new Scene("stages");
    scene.folder("work/stages");
    scene.write("work/plan.json", text);
    await expectRefusal(scene, await scene.run(["efi-image", "--work", "work"]), {
      exit: 2,
      code: "E_PLAN",
      says: ["plan.json`: ", says],
      hint: ["platter inspect IMAGE --work DIR"],
    });
  });

  test("a piece that is gone from the work directory", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    rmSync(scene.at("work/image/grub.efi"));
    await expectRefusal(scene, await scene.run(["efi-image", "--work", "work"]), {
      exit: 2,
      code: "E_PIECE_CHANGED",
      says: ["work/image/grub.efi`", "no such file"],
      hint: ["platter inspect"],
    });
  });
});

describe("build --from and --to", () => {
  test("go on where the last run ended, and give the same ISO", async () => {
    using scene = sceneWithImage();
    const work = ["--work", "work"];
    await scene.succeed(["build", "dir:image", "-o", "out/whole.iso"]);
    expect(told(await scene.succeed(["build", "dir:image", "--to", "inspect", ...work]))).toEqual({
      done: [],
      unchanged: [],
    });
    parsePlan(readFileSync(scene.at("work/plan.json"), "utf8"), "plan.json");
    const squash = told(await scene.succeed(["build", "--from", "render-grub", "--to", "squash", ...work]));
    expect(squash.done).toEqual(["render-grub", "squash"]);
    const images = told(await scene.succeed(["build", "--from", "bios-image", "--to", "efi-image", ...work]));
    expect(images.done).toEqual(["bios-image", "efi-image"]);
    const iso = ["-o", "out/parts.iso", ...work];
    expect(
      told(await scene.succeed(["build", "--from", "assemble", "--to", "assemble", ...iso])).done,
    ).toEqual(["assemble"]);
    expect((await scene.run(["implant", "--check", "out/parts.iso"])).code).toBe(6);
    expect(told(await scene.succeed(["build", "--from", "implant", ...iso])).done).toEqual(["implant"]);
    expectSameBytes(bytesOf(scene, "out/parts.iso"), bytesOf(scene, "out/whole.iso"));
    await scene.succeed(["build", "--from", "assemble", "-o", "out/again.iso", ...work]);
    expectSameBytes(bytesOf(scene, "out/again.iso"), bytesOf(scene, "out/whole.iso"));
  });

  test("--from assemble without the stages before it", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    const ran = await scene.run(["build", "--from", "assemble", "-o", "out/x.iso", "--work", "work"]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_STAGE_MISSING",
      says: ["Cannot run `assemble`"],
      hint: ["first"],
    });
  });
});

describe("a stage runs alone", () => {
  const kernel = `usr/lib/modules/${KVER}`;

  test("squash: on an image without kernel, boot loaders and configuration that can be read", async () => {
    using scene = sceneWithImage({ without: [kernel, "boot/efi", MODULES], with: { [CONFIG]: "label: [" } });
    const ran = await scene.succeed(["squash", "dir:image", "-o", "out/squashfs.img"]);
    expect(ran.stderr).not.toMatch(/warning|error/);
    const listing = Bun.spawnSync(["unsquashfs", "-ls", scene.at("out/squashfs.img")]).stdout.toString();
    expect(listing).toContain("squashfs-root/usr/share/doc/readme");
    expect(readdirSync(scene.out)).toEqual(["squashfs.img"]);
    expect(await scene.leftovers()).toEqual([]);
  });

  test("squash: what it does need is asked for", async () => {
    using scene = new Scene("stages");
    scene.folder("image");
    await expectRefusal(scene, await scene.run(["squash", "dir:image", "-o", "out/squashfs.img"]), {
      exit: 3,
      code: "E_NO_USR",
      says: ["no `/usr`"],
    });
  });

  test("bios-image: with nothing but the modules", async () => {
    using scene = sceneWithImage({ without: [kernel, "boot/efi", CONFIG] });
    const ran = await scene.succeed(["bios-image", "dir:image", "-o", "out/eltorito.img"]);
    expect(ran.stderr).not.toMatch(/warning|error/);
    await scene.succeed(["bios-image", "--modules", `image/${MODULES}`, "-o", "out/modules.img"]);
    expectSameBytes(bytesOf(scene, "out/eltorito.img"), bytesOf(scene, "out/modules.img"));
    rmSync(scene.at(`image/${MODULES}`), { recursive: true });
    await expectRefusal(scene, await scene.run(["bios-image", "dir:image", "-o", "out/none.img"]), {
      exit: 3,
      code: "E_BIOS_MODULES_MISSING",
      says: ["i386-pc"],
    });
  });

  test("bios-image: is refused without BIOS", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["inspect", "dir:image", "--no-bios", "--work", "work"]);
    await expectRefusal(scene, await scene.run(["bios-image", "--work", "work", "-o", "out/x.img"]), {
      exit: 2,
      code: "E_NO_BIOS",
      says: ["UEFI-only ISO"],
      hint: ["--no-bios"],
    });
    const menu = await scene.run(["render-grub", "dir:image", "--firmware", "bios", "--no-bios"]);
    await expectRefusal(scene, menu, { exit: 2, code: "E_NO_BIOS", says: ["UEFI-only ISO"] });
  });

  test("bios-image: --modules that is not a folder of modules", async () => {
    using scene = new Scene("stages");
    await expectRefusal(scene, await scene.run(["bios-image", "--modules", "nowhere", "-o", "out/x.img"]), {
      exit: 3,
      code: "E_GRUB_MODULES",
      says: ["Cannot make GRUB's core image from `nowhere`: the folder does not exist"],
      hint: ["--no-bios"],
    });
  });

  test("efi-image: without kernel and modules, but not without its own pieces", async () => {
    using scene = sceneWithImage({ without: [kernel, MODULES] });
    const ran = await scene.succeed(["efi-image", "dir:image", "-o", "out/efiboot.img"]);
    expect(ran.stderr).not.toMatch(/warning|error/);
    const listing = Bun.spawnSync(["mdir", "-/", "-b", "-i", scene.at("out/efiboot.img")]).stdout.toString();
    expect(listing.toUpperCase()).toContain("/EFI/BOOT/BOOTX64.EFI");
    rmSync(scene.at(`image/${GCD}`));
    await expectRefusal(scene, await scene.run(["efi-image", "dir:image", "-o", "out/none.img"]), {
      exit: 3,
      code: "E_GCD_MISSING",
      says: ["gcdx64.efi"],
    });
    scene.write(`image/${GCD}`, tinyPrograms().gcd);
    scene.write(`image/${CONFIG}`, "label: [");
    await expectRefusal(scene, await scene.run(["efi-image", "dir:image", "-o", "out/none.img"]), {
      exit: 3,
      code: "E_ISO_YAML_SYNTAX",
      says: [CONFIG],
    });
  });

  test("efi-image --efi-dir: the same bytes from the same folder", async () => {
    using scene = new Scene("stages");
    mkdirSync(scene.at("esp/EFI/BOOT"), { recursive: true });
    for (const name of ["BOOTX64.EFI", "grubx64.efi", "grub.cfg"]) scene.write(`esp/EFI/BOOT/${name}`, name);
    const env = { SOURCE_DATE_EPOCH: "1700000000" };
    for (const name of ["one", "two"]) {
      await scene.succeed(["efi-image", "--efi-dir", "esp", "-o", `out/${name}.img`], { env });
    }
    expectSameBytes(bytesOf(scene, "out/one.img"), bytesOf(scene, "out/two.img"));
    expect(
      Bun.spawnSync(["mtype", "-i", scene.at("out/one.img"), "::/EFI/BOOT/grub.cfg"]).stdout.toString(),
    ).toBe("grub.cfg");
    scene.folder("other");
    await expectRefusal(scene, await scene.run(["efi-image", "--efi-dir", "other", "-o", "out/x.img"]), {
      exit: 2,
      code: "E_EFI_DIR",
      says: ["EFI/BOOT/BOOT*.EFI"],
    });
    await expectRefusal(scene, await scene.run(["efi-image", "--efi-dir", "nowhere", "-o", "out/x.img"]), {
      exit: 5,
      code: "E_INPUT",
      says: ["nowhere", "--efi-dir", "no such file"],
    });
  });

  test("render-grub: from texts alone, without any image", async () => {
    using scene = new Scene("stages");
    scene.write(
      "my.yaml",
      'grub2:\n  timeout: "5"\n  entries:\n    - name: Try $product $version\n      linux: $kernelpath $root\n      initrd: $initrdpath\n',
    );
    scene.write("os-release", 'NAME="Some Linux"\nVERSION_ID=9\n');
    const texts = ["--config", "my.yaml", "--os-release", "os-release", "--label", "MY_OS"];
    const efi = await scene.succeed(["render-grub", ...texts]);
    expect(efi.stdout).toContain("menuentry 'Try Some Linux 9' {");
    expect(efi.stdout).toContain("root=live:CDLABEL=MY_OS");
    expect(efi.stdout).toContain("set timeout=5");
    const changed = await scene.succeed(["render-grub", ...texts, "--karg", "-quiet", "--karg=a='b c'"]);
    expect(changed.stdout).toContain("root=live:CDLABEL=MY_OS rd.live.image rhgb enforcing=0 'a=b c'");
    const bios = await scene.succeed(["render-grub", ...texts, "--firmware", "bios"]);
    expect(bios.stdout).not.toBe(efi.stdout);
    await scene.succeed(["render-grub", ...texts, "-o", "out"]);
    expect(readdirSync(scene.out).sort()).toEqual(["grub-bios.cfg", "grub-efi.cfg"]);
    expect(bytesOf(scene, "out/grub-efi.cfg").toString()).toBe(efi.stdout);
    expect(bytesOf(scene, "out/grub-bios.cfg").toString()).toBe(bios.stdout);
    for (const name of ["grub-bios.cfg", "grub-efi.cfg"])
      expect(Bun.spawnSync(["grub-script-check", scene.at(`out/${name}`)]).exitCode).toBe(0);
    await expectRefusal(scene, await scene.run(["render-grub", ...texts, "--label", "a b"]), {
      exit: 2,
      code: "E_LABEL",
      says: ["a space"],
    });
  });

  test.each([
    ["--arch", "arm64"],
    ["--platform", "linux/arm64"],
  ])("render-grub: from texts alone, for another architecture: %s %s", async (option, architecture) => {
    using scene = new Scene("stages");
    scene.write("os-release", 'NAME="Some Linux"\n');
    const menu = ["render-grub", "--os-release", "os-release", option];
    const other = await scene.succeed([...menu, architecture]);
    expect(other.stdout).toContain("root=live:CDLABEL=Container-Installer-aarch64");
    const x86 = await scene.succeed([...menu, option === "--arch" ? "x86_64" : "linux/amd64"]);
    expect(x86.stdout).toContain("root=live:CDLABEL=Container-Installer-x86_64");
    await scene.succeed([...menu, architecture, "-o", "out"]);
    expect(readdirSync(scene.out)).toEqual(["grub-efi.cfg"]);
    const bios = await scene.run([...menu, architecture, "--firmware", "bios"]);
    expect(bios.code).toBe(2);
    expect(bios.stderr).toContain("[E_NO_BIOS]");
  });

  test("render-grub: the menu that lands on the ISO", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["build", "dir:image", "-o", "out/x.iso"]);
    const { stdout } = await scene.succeed(["render-grub", "dir:image"]);
    const extract = ["-osirrox", "on", "-indev", "out/x.iso", "-extract", "/EFI/BOOT/grub.cfg", "grub.cfg"];
    expect(Bun.spawnSync(["xorriso", ...extract], { cwd: scene.path }).exitCode).toBe(0);
    expect(bytesOf(scene, "grub.cfg").toString()).toBe(stdout);
  });

  test("build --from implant: an ISO that is missing, or has a checksum, and the command for it", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["build", "dir:image", "-o", "x.iso", "--work", "w"]);
    const again = (name: string) => scene.run(["build", "--work", "w", "--from", "implant", "-o", name]);
    const missing = await again("new.iso");
    const make = `platter build --work ${scene.at("w")} -o ${scene.at("new.iso")}`;
    await expectRefusal(scene, missing, {
      exit: 2,
      code: "E_STAGE_MISSING",
      says: ["new.iso"],
      hint: [make],
    });
    await scene.succeed(make.split(" ").slice(1));
    const check = `platter implant --check ${scene.at("x.iso")}`;
    await expectRefusal(scene, await again("x.iso"), {
      exit: 2,
      code: "E_ISOMD5_PRESENT",
      says: ["x.iso"],
      hint: [check],
    });
    await scene.succeed(check.split(" ").slice(1));
  });

  test("implant: keeps what is there, replaces it with --force, and finds a changed byte", async () => {
    using scene = sceneWithImage();
    await scene.succeed(["build", "dir:image", "-o", "x.iso"]);
    const iso = bytesOf(scene, "x.iso");
    await expectRefusal(scene, await scene.run(["implant", "x.iso"]), {
      exit: 2,
      code: "E_ISOMD5_PRESENT",
      says: ["already has a checksum there"],
      hint: ["`platter implant --check x.iso`", "`platter implant --force x.iso`"],
    });
    await scene.succeed(["implant", "x.iso", "--force"]);
    expectSameBytes(bytesOf(scene, "x.iso"), iso);
    const damaged = Buffer.from(iso);
    damaged[damaged.length - 400_000]! ^= 1;
    writeFileSync(scene.at("x.iso"), damaged);
    await expectRefusal(scene, await scene.run(["implant", "x.iso", "--check"]), {
      exit: 6,
      code: "E_ISOMD5",
      says: ["x.iso"],
      hint: ["--force"],
    });
    writeFileSync(scene.at("x.iso"), iso.subarray(0, iso.length / 2));
    const cut = await scene.run(["implant", "x.iso", "--check"]);
    expect(cut.code).toBe(6);
    expect(cut.stderr).toContain("the ISO is cut off");
    expect(cut.stderr).toEndWith("\n  hint:  Make or download the ISO again.\n");
    copyFileSync(scene.at(`image/${CONFIG}`), scene.at("text.iso"));
    await expectRefusal(scene, await scene.run(["implant", "text.iso"]), {
      exit: 6,
      code: "E_ISO_NO_VOLUME",
      says: ["it is not an ISO"],
    });
  });

  test("inspect --json: a plan that its schema takes, also without one", async () => {
    using scene = sceneWithImage({ without: [MM] });
    const { stdout, stderr } = await scene.succeed(["inspect", "dir:image", "--json"]);
    const { reference, plan, findings } = JSON.parse(stdout);
    expect(stderr).toBe("");
    expect(reference).toBe(`dir:${scene.at("image")}`);
    expect(planSchema.parse(plan)).toEqual(plan);
    expect(findings).toEqual(plan.findings);
    expect(findings).toMatchObject([{ code: "F_MM_MISSING", severity: "warning" }]);
    rmSync(scene.at(`image/${SHIM}`));
    const broken = await scene.run(["inspect", "dir:image", "--json"]);
    expect(broken.code).toBe(3);
    expect(JSON.parse(broken.stdout)).toMatchObject({
      plan: null,
      findings: [{ code: "F_SHIM_MISSING" }, { code: "F_MM_MISSING" }],
    });
  });
});

test("the same ISO from a folder and from a layer of it", async () => {
  using scene = sceneWithImage();
  // No layer says what the root is: an image's root has the image's time, and the mode that podman gives it.
  Bun.spawnSync(["chmod", "555", scene.at("image")]);
  Bun.spawnSync(["touch", "-d", OCI_CREATED, scene.at("image")]);
  const layout = ociOf(scene.at("image"), scene.at("layout"));
  const env = { SOURCE_DATE_EPOCH: "1700000000" };
  for (const [name, reference] of [
    ["one", "dir:image"],
    ["two", "dir:image"],
    ["three", `oci:${layout}`],
  ] as const) {
    await scene.succeed(["build", reference, "-o", `out/${name}.iso`], { env });
  }
  expectSameBytes(bytesOf(scene, "out/one.iso"), bytesOf(scene, "out/two.iso"));
  expectSameBytes(bytesOf(scene, "out/one.iso"), bytesOf(scene, "out/three.iso"));
});
