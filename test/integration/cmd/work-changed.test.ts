/** A work folder in which something was changed between two runs. */
import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from "bun:test";
import { appendFileSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectSameBytes } from "../../helpers/same-bytes.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("changed");
  tinyImage(scene.at("image"));
});
afterEach(() => scene[Symbol.dispose]());

const CHANGES: [string, (path: string) => void][] = [
  ["cut", (path) => truncateSync(path, 10)],
  ["longer", (path) => appendFileSync(path, "x")],
  ["changed at one place", (path) => flip(path)],
  ["removed", (path) => rmSync(path)],
  ["a folder", (path) => replace(path, "mkdir")],
  ["a FIFO", (path) => replace(path, "mkfifo")],
  ["a link to /dev/zero", (path) => replace(path, "ln", "-s", "/dev/zero")],
];

function replace(path: string, ...command: string[]): void {
  rmSync(path);
  expect(Bun.spawnSync([...command, path]).exitCode).toBe(0);
}

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[bytes.length - 1]! ^= 1;
  writeFileSync(path, bytes);
}

describe("a piece of the image", () => {
  const PIECES = ["vmlinuz", "initrd.img", "shim.efi", "grub.efi", "unicode.pf2", "i386-pc/biosdisk.mod"];
  test.each(
    PIECES.flatMap((piece) => CHANGES.map(([what, change]) => [piece, what, change] as const)),
  )("%s, %s: no stage uses it", async (piece, _, change) => {
    await scene.succeed(["inspect", "dir:image", "--work", "work"]);
    change(scene.at(`work/image/${piece}`));
    const ran = await scene.run(["build", "--work", "work", "-o", "out/x.iso"]);
    await expectRefusal(scene, ran, {
      exit: 2,
      code: "E_PIECE_CHANGED",
      says: [`work/image/${piece}`],
      hint: ["platter inspect dir:", "--work"],
    });
  });

  test("is looked at by each stage, and a plan of the image again makes it right", async () => {
    await scene.succeed(["build", "dir:image", "--work", "work", "-o", "out/x.iso"]);
    const iso = readFileSync(scene.at("out/x.iso"));
    rmSync(scene.at("out/x.iso"));
    for (const piece of ["vmlinuz", "shim.efi"]) flip(scene.at(`work/image/${piece}`));
    for (const stage of ["squash", "bios-image", "efi-image", "render-grub", "assemble -o out/x.iso"]) {
      const ran = await scene.run([...stage.split(" "), "--work", "work"]);
      await expectRefusal(scene, ran, {
        exit: 2,
        code: "E_PIECE_CHANGED",
        says: ["2 files", "vmlinuz", "shim.efi"],
      });
    }
    await scene.succeed(["build", "dir:image", "--work", "work", "-o", "out/x.iso"]);
    expectSameBytes(readFileSync(scene.at("out/x.iso")), iso);
  });
});

describe("what a stage made", () => {
  test.each(
    ["squashfs.img", "efiboot.img", "eltorito.img", "grub/grub-efi.cfg"].flatMap((file) =>
      CHANGES.filter(([what]) => what !== "removed").map(([what, change]) => [file, what, change] as const),
    ),
  )("%s, %s: assemble refuses it and names the stage", async (file, _, change) => {
    await scene.succeed(["build", "dir:image", "--work", "work", "--to", "efi-image"]);
    change(scene.at(`work/${file}`));
    const ran = await scene.run(["assemble", "--work", "work", "-o", "out/x.iso"]);
    await expectRefusal(scene, ran, { exit: 2, code: "E_STAGE_CHANGED", says: [file], hint: ["platter "] });
  });
});

test.each([
  "plan.json",
  "lock",
  "stages/squash.json",
])("a FIFO as %s is an error, and nobody waits", async (name) => {
  await scene.succeed(["build", "dir:image", "--work", "work", "--to", "efi-image"]);
  rmSync(scene.at(`work/${name}`), { force: true });
  expect(Bun.spawnSync(["mkfifo", scene.at(`work/${name}`)]).exitCode).toBe(0);
  const ran = await scene.run(["build", "--work", "work", "-o", "out/x.iso"]);
  expect({ code: ran.code, stderr: ran.stderr }).toMatchObject({
    code: 5,
    stderr: expect.stringMatching(
      new RegExp(`^error\\[E_WORK\\]: .*work.*${name === "lock" ? "" : name}`, "m"),
    ),
  });
});
