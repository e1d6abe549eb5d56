/** What the binary says about an image that breaks the contract, clause by clause. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { chownSync, readFileSync, rmSync } from "node:fs";
import { GCD_MODULES, GRUB_SBAT, tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { efiProgram } from "../../helpers/efi-program.ts";
import { CONFIG, FONT, GCD, KVER, MM, MODULES, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectNoStack, expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

/** The kernel arguments of an iso.yaml that sets none. */
const ROOT = "root=live:CDLABEL=TINY rd.live.image quiet rhgb enforcing=0";

let scene: Scene;
beforeEach(() => {
  scene = new Scene("contract");
});
afterEach(() => scene[Symbol.dispose]());

const kernelFile = (kver: string, name: string) => `usr/lib/modules/${kver}/${name}`;

async function build(changes: Parameters<typeof tinyImage>[1], ...flags: string[]) {
  const image = tinyImage(scene.at("image"), changes);
  return scene.run(["build", `dir:${image}`, "-o", "out/x.iso", ...flags]);
}

describe("a missing piece", () => {
  test("kernel", async () => {
    await expectRefusal(scene, await build({ without: [kernelFile(KVER, "vmlinuz")] }), {
      exit: 3,
      code: "E_KERNEL_MISSING",
      says: ["`vmlinuz`", "`/usr/lib/modules`"],
      hint: ["Install a kernel", "/usr/lib/modules/KVER/vmlinuz"],
    });
  });

  test("initramfs: the directory and the dracut call are named", async () => {
    await expectRefusal(scene, await build({ without: [kernelFile(KVER, "initramfs.img")] }), {
      exit: 3,
      code: "E_INITRAMFS_MISSING",
      says: ["`initramfs.img`", `\`/usr/lib/modules/${KVER}\``],
      hint: ["dracut --no-hostonly --add dmsquash-live", `/usr/lib/modules/${KVER}/initramfs.img`],
    });
  });

  test("vendor", async () => {
    await expectRefusal(scene, await build({ without: ["boot/efi/EFI/tiny"] }), {
      exit: 3,
      code: "E_VENDOR_MISSING",
      says: ["`/usr/lib/efi/shim/*/EFI`", "`/boot/efi/EFI`"],
      hint: ["`shim-x64`", "`shim-signed`"],
    });
  });

  test("shim: every place that was looked in is named", async () => {
    await expectRefusal(scene, await build({ without: [SHIM] }), {
      exit: 3,
      code: "E_SHIM_MISSING",
      says: ["`shimx64.efi`", `\`/${SHIM}\``, "`/usr/lib/shim/shimx64.efi.signed`"],
      hint: ["`shim-x64`", "`shim-signed`"],
    });
  });

  test("gcd, with grubx64 in its place", async () => {
    const grub = "boot/efi/EFI/tiny/grubx64.efi";
    await expectRefusal(scene, await build({ without: [GCD], with: { [grub]: "grub" } }), {
      exit: 3,
      code: "E_GCD_MISSING",
      says: ["`gcdx64.efi`", `\`/${grub}\` exists`, "optical media"],
      hint: ["`grub2-efi-x64-cdboot`", "`grub-efi-amd64-signed`"],
    });
  });

  test("BIOS modules", async () => {
    await expectRefusal(scene, await build({ without: [MODULES] }), {
      exit: 3,
      code: "E_BIOS_MODULES_MISSING",
      says: [`\`/${MODULES}\``],
      hint: ["`grub2-pc-modules`", "`grub-pc-bin`", "`--no-bios`"],
    });
  });

  test("one BIOS module of those that are needed", async () => {
    await expectRefusal(scene, await build({ without: [`${MODULES}/cdboot.img`] }), {
      exit: 3,
      code: "E_BIOS_MODULES_MISSING",
      says: [`\`/${MODULES}\` lacks \`cdboot.img\``],
    });
  });

  test("several pieces are reported together, each with what to do", async () => {
    const without = [kernelFile(KVER, "vmlinuz"), SHIM, MODULES];
    await expectRefusal(scene, await build({ without }), {
      exit: 3,
      code: "E_CONTRACT",
      says: ["in 3 ways", "F_KERNEL_MISSING", "F_SHIM_MISSING", "F_BIOS_MODULES_MISSING"],
      hint: ["Install a kernel", "Install `shim-x64`", "Install `grub2-pc-modules`"],
    });
  });

  test("everything: a folder that is not a root file system", async () => {
    const empty = scene.folder("empty");
    await expectRefusal(scene, await scene.run(["build", `dir:${empty}`, "-o", "out/x.iso"]), {
      exit: 3,
      code: "E_CONTRACT",
      says: ["F_NO_USR", "F_KERNEL_MISSING", "F_VENDOR_MISSING", "F_BIOS_MODULES_MISSING"],
    });
  });

  test("BIOS modules, with --no-bios: the ISO boots on UEFI alone", async () => {
    const ran = await build({ without: [MODULES] }, "--no-bios");
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^ {2}boots +BIOS ✗ the ISO has no boot code for BIOS\n +UEFI ✓/m);
    const report = Bun.spawnSync(
      ["xorriso", "-indev", "out/x.iso", "-report_el_torito", "plain", "-find", "/"],
      { cwd: scene.path },
    );
    const told = report.stdout.toString();
    expect(told).toMatch(/^El Torito boot img : +1 +UEFI/m);
    expect(told).not.toMatch(/^El Torito boot img : +\d+ +BIOS/m);
    expect(told).toContain("'/EFI/BOOT/BOOTX64.EFI'");
    expect(told).not.toContain("i386-pc");
    expect(told).not.toContain("eltorito.img");
    expect(await scene.leftovers()).toEqual([]);
  });

  test.each([
    ["MOK manager", MM, "F_MM_MISSING", "`mmx64.efi`"],
    ["font", FONT, "F_FONT_MISSING", "`unicode.pf2`"],
  ])("%s: a warning, and with --strict an error", async (_, path, code, name) => {
    const ran = await build({ without: [path] });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(new RegExp(`^warning\\[${code}\\]: .*\n {2}where: .*${name}`, "m"));
    const strict = await scene.run(["build", "dir:image", "-o", "out/strict.iso", "--strict"]);
    expect({ code: strict.code, stderr: strict.stderr }).toMatchObject({
      code: 3,
      stderr: expect.stringMatching(new RegExp(`^error\\[${code.replace("F_", "E_")}\\]: `, "m")),
    });
    expect(await scene.leftovers()).toEqual([]);
  });
});

