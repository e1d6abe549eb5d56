/** Stages that run together with the squash: mkfs.erofs waits for a sign of the other stages, so that neither may come first. */
import { expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { EROFS, fakeErofs, MAKES } from "../../helpers/fake-erofs.ts";
import { SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { noise } from "../../helpers/noise.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

/** Shell code that waits up to 20 seconds for a file, and gives up the program without it. */
function waitFor(...files: string[]): string {
  const there = files.map((file) => `[ -e '${file}' ]`).join(" && ");
  return `for i in $(seq 200); do ${there} && break; sleep 0.1; done; ${there} || exit 9`;
}

test("everything but the ISO is there before the squash ends, and the squash waits for none of it", async () => {
  using scene = new Scene("together");
  tinyImage(scene.at("image"));
  const made = ["eltorito.img", "efiboot.img", "grub/grub-efi.cfg", "image/vmlinuz", "image/initrd.img"];
  fakeErofs(
    scene,
    `${waitFor(...made.map((name) => scene.at(`work/${name}`)))}
${MAKES}`,
  );
  const args = ["build", "dir:image", "-o", "out/x.iso", "--work", "work", ...EROFS];
  const ran = await scene.succeed(args);
  expect(ran.stderr.search(/bios-image +done/)).toBeLessThan(ran.stderr.search(/squash +done/));
  expect(ran.stderr.search(/efi-image +done/)).toBeLessThan(ran.stderr.search(/squash +done/));
});

test("an error that is found after that stops the squash, and is reported", async () => {
  using scene = new Scene("together");
  tinyImage(scene.at("image"), { with: { [SHIM]: "no program" } });
  const ended = scene.at("squash-ended");
  fakeErofs(
    scene,
    `sleep 30
: >${ended}`,
  );
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso", ...EROFS]);
  await expectRefusal(scene, ran, { exit: 3, code: "E_SHIM_FORMAT", says: ["shimx64.efi"], hint: [] });
  expect(existsSync(ended)).toBe(false);
});

test("that error also stops platter's own squash, long before its end", async () => {
  using scene = new Scene("together");
  tinyImage(scene.at("image"), { with: { [SHIM]: "no program", "usr/share/noise": noise(64 * 2 ** 20) } });
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso", "--compression", "zstd:22,1M"]);
  await expectRefusal(scene, ran, { exit: 3, code: "E_SHIM_FORMAT", says: ["shimx64.efi"], hint: [] });
  expect(ran.stderr).not.toMatch(/squash +done/);
});
