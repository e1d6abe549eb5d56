/** Findings about systems that boot and then do not work, and what they do to the boot claims. */
import { afterEach, beforeEach, expect, setDefaultTimeout, test } from "bun:test";
import { existsSync } from "node:fs";
import { gzipSync } from "node:zlib";
import type { Finding } from "../../../internal/contract/findings/finding.ts";
import { GCD_MODULES, tinyPrograms } from "../../helpers/boot/boot-programs.ts";
import { efiProgram } from "../../helpers/efi-program.ts";
import { smallLive } from "../../helpers/images/small-live.ts";
import { type Changes, CONFIG, GCD, KVER, MM, SHIM, tinyImage } from "../../helpers/images/tiny-image.ts";
import { Scene } from "../../helpers/scene.ts";

setDefaultTimeout(60_000);

let scene: Scene;
beforeEach(() => {
  scene = new Scene("system");
});
afterEach(() => scene[Symbol.dispose]());

interface Inspection {
  findings: Finding[];
  boots: Record<"bios" | "uefi" | "secureBoot", { boots: boolean; reasons: { code: string }[] }>;
}

async function inspect(changes: Changes, ...flags: string[]): Promise<Inspection> {
  tinyImage(scene.at("image"), changes);
  const { stdout } = await scene.succeed(["inspect", "dir:image", "--json", ...flags]);
  return JSON.parse(stdout);
}

const ENFORCING = {
  "etc/selinux/config": "# a comment\nSELINUX=enforcing\nSELINUXTYPE=targeted\n",
  "etc/selinux/targeted/policy/policy.33": "policy",
};
const entry = (args: string) =>
  `label: TINY\ngrub2:\n  entries:\n    - {name: A, linux: $kernelpath root=live:CDLABEL=TINY rd.live.image ${args}, initrd: $initrdpath}\n`;

test("an enforcing SELinux without labels: the entries without enforcing=0 are named", async () => {
  const { findings, boots } = await inspect({ with: { ...ENFORCING, [CONFIG]: entry("quiet") } });
  expect(findings).toMatchObject([
    {
      code: "F_SELINUX_UNLABELLED",
      severity: "warning",
      fix: expect.stringContaining("`enforcing=0`"),
      entries: [0],
    },
  ]);
  expect(boots.bios).toMatchObject({ boots: true, reasons: [{ code: "F_SELINUX_UNLABELLED" }] });
});

test.each([
  ["enforcing=0", {}],
  ["selinux=0", {}],
  ["quiet", { "etc/selinux/config": "SELINUX=permissive\nSELINUXTYPE=targeted\n" }],
  ["quiet", { "etc/selinux/config": "SELINUX=enforcing\nSELINUXTYPE=mls\n" }],
])("SELinux with %s and %j: no finding", async (args, changes) => {
  const { findings } = await inspect({ with: { ...ENFORCING, ...changes, [CONFIG]: entry(args) } });
  expect(findings).toEqual([]);
});

test("a key for MokManager that stays in the image", async () => {
  const { findings } = await inspect({ with: { "boot/efi/EFI/MOK.der": "a key" } });
  expect(findings).toMatchObject([
    {
      code: "F_MOK_LEFT",
      severity: "note",
      seen: "The image has `/boot/efi/EFI/MOK.der`, and the ISO does not.",
    },
  ]);
});

test("a kernel that cannot mount the chosen compression boots nowhere", async () => {
  const config = "CONFIG_SQUASHFS=y\nCONFIG_SQUASHFS_ZLIB=y\n";
  const changes = { with: { [`usr/lib/modules/${KVER}/config`]: config } };
  const { findings, boots } = await inspect(changes);
  expect(findings).toMatchObject([{ code: "F_KERNEL_COMPRESSION", fix: "Choose `--compression gzip`." }]);
  expect(boots.uefi).toMatchObject({ boots: false, reasons: [{ code: "F_KERNEL_COMPRESSION" }] });
  const zstd = await scene.succeed(["build", "dir:image", "-o", "out/z.iso"]);
  expect(zstd.stderr).toContain("[F_KERNEL_COMPRESSION]");
  expect(zstd.stderr).toMatch(/^ {2}boots +BIOS ✗ {3}UEFI ✗ {3}Secure Boot ✗ the kernel cannot mount/m);
  const gzip = await scene.succeed(["build", "dir:image", "-o", "out/g.iso", "--compression", "gzip"]);
  expect(gzip.stderr).not.toContain("F_KERNEL_COMPRESSION");
  expect(gzip.stderr).toMatch(/^ {2}boots +BIOS ✓/m);
});

test("the kernel's configuration in /boot counts as well", async () => {
  const config = "CONFIG_SQUASHFS=y\nCONFIG_SQUASHFS_ZLIB=y\n";
  const { findings } = await inspect({ with: { [`boot/config-${KVER}`]: config } });
  expect(findings.map(({ code }) => code)).toEqual(["F_KERNEL_COMPRESSION"]);
});

test("a kernel packed with gzip: Secure Boot is a no in inspect, in build and in the report", async () => {
  const packed = new Uint8Array(gzipSync(tinyPrograms().kernel));
  const { findings, boots } = await inspect({ with: { [`usr/lib/modules/${KVER}/vmlinuz`]: packed } });
  expect(findings).toMatchObject([{ code: "F_KERNEL_GZIP", severity: "warning" }]);
  expect([boots.bios.boots, boots.uefi.boots, boots.secureBoot.boots]).toEqual([true, true, false]);
  const ran = await scene.succeed(["build", "dir:image", "-o", "out/x.iso", "--report", "-"]);
  expect(ran.stderr).toMatch(/^ +Secure Boot ✗ the kernel is compressed with gzip \(F_KERNEL_GZIP\)$/m);
  const { byproducts } = JSON.parse(ran.stdout).predicate.runDetails;
  expect(byproducts[1].annotations.secureBoot).toEqual(boots.secureBoot);
});