describe("several of a kind", () => {
  const { kernel } = tinyPrograms();
  const kernels = (...names: string[]) =>
    Object.fromEntries(names.map((name) => [name, name.endsWith("vmlinuz") ? kernel : name]));

  test("kernels: the highest that has an initramfs is chosen, and reported", async () => {
    const files = kernels(
      ...["6.9", "6.10"].flatMap((k) => [kernelFile(k, "vmlinuz"), kernelFile(k, "initramfs.img")]),
      kernelFile("6.11", "vmlinuz"),
    );
    const ran = await build({ with: files });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(/^note\[F_KERNEL_SEVERAL\]: .*\n {2}where: .*4 kernels.*`6\.10` was chosen/m);
    expect(ran.stderr).toMatch(/^ {2}kernel +6\.10$/m);
    const other = await scene.run(["build", "dir:image", "-o", "out/6.9.iso", "--kernel", "6.9"]);
    expect(other.stderr).toMatch(/^ {2}kernel +6\.9$/m);
  });

  test("a kernel chosen without an initramfs is not replaced by another one", async () => {
    await expectRefusal(
      scene,
      await build({ with: kernels(kernelFile("6.11", "vmlinuz")) }, "--kernel", "6.11"),
      {
        exit: 3,
        code: "E_INITRAMFS_MISSING",
        says: ["`/usr/lib/modules/6.11`"],
      },
    );
  });

  test("an unknown --kernel: those that there are are listed", async () => {
    await expectRefusal(scene, await build({}, "--kernel", "5.0"), {
      exit: 2,
      code: "E_KERNEL_UNKNOWN",
      says: ["`5.0`", `\`${KVER}\``],
      hint: ["--kernel"],
    });
  });

  test("vendors: the one with all binaries is chosen, and reported", async () => {
    const ran = await build({ with: { "boot/efi/EFI/another/shimx64.efi": "shim" } });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(
      /^note\[F_VENDOR_SEVERAL\]: .*\n {2}where: .*2 vendors \(`another`, `tiny`\).*`tiny` was chosen/m,
    );
    rmSync(scene.at("out/x.iso"));
    const unknown = await scene.run(["build", "dir:image", "-o", "out/x.iso", "--vendor", "nobody"]);
    await expectRefusal(scene, unknown, {
      exit: 2,
      code: "E_VENDOR_UNKNOWN",
      says: ["`nobody`", "`another`, `tiny`"],
      hint: ["--vendor"],
    });
  });
});

