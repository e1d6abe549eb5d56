/** Clauses C1 and C2: which kernel of an image boots, and what is said if none can. */
import { afterAll, describe, expect, test } from "bun:test";
import { locateKernel } from "../../../../internal/contract/pieces/locate-kernel.ts";
import { openLayers } from "../../../helpers/images/memory-layers.ts";
import type { Member } from "../../../helpers/images/tar-maker.ts";

const opened: AsyncDisposable[] = [];
afterAll(async () => {
  for (const tree of opened) await tree[Symbol.asyncDispose]();
});

const MODULES = "usr/lib/modules";
const kernel = (version: string): Member[] => [
  { name: `${MODULES}/${version}/vmlinuz`, content: "k" },
  { name: `${MODULES}/${version}/initramfs.img`, content: "i" },
];
const link = (name: string, target: string): Member => ({ name, type: "2", link: target });
const file = (name: string): Member => ({ name, content: "x" });

async function locate(members: readonly Member[], wanted?: string) {
  const tree = await openLayers([members]);
  opened.push(tree);
  const { kernel, findings } = locateKernel(tree.root, wanted);
  return {
    version: kernel?.version,
    codes: findings.map(({ code }) => code),
    seen: findings.map(({ seen }) => seen),
    fixes: findings.map(({ fix }) => fix),
    others: kernel?.others,
  };
}

describe("locateKernel: choice", () => {
  test.each([
    [["6.9-1.x86_64", "6.10-1.x86_64"], "6.10-1.x86_64"],
    [["6.10-1.x86_64", "6.10-1.x86_64+debug"], "6.10-1.x86_64"],
    [["6.10-1.x86_64", "6.10-1.x86_64+rt", "6.10-1.x86_64+rt-debug"], "6.10-1.x86_64"],
    [["6.9-1.x86_64", "6.10-1.x86_64+debug"], "6.10-1.x86_64+debug"],
    [["6.1.0", "6.1.0+", "6.1.0+deb12"], "6.1.0"],
  ])("%j: %s", async (versions, chosen) => {
    const { version, codes } = await locate(versions.flatMap(kernel));
    expect(version).toBe(chosen);
    expect(codes).toEqual(["F_KERNEL_SEVERAL"]);
  });

  test("a plain kernel without an initramfs is not preferred", async () => {
    const { version } = await locate([file(`${MODULES}/6.10/vmlinuz`), ...kernel("6.10+debug")]);
    expect(version).toBe("6.10+debug");
  });

  test("a symlink to a module directory is not a second kernel", async () => {
    const members = [
      ...kernel("6.1.0"),
      link(`${MODULES}/9999`, "6.1.0"),
      link(`${MODULES}/a`, `/${MODULES}/9999`),
    ];
    expect(await locate(members)).toMatchObject({ version: "6.1.0", codes: [], others: [] });
    expect(await locate(members, "9999")).toMatchObject({ version: "6.1.0", codes: [] });
  });

  test("a symlink to a directory elsewhere is a kernel", async () => {
    const members = [file("opt/k/vmlinuz"), file("opt/k/initramfs.img"), link(`${MODULES}/6.1`, "/opt/k")];
    expect(await locate(members)).toMatchObject({ version: "6.1", codes: [] });
  });

  test("a kernel in a directory with another kind of name is named", async () => {
    const odd = await locate([...kernel("6.1"), ...kernel("my kernel\x1b")]);
    expect(odd).toMatchObject({ version: "6.1", codes: ["F_KERNEL_NAME"] });
    expect(odd.seen).toEqual([`The kernel in \`/${MODULES}/my kernel\\x1b\` is ignored.`]);
    expect((await locate(kernel("my kernel"))).codes).toEqual(["F_KERNEL_NAME", "F_KERNEL_MISSING"]);
  });

  test("up to 64 module directories are looked at, however they are reached", async () => {
    const links = (count: number) =>
      Array.from({ length: count }, (_, at) => link(`${MODULES}/9.${at}`, at === 0 ? "6.1" : `9.${at - 1}`));
    expect(await locate([...kernel("6.1"), ...links(63)])).toMatchObject({ version: "6.1", codes: [] });
    expect(await locate([...kernel("6.1"), ...links(64)])).toMatchObject({
      version: undefined,
      codes: ["F_KERNEL_MANY"],
      seen: [`\`/${MODULES}\` has more than 64 directories.`],
    });
  });
});