test("a menu of which no entry finds its root file system is refused, in the place that says so", async () => {
  tinyImage(scene.at("image"), { with: { [CONFIG]: entry("quiet").replace("=TINY", "=OTHER") } });
  const ran = await scene.run(["build", "dir:image", "-o", "out/x.iso"]);
  expect(ran.code).toBe(3);
  expect(ran.stderr).toContain("[E_MENU_BOOTS_NOWHERE]");
  expect(ran.stderr).toContain(`/${CONFIG}:4:`);
  expect(await scene.leftovers()).toEqual([]);
});

test("a kernel that shim does not trust: the menu for UEFI starts MokManager, and verify has no problem with it", async () => {
  const unsigned = { [`usr/lib/modules/${KVER}/vmlinuz`]: efiProgram({ linux: "x86" }) };
  const menuOf = async (firmware: string) =>
    (await scene.succeed(["render-grub", "dir:image", "--firmware", firmware])).stdout;
  tinyImage(scene.at("image"), { with: unsigned });
  expect(await menuOf("efi")).toContain("  chainloader /EFI/BOOT/mmx64.efi\n");
  expect(await menuOf("bios")).not.toContain("chainloader");
  await scene.succeed(["build", "dir:image", "-o", "out/x.iso"]);
  const report = await scene.succeed(["verify", "out/x.iso", "--json"]);
  expect(
    JSON.parse(report.stdout).checks.flatMap(({ problems }: { problems: unknown[] }) => problems),
  ).toEqual([]);
});

test("no entry for MokManager if it is not on the ISO, or the kernel is trusted", async () => {
  tinyImage(scene.at("image"), {
    without: [MM],
    with: { [`usr/lib/modules/${KVER}/vmlinuz`]: efiProgram({ linux: "x86" }) },
  });
  tinyImage(scene.at("trusted"));
  for (const image of ["dir:image", "dir:trusted"]) {
    const { stdout } = await scene.succeed(["render-grub", image]);
    expect(stdout).not.toContain("chainloader");
  }
});

test.each([
  ["fedora", "Install `shim-x64` in the image.", "Install `grub2-efi-x64-cdboot` in the image."],
  ["debian", "Install `shim-signed` in the image.", "Install `grub-efi-amd64-signed` in the image."],
])("an unsigned shim and GRUB in %s: the cure names the distribution's packages", async (id, shim, grub) => {
  const [program, loader] = [efiProgram({}), efiProgram({ sections: { mods: GCD_MODULES } })];
  const { findings } = await inspect({
    with: { [SHIM]: program, [GCD]: loader, "etc/os-release": `ID=${id}\nVERSION_ID=7\n` },
  });
  const fixes = new Map(findings.map(({ code, fix }) => [code, fix]));
  expect(fixes.get("F_SHIM_UNSIGNED")).toBe(shim);
  expect(fixes.get("F_GCD_UNSIGNED")).toBe(grub);
});

/** Builds an ISO with the label X2. */
const build = (config: string) => {
  scene.write("my.yaml", config);
  const image = ["build", `oci:${smallLive().oci}`, "--compression", "fast", "--config", "my.yaml"];
  return scene.run([...image, "-o", "out/x.iso", "--label", "X2"]);
};

test("a label written out in iso.yaml follows --label: the ISO finds its root file system", async () => {
  const args = "[root=live:CDLABEL=PLATTER_LIVE, rd.live.image, opt=PLATTER_LIVE]";
  const { code, stderr } = await build(`label: PLATTER_LIVE\nkernel_args: ${args}\n`);
  expect(code).toBe(0);
  expect(stderr).toContain(
    "  where: my.yaml:2:14: `root=live:CDLABEL=PLATTER_LIVE` became `root=live:CDLABEL=X2` in 1 entry of the menu\n",
  );
  expect(stderr).toContain("note[F_MENU_LABEL_FOLLOWS]: ");
  expect(stderr).not.toContain("F_MENU_LABEL_MISMATCH");
  expect(stderr).toMatch(/^ {2}boots +BIOS ✓/m);
  const verified = await scene.succeed(["verify", "out/x.iso"]);
  expect(verified.stdout).toContain("X2");
});

test("a label that is neither that of iso.yaml nor that of --label: no ISO is made", async () => {
  const failed = await build("label: PLATTER_LIVE\nkernel_args: [root=live:CDLABEL=X1, rd.live.image]\n");
  expect(failed.code).toBe(3);
  expect(failed.stderr).toContain("error[E_MENU_BOOTS_NOWHERE]: ");
  expect(failed.stderr).not.toContain("F_MENU_LABEL_FOLLOWS");
  expect(existsSync(scene.at("out/x.iso"))).toBe(false);
});

test("such a label in one of two entries: the ISO is made, and boots with the other", async () => {
  const entry = (name: string, label: string) =>
    `    - {name: ${name}, linux: "$kernelpath root=live:CDLABEL=${label} rd.live.image", initrd: $initrdpath}\n`;
  const { code, stderr } = await build(
    `label: PLATTER_LIVE\ngrub2:\n  entries:\n${entry("A", "X1")}${entry("B", "$isolabel")}`,
  );
  expect(code).toBe(0);
  const limit = "not with every menu entry: a kernel argument looks for another label than the ISO's";
  expect(stderr).toContain(`${limit} (F_MENU_LABEL_MISMATCH)`);
  const verified = await scene.run(["verify", "out/x.iso"]);
  expect(verified.stdout).toContain(`${limit} (F_MENU_LABEL_MISMATCH)`);
  expect(verified.stderr).toContain("E_VERIFY");
});
