/** `--ignore`: findings that the image's author accepts. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { efiProgram } from "../../helpers/efi-program.ts";
import { KVER, MM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeAll(() => {
  scene = new Scene("ignore");
  tinyImage(scene.at("image"), {
    without: [MM],
    with: { [`usr/lib/modules/${KVER}/vmlinuz`]: efiProgram({ linux: "x86" }) },
  });
});
afterAll(() => scene[Symbol.dispose]());

const inspect = (...flags: string[]) => scene.run(["inspect", "dir:image", ...flags]);
const BOTH = ["--ignore", "F_MM_MISSING", "--ignore", "F_KERNEL_UNSIGNED"];

test("inspect --ignore: the finding is hidden, and --strict passes", async () => {
  const strict = await inspect("--strict");
  expect(strict.code).toBe(3);
  expect(strict.stderr).toContain("breaks the contract in 2 ways");
  const one = await inspect("--strict", "--ignore", "F_MM_MISSING");
  expect(one.code).toBe(3);
  expect(one.stderr).toContain("[E_KERNEL_UNSIGNED]");
  const both = await inspect("--strict", "--json", ...BOTH);
  expect(both.code).toBe(0);
  expect(JSON.parse(both.stdout).findings).toEqual([]);
});

test("an unknown code is refused, and the nearest is named", async () => {
  for (const command of [["inspect"], ["build", "-o", "out/y.iso"]]) {
    const ran = await scene.run([...command, "dir:image", "--ignore", "E_MM_MISING"]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_IGNORE",
      says: ["Cannot ignore `E_MM_MISING`"],
      hint: ["Write `F_MM_MISSING`."],
    });
  }
});

test("an error cannot be ignored", async () => {
  await expectRefusal(scene, await inspect("--ignore", "F_KERNEL_MISSING"), {
    exit: 2,
    code: "E_IGNORE",
    says: ["Cannot ignore `F_KERNEL_MISSING`: it is an error (no kernel)"],
    hint: ["Install a kernel"],
  });
});

test("build --ignore: no warning; the boot claim stays honest, with its reason", async () => {
  const ran = await scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--strict", ...BOTH]);
  expect(ran.stderr).not.toContain("warning");
  expect(ran.stderr).toMatch(/^ +Secure Boot ✗ the kernel is not signed \(F_KERNEL_UNSIGNED\)$/m);
  const { stdout } = await scene.succeed(["inspect", "dir:image", "--json", ...BOTH]);
  expect(JSON.parse(stdout).boots.secureBoot).toEqual({
    boots: false,
    reasons: [{ text: "the kernel is not signed", code: "F_KERNEL_UNSIGNED" }],
  });
});
