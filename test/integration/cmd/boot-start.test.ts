/** What `boot` refuses before it starts a machine, and what it shows. QEMU is a script here. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { BINARY, expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

const BOOT = ["boot", "x.iso", "--accel", "tcg", "--firmware", "bios", "--no-menu"];

/** A scene with an ISO and a QEMU that always succeeds. */
async function sceneWithIso(): Promise<Scene> {
  const scene = new Scene("boot-start");
  tinyImage(scene.at("image"));
  await scene.succeed(["build", "dir:image", "-o", "x.iso", "--compression", "fast"]);
  scene.fake("qemu-system-x86_64", `echo "$*" >> ${scene.at("calls")}; echo "localhost login: "`);
  return scene;
}

test.each(["", "--interactive", "--all"])("boot %s: an incomplete ISO", async (flag) => {
  using scene = await sceneWithIso();
  const { size } = statSync(scene.at("x.iso"));
  truncateSync(scene.at("x.iso"), size - 102_400);
  const ran = await scene.run(["boot", "x.iso", ...(flag === "" ? [] : [flag])]);
  const verified = await scene.run(["verify", "x.iso"]);
  expect(ran.stderr).toBe(verified.stderr);
  await expectRefusal(scene, ran, {
    exit: 6,
    code: "E_ISO_INCOMPLETE",
    says: ["`x.iso` is incomplete: 100 KiB of"],
    hint: ["Continue the download"],
  });
  expect(existsSync(scene.at("calls"))).toBe(false);
});

test("boot: an ISO that is followed by other bytes is complete", async () => {
  using scene = await sceneWithIso();
  truncateSync(scene.at("x.iso"), statSync(scene.at("x.iso")).size + 1024 * 1024);
  await scene.succeed(BOOT);
});

/** Changes the label of the ISO, which its menus still look for. */
function rename(scene: Scene): void {
  const bytes = readFileSync(scene.at("x.iso"));
  for (const at of [32_808, bytes.indexOf("CD001", 33_000, "latin1") + 39])
    if (bytes.subarray(at, at + 4).toString() === "TINY") bytes.write("WINY", at);
  writeFileSync(scene.at("x.iso"), bytes);
}

test("boot: the label that the menus look for is named before the machine starts, and after it failed", async () => {
  using scene = await sceneWithIso();
  rename(scene);
  scene.fake("qemu-system-x86_64", "echo 'Kernel panic - not syncing: no init'");
  const ran = await scene.run(BOOT);
  const names = "wants the label `TINY`, the ISO's is `WINY`";
  const [before = "", after = ""] = ran.stderr.split("no KVM: ");
  expect(before).toContain("warning: platter expects that `x.iso` does not boot with BIOS\n");
  expect(before).toContain("looks for another label than the ISO's (F_MENU_LABEL_MISMATCH)\n");
  expect(before).toContain(names);
  expect(before).toContain("hint:  Run `platter verify x.iso` for all problems.");
  expect(after).toContain("[E_NOT_BOOTED]");
  expect(after).toContain("platter verify: BIOS: no: ");
  expect(after).toContain(names);
});

test.each([
  [],
  ["--all"],
  ["--interactive"],
])("boot: a missing QEMU is reported before a machine is tried %s", async (...flags) => {
  using scene = await sceneWithIso();
  rmSync(join(scene.bin, "qemu-system-x86_64"));
  const ran = await scene.run(["boot", "x.iso", ...flags], { path: scene.folder("empty") });
  expect(ran.stderr).toContain("error[E_TOOL_MISSING]: Cannot run QEMU");
  expect(ran.stderr).not.toContain("KVM");
  expect(ran.code).toBe(4);
});

test.each(["serial.log", "qemu.log", "png"])("boot --keep: an ISO with the name of the %s", async (end) => {
  using scene = new Scene("boot-start");
  const iso = scene.write(`logs/bios-cd.${end}`, `${"x".repeat(32_769)}CD001${"x".repeat(30_000)}`);
  const before = readFileSync(iso);
  scene.fake("qemu-system-x86_64", "echo 'localhost login: '");
  const ran = await scene.run(["boot", iso, ...BOOT.slice(2), "--keep", "logs"]);
  expect(ran.stderr).toContain("[E_SAME_FILE]");
  expect(ran.code).toBe(2);
  expect(readFileSync(iso)).toEqual(before);
});

test.each(["--html", "--junit"])("boot --keep: a report at the path of a picture (%s)", async (option) => {
  using scene = await sceneWithIso();
  const ran = await scene.run([...BOOT, "--keep", "logs", option, "logs/bios-cd.menu.png"]);
  await expectRefusal(scene, ran, {
    exit: 2,
    code: "E_SAME_FILE",
    says: ["--keep", option],
    hint: ["--keep"],
  });
});

