/** What `boot` refuses before it starts a machine. QEMU is a script here that writes down its arguments. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync, readFileSync, statSync, truncateSync } from "node:fs";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

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