describe("architecture", () => {
  /** A folder, which has no configuration, with the boot programs of aarch64. */
  const ARM = {
    without: [SHIM, GCD, MM, kernelFile(KVER, "vmlinuz")],
    with: {
      [SHIM.replace("x64", "aa64")]: efiProgram({ machine: "AA64" }),
      [GCD.replace("x64", "aa64")]: efiProgram({
        machine: "AA64",
        sections: { ".sbat": GRUB_SBAT, mods: GCD_MODULES },
      }),
      [MM.replace("x64", "aa64")]: efiProgram({ machine: "AA64" }),
      [kernelFile(KVER, "vmlinuz")]: efiProgram({ machine: "AA64" }),
    },
  };

  test("a folder has that of its boot programs, and a line says that it is not the host's", async () => {
    tinyImage(scene.at("image"), ARM);
    const ran = await scene.run(["inspect", "dir:image", "--json"]);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    expect(JSON.parse(ran.stdout).plan).toMatchObject({ architecture: "aarch64", bios: null });
    expect(ran.stderr).toContain(
      "note: The image is for aarch64, and so is the ISO; this machine is x86_64\n",
    );
  });

  test.each([
    ["--arch", "linux/arm64"],
    ["--platform", "linux/arm64/v8"],
  ])("%s %s chooses it, and no line is needed", async (option, value) => {
    tinyImage(scene.at("image"), ARM);
    const ran = await scene.run(["inspect", "dir:image", "--json", option, value]);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout).plan.architecture).toBe("aarch64");
    expect(ran.stderr).not.toContain("this machine");
  });

  test("an ISO for aarch64 has no BIOS, and verify says the same of it as inspect", async () => {
    tinyImage(scene.at("image"), ARM);
    const boots = async (...args: string[]) =>
      JSON.parse((await scene.succeed([...args, "--json"])).stdout).boots;
    await scene.succeed(["build", "dir:image", "-o", "out/arm.iso"]);
    const text = "machines of aarch64 have no BIOS";
    // The programs are not signed, which each command says in words of its own.
    const claims = {
      bios: { boots: false, reasons: [{ text, code: null }] },
      uefi: { boots: true, reasons: [] },
      secureBoot: { boots: false },
    };
    expect(await boots("inspect", "dir:image")).toMatchObject(claims);
    expect(await boots("verify", "out/arm.iso")).toMatchObject(claims);
  });

  test("--arch and --platform exclude each other", async () => {
    const ran = await scene.run(["inspect", "dir:image", "--arch", "arm64", "--platform", "linux/arm64"]);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toContain("--platform");
  });
});

describe("files of another machine or another user", () => {
  test("each kind is a warning with a cure, and the ISO is made", async () => {
    const image = tinyImage(scene.at("image"), {
      with: {
        "etc/machine-id": "0123456789abcdef0123456789abcdef\n",
        "etc/resolv.conf": "",
        "etc/fstab": "UUID=1234 / ext4 defaults 0 1\n",
        "etc/ssh/ssh_host_rsa_key": "secret",
        "usr/bin/sudo": "x",
      },
    });
    chownSync(`${image}/usr/bin/sudo`, 1000, 1000);
    const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"]);
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    for (const [seen, fix, code] of [
      ["`/usr/bin/sudo` (user 1000)", "chown -R root:root", "F_LIVE_OWNERS"],
      ["`/etc/resolv.conf` is empty", "Remove the empty files", "F_LIVE_EMPTY"],
      ["machine-id in `/etc/machine-id`", ": >/etc/machine-id", "F_LIVE_MACHINE_ID"],
      ["`/etc/ssh/ssh_host_rsa_key`", "rm -f /etc/ssh/ssh_host_*", "F_LIVE_HOST_KEYS"],
      ["`UUID=1234` in line 1", "nofail", "F_LIVE_FSTAB"],
    ] as const) {
      expect(ran.stderr).toContain(seen);
      expect(ran.stderr).toContain(fix);
      expect(ran.stderr).toContain(code);
    }
  });
});