test("boot: the log that the error of a failed QEMU names is kept", async () => {
  using scene = await sceneWithIso();
  scene.fake("qemu-system-x86_64", "echo 'no such device' >&2; exit 1");
  const ran = await scene.run(BOOT);
  expect(ran.stderr).toContain("E_TOOL_FAILED");
  const log = /`(\S+\.qemu\.log)`/.exec(ran.stderr)?.[1];
  expect(readFileSync(log ?? "", "utf8")).toContain("no such device");
});

test("boot --memory: MiB, or a number with a unit", async () => {
  using scene = await sceneWithIso();
  for (const memory of ["128", "2048", "2G", "1gib", "512M"])
    await scene.succeed([...BOOT, "--memory", memory]);
  const sizes = readFileSync(scene.at("calls"), "utf8").match(/(?<=-m )\d+M/g);
  expect(sizes).toEqual(["128M", "2048M", "2048M", "1024M", "512M"]);
});

test.each([
  ["3", "it is 3 MiB, and a machine needs at least 128", "Write `--memory 3G` for GiB"],
  ["127", "it is 127 MiB", "Write `--memory 127G` for GiB"],
  ["100M", "it is 100 MiB", "Give MiB such as 2048"],
  ["0", "it is 0 MiB", "Give MiB such as 2048"],
  ["much", "it is not a size", "a number with a unit such as 2G"],
  ["-1", "it is not a size", "2G"],
  ["1.5G", "it is not a size", "2G"],
  ["64k", "it is not a size", "2G"],
])("boot --memory %s is refused", async (memory, reason, hint) => {
  using scene = new Scene("boot-start");
  const ran = await scene.run(["boot", "x.iso", `--memory=${memory}`]);
  await expectRefusal(scene, ran, {
    exit: 2,
    code: "E_MEMORY",
    says: [`Cannot use \`--memory ${memory}\`: ${reason}`],
    hint: [hint],
  });
});

/** A boot through all phases, except that nothing is known of its times. */
const PHASES = `printf 'SeaBIOS\\r\\nWelcome to GRUB!\\r\\nLinux version 6\\r\\nlocalhost login: '; sleep 100`;

test("boot without a terminal: a line for each phase that has ended, and the table on standard output", async () => {
  using scene = await sceneWithIso();
  scene.fake("qemu-system-x86_64", PHASES);
  const { stdout, stderr } = await scene.succeed(BOOT);
  const time = "\\d+\\.\\d s";
  expect(stderr).toMatch(
    new RegExp(
      [
        "^no KVM: `--accel tcg` was given; this takes minutes",
        `bios-cd: firmware ${time}`,
        `bios-cd: GRUB ${time}`,
        `bios-cd: kernel ${time}, booted after ${time}\n$`,
      ].join("\n"),
    ),
  );
  expect(stdout).toMatch(
    new RegExp(
      `^ +firmware +GRUB +kernel +initramfs +user space\nbios-cd +${time} +${time} +${time} +booted ${time}\n$`,
    ),
  );
});

test("boot on a terminal: a row for the machine, drawn in place", async () => {
  using scene = await sceneWithIso();
  scene.fake("qemu-system-x86_64", PHASES);
  const command = ["stty cols 50;", BINARY, ...BOOT, "> table"].join(" ");
  const done = Bun.spawnSync(["script", "-qec", command, "/dev/null"], {
    cwd: scene.path,
    env: {
      ...(process.env as Record<string, string>),
      TERM: "xterm",
      PATH: `${scene.bin}:${process.env.PATH}`,
    },
  });
  expect(done.exitCode).toBe(0);
  const shown = done.stdout.toString();
  expect(shown).toMatch(/\rbios-cd: kernel \d\.\d s, \d\.\d s so far\x1b\[K/);
  expect(shown).not.toContain("bios-cd: firmware");
  expect(shown).toEndWith("\r\x1b[K");
  expect(readFileSync(scene.at("table"), "utf8")).toMatch(/^bios-cd .* booted /m);
});

test("boot: a failed way is explained once, and the others are counted", async () => {
  using scene = await sceneWithIso();
  scene.fake("qemu-system-x86_64", "echo 'Kernel panic - not syncing: no init'");
  const ran = await scene.run(["boot", "x.iso", "--accel", "tcg", "--all", "--no-menu"]);
  await expectRefusal(scene, ran, { exit: 6, code: "E_NOT_BOOTED", says: ["did not boot in 6 of 6 ways"] });
  expect(
    ran.stderr.match(/bios-usb: failed in the firmware phase: The kernel panicked\. \[B_PANIC\]/g),
  ).toHaveLength(1);
  expect(ran.stdout.match(/^[a-z-]+ .* failed \d+\.\d s$/gm)).toHaveLength(6);
});

test("boot --interactive: the key that ends the machine is named", async () => {
  using scene = await sceneWithIso();
  const { stderr } = await scene.succeed([
    "boot",
    "x.iso",
    "--accel",
    "tcg",
    "--firmware",
    "bios",
    "--interactive",
  ]);
  expect(stderr).toContain("Ctrl-A X in this terminal ends the machine.");
});
