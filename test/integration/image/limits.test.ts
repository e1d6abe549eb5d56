/** Images that ask for much more than they hold. Needs root, for a mount. */
import { afterAll, beforeAll, expect, setDefaultTimeout, test } from "bun:test";
import { rmSync } from "node:fs";
import { type Member, member, sparse } from "../../helpers/images/tar-maker.ts";
import { KVER, tinyImage } from "../../helpers/images/tiny-image.ts";
import { expectRefusal, Scene } from "../../helpers/scene.ts";

setDefaultTimeout(120_000);

let scene: Scene;
let image: Buffer;
beforeAll(() => {
  scene = new Scene("limits");
  tinyImage(scene.at("image"));
  image = Bun.spawnSync(["tar", "-C", scene.at("image"), "--numeric-owner", "-cf", "-", "."]).stdout;
});
afterAll(() => scene[Symbol.dispose]());

/** The tiny image as an archive, with more members after its own. */
function archive(members: Iterable<Member>): string {
  // Bytes after the end mark are not read, so remove the mark.
  let end = image.length;
  while (image[end - 1] === 0) end--;
  const parts = [image.subarray(0, Math.ceil(end / 512) * 512)];
  for (const each of members) parts.push(member(each));
  scene.write("image.tar", Buffer.concat([...parts, Buffer.alloc(1024)]));
  return "tar:image.tar";
}

test.each([
  [`usr/lib/modules/${KVER}/vmlinuz`, 10 ** 12, 2147483648],
  [`usr/lib/modules/${KVER}/initramfs.img`, 10 ** 12, 2147483648],
  [`usr/lib/modules/${KVER}/modules.builtin`, 16777217, 16777216],
  ["usr/lib/grub/i386-pc/zero.mod", 16777217, 16777216],
  ["usr/lib/grub/i386-pc/boot_hybrid.img", 16777217, 16777216],
  ["usr/share/grub/unicode.pf2", 16777217, 16777216],
])("a %s of %i bytes is refused before it is read", async (path, size, most) => {
  const ran = await scene.run(["build", archive([sparse(path, size)]), "-o", "out/x.iso"]);
  await expectRefusal(scene, ran, {
    exit: 3,
    code: "E_PIECE_TOO_LARGE",
    says: [`\`/${path}\``, `${size} bytes, and at most ${most} are allowed`],
  });
});

test("os-release of a terabyte is refused before it is read", async () => {
  const ran = await scene.run(["build", archive([sparse("etc/os-release", 10 ** 12)]), "-o", "out/x.iso"]);
  await expectRefusal(scene, ran, { exit: 3, code: "E_TEXT_TOO_LARGE", says: ["`/etc/os-release`"] });
});

test("150,000 files in one folder", async () => {
  function* files(): Generator<Member> {
    for (let i = 0; i < 150_000; i++) yield { name: `many/${i}` };
  }
  const ran = await scene.run(["inspect", archive(files())]);
  expect({ code: ran.code, stderr: ran.stderr }).toEqual({ code: 0, stderr: "" });
  rmSync(scene.at("image.tar"));
});

test("other file systems that are mounted in a folder are left out, and named", async () => {
  const point = scene.folder("image/usr/other");
  scene.mount(point, "-t", "tmpfs", "none");
  scene.write("image/usr/other/kept-out", "x");
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso", "--work", "work"]);
  expect(ran.code).toBe(0);
  expect(ran.stderr).toContain("Other file systems are mounted on `/usr/other`; their content is left out");
  const listed = Bun.spawnSync(["unsquashfs", "-l", scene.at("work/squashfs.img")]).stdout.toString();
  expect(listed).toContain("squashfs-root/usr/other\n");
  expect(listed).not.toContain("kept-out");
});