describe("iso.yaml", () => {
  test("all its mistakes are reported in one run, each with its place", async () => {
    const text =
      "label: my iso\ngrub2:\n  timeout: 10s\n  entries:\n    - {name: a, linux: vmlinuz, initrd: /i}\n";
    await expectRefusal(scene, await build({ with: { [CONFIG]: text } }), {
      exit: 3,
      code: "E_CONTRACT",
      says: [
        "in 3 ways",
        "error[F_LABEL_CHARACTER]: ",
        `where: /${CONFIG}:1:8: `,
        "error[F_ISO_YAML_NUMBER]: ",
        `where: /${CONFIG}:3:12: `,
        "error[F_MENU_PATH]: ",
        `where: /${CONFIG}:5:24: `,
      ],
    });
  });

  test("broken YAML: file, line and column, and the line itself", async () => {
    const text = 'label: TINY\ngrub2:\n  timeout: [10\n  default: "0"\n';
    await expectRefusal(scene, await build({ with: { [CONFIG]: text } }), {
      exit: 3,
      code: "E_ISO_YAML_SYNTAX",
      says: [`/${CONFIG}:4:3:`, '4 |   default: "0"', "^"],
      hint: ["Correct the YAML"],
    });
  });

  test("broken YAML of --config names the user's file", async () => {
    scene.write("my.yaml", "label: [\n");
    await expectRefusal(scene, await build({}, "--config", "my.yaml"), {
      exit: 3,
      code: "E_ISO_YAML_SYNTAX",
      says: ["my.yaml:2:1:"],
    });
  });

  test.each([
    ["--config", "none.yaml"],
    ["--overlay", "none"],
    ["--reuse", "none.iso"],
    ["--add", "none=/x"],
  ])("a file or folder of %s that is not there", async (option, value) => {
    await expectRefusal(scene, await build({}, option, value), {
      exit: 5,
      code: "E_INPUT",
      says: [`\`${value.split("=")[0]}\` of \`${option}\``, "no such file"],
      hint: [`Check the path of ${option}`],
    });
  });

  test("an unknown key: a warning that suggests the known one", async () => {
    const ran = await build({ with: { [CONFIG]: "lable: TINY\ngrub2:\n  timout: 3\n" } });
    expect(ran.code).toBe(0);
    expect(ran.stderr).toMatch(
      /^warning\[F_ISO_YAML_UNKNOWN_KEY\]: .*\n {2}where: \/usr\/lib\/.*iso\.yaml:1:1: `lable` is not a key/m,
    );
    expect(ran.stderr).toMatch(/^ {2}where: .*`grub2\.timout` is not a key/m);
    for (const key of ["label", "timeout"])
      expect(ran.stderr).toMatch(new RegExp(`^ {2}fix: +Write \`${key}\``, "m"));
  });

  test.each([
    ["of 40 characters", "X".repeat(40), "E_LABEL_TOO_LONG", ["40 bytes"], ["32 bytes"]],
    ["with a quote", 'MY"ISO', "E_LABEL_CHARACTER", ['MY"ISO', '`"`'], ["letters, digits"]],
  ])("a label %s, in iso.yaml and as --label", async (_, label, code, says, hint) => {
    await expectRefusal(scene, await build({}, "--label", label), { exit: 2, code: "E_LABEL", says, hint });
    scene.write(`image/${CONFIG}`, `label: ${JSON.stringify(label)}\n`);
    await expectRefusal(scene, await scene.run(["build", "dir:image", "-o", "out/x.iso"]), {
      exit: 3,
      code,
      hint,
      says: [`/${CONFIG}:1:8:`, ...says],
    });
  });

  test("--label that cannot be used: all reasons, and nothing about any other label", async () => {
    const { code, stdout, stderr } = await scene.run(["inspect", "dir:nowhere", "--label", "-TWO WORDS"]);
    expect({ code, stdout, stderr }).toEqual({
      code: 2,
      stdout: "",
      stderr:
        "error[E_LABEL]: Cannot use the label `-TWO WORDS`: it holds a space and begins with `-`\n" +
        "  hint:  Use letters, digits, `_`, `-` and `.`, and begin with a letter or a digit.\n",
    });
  });

  test("menu names with quotes, braces and commands reach the ISO's menus as titles and nothing else", async () => {
    const names = [
      'it\'s "quoted"',
      "} menuentry evil { reboot }",
      "$(reboot) `reboot` $root $[1] \\",
      "a # b; c & d | e",
    ];
    const entries = names.map(
      (name) =>
        `    - name: ${JSON.stringify(name)}\n      linux: $kernelpath $root\n      initrd: $initrdpath\n`,
    );
    const text = `label: TINY\ngrub2:\n  entries:\n${entries.join("")}`;
    const ran = await build({ with: { [CONFIG]: text } });
    expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({ code: 0 });
    for (const path of ["EFI/BOOT/grub.cfg", "boot/grub2/grub.cfg", "boot/grub/loopback.cfg"]) {
      const menu = scene.at("menu.cfg");
      const extract = ["-osirrox", "on", "-indev", "out/x.iso", "-extract", path, menu];
      expect(Bun.spawnSync(["xorriso", ...extract], { cwd: scene.path }).exitCode).toBe(0);
      expect(Bun.spawnSync(["grub-script-check", menu]).exitCode).toBe(0);
      const titles = readFileSync(menu, "utf8").match(/^menuentry .*$/gm) as string[];
      // In single quotes nothing has a meaning but their end.
      const expected = names.map((name) => name.replace("$root", ROOT).replaceAll("'", "'\\''"));
      expect(titles).toEqual(expected.map((name) => `menuentry '${name}' {`));
      rmSync(menu);
    }
  });

  test("a menu name with a line break is refused at its place", async () => {
    const entry = (name: string) =>
      `grub2:\n  entries:\n    - name: ${JSON.stringify(name)}\n      linux: $kernelpath $root\n      initrd: $initrdpath\n`;
    await expectRefusal(scene, await build({ with: { [CONFIG]: entry("one\ntwo") } }), {
      exit: 3,
      code: "E_ISO_YAML_CONTROL_CHARACTER",
      says: [`/${CONFIG}:3:13:`, "a line break"],
      hint: ["on one line"],
    });
  });
});

