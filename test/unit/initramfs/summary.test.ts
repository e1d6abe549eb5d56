import { describe, expect, test } from "bun:test";
import { moduleName, summarizeInitramfs } from "../../../internal/initramfs/summary.ts";
import { type CpioEntry, liveFiles, newc } from "../../helpers/cpio.ts";

async function summary(entries: readonly (CpioEntry | string)[]) {
  async function* input(): AsyncGenerator<Uint8Array> {
    yield newc(entries);
  }
  return await summarizeInitramfs(input(), { signal: new AbortController().signal });
}

describe("what made an initramfs, and what it can do", () => {
  test("dracut's, for live media", async () => {
    const told = await summary(liveFiles("6.1.0-1"));
    expect(told).toMatchObject({
      generator: "dracut",
      dracutVersion: "107-1.fc42",
      overlay: "by-itself",
      isoScan: true,
      problem: undefined,
    });
    expect([...told.live]).toEqual(["dmsquash-live"]);
    expect([...told.kernels.keys()]).toEqual(["6.1.0-1"]);
    expect([...told.kernels.get("6.1.0-1")!]).toContain("usb_storage");
  });

  test.each<[string, string[], string | undefined, string[]]>([
    [
      "dracut's without /usr",
      ["lib/dracut/dracut-059-4", "sbin/dmsquash-live-root"],
      "dracut",
      ["dmsquash-live"],
    ],
    [
      "where sbin is bin",
      ["usr/lib/dracut-lib.sh", "usr/bin/dmsquash-live-root"],
      "dracut",
      ["dmsquash-live"],
    ],
    ["initramfs-tools'", ["conf/initramfs.conf", "init"], "initramfs-tools", []],
    ["live-boot's", ["conf/initramfs.conf", "scripts/live"], "initramfs-tools", ["live-boot"]],
    ["live-boot's newer one", ["usr/lib/live/boot/9990-main.sh"], undefined, ["live-boot"]],
    ["mkinitcpio's", ["init", "init_functions", "hooks/udev"], "mkinitcpio", []],
    ["one made by hand", ["init", "bin/busybox", "livery/scripts/live"], undefined, []],
  ])("%s", async (_, names, generator, live) => {
    const told = await summary(names);
    expect({ generator: told.generator, live: [...told.live] }).toEqual({ generator, live } as never);
  });

  test.each<["none" | "any" | "for-live-media", string, string | undefined]>([
    ["none", "without an init", undefined],
    ["any", "one that does something else", "#!/bin/sh\nexec switch_root /sysroot /sbin/init\n"],
    [
      "any",
      "one that only speaks of it",
      "#!/bin/sh\n# root=live:CDLABEL=X, then mount /LiveOS/squashfs.img\n",
    ],
    ["any", "one that does not read the argument", "mount -o loop /cd/LiveOS/squashfs.img /sysroot\n"],
    [
      "for-live-media",
      "one that does it",
      "case $word in root=live:CDLABEL=*) l=x ;; esac\nmount -o loop /cd/LiveOS/squashfs.img /sysroot\n",
    ],
  ])("an init: %s, %s", async (init, _, content) => {
    const told = await summary(content === undefined ? ["bin/sh"] : [{ name: "init", content }]);
    expect(told.init).toBe(init);
  });

  test("Anaconda's", async () => {
    const modules = "anaconda\nlivenet\ndmsquash-live\nbase\n";
    const { live } = await summary([{ name: "usr/lib/dracut/modules.txt", content: modules }]);
    expect([...live].sort()).toEqual(["anaconda", "dmsquash-live", "livenet"]);
  });

  test.each<["by-itself" | "by-argument", string, string, string | undefined]>([
    ["by-argument", "059-4", "overlayfs", "exit 0"],
    ["by-itself", "059-22.fc39", "overlayfs", "echo > /etc/cmdline.d/dmsquash-need-overlay.conf"],
    ["by-itself", "057-1", "base", "exit 0"],
    ["by-argument", "058", "overlayfs", undefined],
    ["by-itself", "107-1", "overlayfs", undefined],
  ])("an overlay comes %s: dracut %s with module %s and %p", async (overlay, version, module, script) => {
    const told = await summary([
      { name: `usr/lib/dracut/dracut-${version}` },
      { name: "usr/lib/dracut/modules.txt", content: `dmsquash-live\n${module}\n` },
      ...(script === undefined ? [] : [{ name: "usr/sbin/dmsquash-live-root", content: script }]),
    ]);
    expect(told).toMatchObject({ overlay, dracutVersion: version });
  });

  test("modules by kernel, also of a directory without any, and what is built in", async () => {
    const told = await summary([
      { name: "usr/lib/modules/6.1", mode: 0o40755 },
      "lib/modules/6.2/kernel/fs/isofs/isofs.ko.zst",
      "lib/modules/6.2/extra/a-b.ko",
      "lib/modules/6.2/kernel/fs/no.konsole",
      { name: "usr/lib/modules/6.2/modules.builtin", content: "kernel/drivers/block/loop.ko\n" },
    ]);
    expect([...told.kernels].map(([version, modules]) => [version, [...modules]])).toEqual([
      ["6.1", []],
      ["6.2", ["isofs", "a_b"]],
    ]);
    expect([...told.builtin]).toEqual([["6.2", "kernel/drivers/block/loop.ko\n"]]);
  });

  test("no more kernels than anyone has", async () => {
    const { kernels } = await summary(Array.from({ length: 1000 }, (_, i) => `lib/modules/${i}/a.ko`));
    expect(kernels.size).toBe(64);
    const long = await summary([
      `lib/modules/6.1/${"x".repeat(65)}.ko`,
      `lib/modules/6.1/${"y".repeat(64)}.ko`,
    ]);
    expect([...long.kernels.get("6.1")!]).toEqual(["y".repeat(64)]);
  });

  test("packed by dracut's squash module: not looked into", async () => {
    for (const name of ["squash/root.img", "squash-root.img", "squashfs-root.img", "erofs-root.img"]) {
      const { problem } = await summary(["init", name]);
      expect(problem).toEqual({ kind: "closed", message: `keeps its files in \`${name}\`` });
    }
  });

  test("a damaged one: what was read by then, and why it ends", async () => {
    async function* input(): AsyncGenerator<Uint8Array> {
      yield Buffer.concat([newc(liveFiles("6.1")), Buffer.from("damage")]);
    }
    const { problem, generator } = await summarizeInitramfs(input(), {
      signal: new AbortController().signal,
    });
    expect(generator).toBe("dracut");
    expect(problem).toMatchObject({ kind: "broken", message: expect.stringContaining("64 61 6d 61 67 65") });
  });
});

test.each([
  ["kernel/fs/overlayfs/overlay.ko", "overlay"],
  ["kernel/drivers/usb/storage/usb-storage.ko.xz", "usb_storage"],
  ["loop.ko.gz", "loop"],
  ["modules.dep", undefined],
  ["kernel/fs/isofs", undefined],
])("the module in %s is %p", (path, name) => {
  expect(moduleName(path)).toBe(name);
});