describe("locateKernel: a kernel elsewhere", () => {
  const NONE = "The image has no `vmlinuz` in any directory below `/usr/lib/modules` (or `/usr/lib/module`)";
  const SHA = "0123456789abcdef".repeat(4);

  test.each([
    ["boot/vmlinuz-6.1.0-9-amd64", "6.1.0-9-amd64", "/boot/vmlinuz-6.1.0-9-amd64"],
    [`usr/lib/ostree-boot/vmlinuz-6.1-${SHA}`, "6.1", `/usr/lib/ostree-boot/vmlinuz-6.1-${SHA}`],
    [`${MODULES}/6.1/vmlinuz.gz`, "6.1", `/${MODULES}/6.1/vmlinuz.gz`],
    [`${MODULES}/6.1/Image`, "6.1", `/${MODULES}/6.1/Image`],
  ])("%s: the exact move is named", async (name, version, path) => {
    expect(await locate([file(name)])).toMatchObject({
      codes: ["F_KERNEL_MISSING"],
      seen: [`${NONE}, but it has \`${path}\`.`],
      fixes: [
        `Move it in the image: \`mkdir -p /${MODULES}/${version} && mv ${path} /${MODULES}/${version}/vmlinuz\`.`,
      ],
    });
  });

  test("/lib/modules where /lib is not a symlink", async () => {
    const { seen, fixes } = await locate([file("lib/modules/6.1/vmlinuz")]);
    expect(seen).toEqual([`${NONE}, but it has \`/lib/modules/6.1\`.`]);
    expect(fixes[0]).toContain(`mv /lib/modules/6.1 /${MODULES}/6.1`);
  });

  test.each([
    "boot/EFI/Linux/os.efi",
    "efi/EFI/Linux/os.EFI",
    `${MODULES}/6.1/uki.efi`,
  ])("%s is called a unified kernel image", async (name) => {
    const { seen, fixes } = await locate([file(name)]);
    expect(seen).toEqual([
      `${NONE}, but \`/${name}\` is a unified kernel image, which platter does not boot.`,
    ]);
    expect(fixes[0]).toContain("`vmlinuz` and `initramfs.img`");
  });

  test("a name with a quote or a space stays one word of the command", async () => {
    const { fixes } = await locate([file("boot/vmlinuz-6.1 it's")]);
    expect(fixes[0]).toContain("mv '/boot/vmlinuz-6.1 it'\\''s' ");
  });

  test("nothing at all", async () => {
    expect(await locate([file("etc/os-release")])).toMatchObject({
      codes: ["F_KERNEL_MISSING"],
      seen: [`${NONE}.`],
    });
  });

  test.each([
    "boot/initramfs-6.1.img",
    "boot/initrd.img-6.1",
    `usr/lib/ostree-boot/initramfs-6.1.img-${SHA}`,
  ])("the initramfs in %s is named, with the move", async (name) => {
    const { codes, seen, fixes } = await locate([
      file(`${MODULES}/6.1/vmlinuz`),
      file(name),
      file("boot/initrd.img-5"),
    ]);
    expect(codes).toEqual(["F_INITRAMFS_MISSING"]);
    expect(seen).toEqual([
      `The image has no \`initramfs.img\` in \`/${MODULES}/6.1\`, but it has \`/${name}\`.`,
    ]);
    expect(fixes[0]).toContain(
      `dracut --no-hostonly --add dmsquash-live --kver 6.1 /${MODULES}/6.1/initramfs.img`,
    );
    expect(fixes[0]).toContain(`mv /${name} /${MODULES}/6.1/initramfs.img`);
  });
});