describe("an image that does not exist", () => {
  test.each([
    ["/nowhere", "no file or folder has that name"],
    ["dir:/nowhere", "the folder `/nowhere` does not exist"],
    ["oci:/nowhere", "the folder `/nowhere` does not exist"],
    ["oci-archive:/nowhere.tar", "the file `/nowhere.tar` does not exist"],
  ])("%s", async (reference, says) => {
    await expectRefusal(scene, await scene.run(["build", reference, "-o", "out/x.iso"]), {
      exit: 3,
      code: "E_IMAGE_MISSING",
      says: [`Cannot find the image \`${reference}\`: ${says}`],
    });
  });

  test("a reference that is longer than any path", async () => {
    const reference = `oci:/${"a/".repeat(3000)}`;
    await expectRefusal(scene, await scene.run(["build", reference, "-o", "out/x.iso"]), {
      exit: 2,
      code: "E_REFERENCE",
      says: ["it has 6005 bytes"],
    });
  });

  test("a name in containers-storage", async () => {
    await expectRefusal(scene, await scene.run(["build", "localhost/no-such-image:1", "-o", "out/x.iso"]), {
      exit: 3,
      code: "E_IMAGE_MISSING",
      says: ["`localhost/no-such-image:1`"],
      hint: ["Build it as this user"],
    });
  });

  test("a name in containers-storage, without podman", async () => {
    await expectRefusal(
      scene,
      await scene.run(["build", "localhost/no-such-image:1", "-o", "out/x.iso"], { path: scene.only("sh") }),
      { exit: 4, code: "E_TOOL_MISSING", says: ["`podman`"], hint: ["Install what is missing"] },
    );
  });
});

describe("wrong usage", () => {
  test.each([
    ["build", "--work"],
    ["build", "--cache"],
    ["build", "--config"],
    ["build", "--report"],
    ["squash", "--output"],
    ["bios-image", "--modules"],
    ["efi-image", "--efi-dir"],
    ["render-grub", "--os-release"],
    ["verify", "--against"],
    ["boot", "--keep"],
    ["boot", "--junit"],
    ["boot", "--html"],
  ])("%s %s with an empty path, which would be the current folder", async (command, option) => {
    scene.write("image/kept", "x");
    await expectRefusal(scene, await scene.run([command, "x", option, ""]), {
      exit: 2,
      code: "E_EMPTY_PATH",
      says: [`\`${option}\``],
      hint: ["Give a path"],
    });
    expect(readFileSync(scene.at("image/kept"), "utf8")).toBe("x");
  });

  test.each([
    [["biuld", "x"], "unknown command 'biuld'"],
    [["build", "x", "-o", "out/x.iso", "--lable", "A"], "unknown option '--lable'"],
    [["build", "x", "-o", "out/x.iso", "--tools", "image"], "unknown option '--tools'"],
    [["build", "x", "-o", "out/x.iso", "--rootfs", "moon"], "Allowed choices are squashfs, erofs"],
    [["build", "x", "-o", "out/x.iso", "--from", "moon"], "Allowed choices are inspect, render-grub"],
    [["build", "x", "--progress", "verbose"], "Instead of `verbose`, write `-v`"],
    [["build", "x", "y", "-o", "out/x.iso"], "too many arguments"],
    [["inspect"], "missing required argument 'image'"],
    [["build", "x", "-o"], "argument missing"],
  ])("%j", async (args, says) => {
    const ran = await scene.run(args);
    expect({ code: ran.code, stdout: ran.stdout }).toEqual({ code: 2, stdout: "" });
    expect(ran.stderr).toContain(says);
    expect(ran.stderr).toContain("--help");
    expectNoStack(ran.stderr);
    expect(await scene.leftovers()).toEqual([]);
  });

  test.each([
    [["squash", "x"], "E_OUTPUT", "no output file given", "--work"],
    [["build", "x", "-o", "out/x.iso", "--compression", "rar"], "E_COMPRESSION", "`rar`", "zstd, gzip, none"],
    [["build", "x", "-o", "out/x.iso", "--compression", "zstd:99"], "E_COMPRESSION", "`99`", "1 to 22"],
    [
      ["build", "x", "-o", "out/x.iso", "--compression", "zstd:9,3K"],
      "E_COMPRESSION",
      "`3K`",
      "power of two",
    ],
    [
      ["build", "x", "-o", "out/x.iso", "--from", "squash", "--to", "inspect", "--work", "w"],
      "E_STAGE_ORDER",
      "comes after",
      "inspect, render-grub",
    ],
    [["build", "-o", "out/x.iso"], "E_NO_IMAGE", "no image given", "oci:DIR"],
    [["build", "x", "--dry-run"], "E_USAGE", "`--dry-run`", "platter inspect IMAGE"],
    [["render-grub"], "E_NO_IMAGE", "no image given", "--config"],
    [["render-grub", "--karg", "x", "--arch", "arm64"], "E_NO_IMAGE", "no image given", "--config"],
    [["build", "x", "-o", "out/x.iso", "--from", "squash"], "E_NO_WORK", "--from squash", "--work"],
    [["build", "dir:image", "-o", "out/x.iso", "--exclude", "[z-a]"], "E_EXCLUDE", "`[z-a]`", "glob"],
    [["build", "dir:image", "-o", "out/x.iso", "--exclude", "/"], "E_EXCLUDE", "`/`", "below the root"],
    [["inspect", "atomic:x"], "E_REFERENCE", "`atomic:`", "`oci:`"],
  ])("%j", async (args, code, says, hint) => {
    tinyImage(scene.at("image"));
    await expectRefusal(scene, await scene.run(args), { exit: 2, code, says: [says], hint: [hint] });
  });

  test("a SOURCE_DATE_EPOCH that is not a number", async () => {
    tinyImage(scene.at("image"));
    const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"], {
      env: { SOURCE_DATE_EPOCH: "soon" },
    });
    await expectRefusal(scene, ran, { exit: 2, code: "E_EPOCH", says: ["`soon`"], hint: ["date +%s"] });
  });

  test.each([[["--help"]], [["build", "--help"]], [["--version"]]])("%j is accepted", async (args) => {
    const ran = await scene.run(args);
    expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
    expect(ran.stdout).not.toBe("");
  });
});
