import { describe, expect, test } from "bun:test";
import {
  checkInitramfs,
  type InitramfsChecks,
} from "../../../../internal/contract/checks/check-initramfs.ts";
import { lookIntoInitramfs } from "../../../../internal/contract/plan/look-into-initramfs.ts";
import type { InitramfsSummary, LiveSupport } from "../../../../internal/initramfs/summary.ts";
import { plan } from "../../../helpers/plan.ts";

const MODULES =
  "squashfs isofs loop overlay sr_mod cdrom sd_mod usb_storage uas xhci_hcd xhci_pci ehci_hcd ehci_pci exfat";
const KERNEL = "6.10";

function summary(changes: Partial<InitramfsSummary> = {}): InitramfsSummary {
  return {
    generator: "dracut",
    dracutVersion: "107-1",
    init: "any",
    live: new Set<LiveSupport>(["dmsquash-live"]),
    overlay: "by-itself",
    isoScan: true,
    kernels: new Map([[KERNEL, new Set(MODULES.split(" "))]]),
    builtin: new Map(),
    problem: undefined,
    ...changes,
  };
}

function entry(...kernelArgs: string[]) {
  return { ...plan().menu.entries[0]!, title: kernelArgs[0]!, kernelArgs };
}

function check(changes: Partial<InitramfsSummary> = {}, more: Partial<InitramfsChecks> = {}) {
  const findings = checkInitramfs({
    summary: summary(changes),
    path: "/initramfs.img",
    size: 50_000_000,
    kernelVersion: KERNEL,
    builtin: "",
    menu: plan().menu,
    architecture: "x86_64",
    nestedLiveOs: "absent",
    ...more,
  });
  return findings.map(({ code, seen, fix }) => ({ code, seen, fix }));
}

function menuOf(...entries: ReturnType<typeof entry>[]) {
  return { menu: { ...plan().menu, entries } };
}

const without = (...names: string[]) => ({
  kernels: new Map([[KERNEL, new Set(MODULES.split(" ").filter((name) => !names.includes(name)))]]),
});

describe("live support", () => {
  test("all that is needed: no findings", () => {
    expect(check()).toEqual([]);
  });

  test("without an init or a known generator: the finding names what was looked for", () => {
    const bare = {
      generator: undefined,
      dracutVersion: undefined,
      init: "none" as const,
      live: new Set<LiveSupport>(),
    };
    const [finding, ...others] = check(bare);
    expect(others).toEqual([]);
    expect(finding).toMatchObject({
      code: "F_INITRAMFS_NO_LIVE",
      seen: "None of dracut's `dmsquash-live`, Anaconda's module for it and Debian's live-boot is in `/initramfs.img`.",
      fix: expect.stringContaining(`--kver ${KERNEL} /usr/lib/modules/${KERNEL}/initramfs.img`),
    });
  });

  test("an init of its own may do what dracut does: a note", () => {
    const own = { generator: undefined, dracutVersion: undefined, live: new Set<LiveSupport>() };
    expect(check(own)).toMatchObject([
      { code: "F_INITRAMFS_OWN_INIT", seen: expect.stringContaining("which has an `init` of its own.") },
    ]);
    expect(check({ ...own, generator: "systemd" }, menuOf(entry("quiet")))).toMatchObject([
      { code: "F_INITRAMFS_NO_LIVE" },
    ]);
  });

  test("an init of its own that is for live media needs no finding", () => {
    const own = { generator: undefined, dracutVersion: undefined, live: new Set<LiveSupport>() };
    expect(check({ ...own, init: "for-live-media" })).toEqual([]);
  });

  test.each<[string, Partial<InitramfsSummary>, string, string]>([
    ["root=live:CDLABEL=X", { live: new Set() }, "dracut's module `dmsquash-live`", "dracut 107-1 made"],
    [
      "root=live:CDLABEL=X",
      { live: new Set(["live-boot"]), generator: "initramfs-tools", dracutVersion: undefined },
      "dracut's module `dmsquash-live`",
      "initramfs-tools made",
    ],
    ["root=live:https://a/b.iso", {}, "dracut's module `livenet`", '--add "dmsquash-live livenet"'],
    ["inst.stage2=hd:LABEL=X", {}, "Anaconda's dracut module", '--add "dmsquash-live anaconda"'],
    ["boot=live", {}, "Debian's live-boot", "root=live:CDLABEL=LABEL"],
    ["boot=casper", {}, "Ubuntu's casper", "root=live:CDLABEL=LABEL"],
  ])("%s asks for what is not there (%o)", (argument, changes, title, says) => {
    const found = check(changes, menuOf(entry("quiet"), entry(argument)));
    expect(found).toMatchObject([{ code: "F_INITRAMFS_ARGUMENT" }]);
    const { seen, fix } = found[0]!;
    expect(seen).toContain(`\`${argument}\`, and ${title} is not in the initramfs`);
    expect(`${seen} ${fix}`).toContain(says);
  });

  test("an argument that is met, or that another initramfs may meet", () => {
    const live = new Set<LiveSupport>(["anaconda", "livenet", "dmsquash-live"]);
    expect(check({ live }, menuOf(entry("inst.stage2=hd:LABEL=X"), entry("root=live:http://a")))).toEqual([]);
    const other = { ...entry("boot=live"), initrdPaths: ["/images/pxeboot/initrd.img", "/other.img"] };
    expect(check({}, menuOf(other))).toEqual([]);
  });

  test("live-boot is there, and looks elsewhere", () => {
    const changes = { generator: "initramfs-tools", live: new Set<LiveSupport>(["live-boot"]) } as const;
    expect(check({ ...changes, isoScan: true }, menuOf(entry("boot=live")))).toMatchObject([
      { code: "F_INITRAMFS_LIVE_BOOT", seen: "The entry `boot=live` has the kernel argument `boot=live`." },
    ]);
  });

  test("a directory /LiveOS in the image", () => {
    const nested = { nestedLiveOs: "present" } as const;
    expect(check({}, nested)).toMatchObject([{ code: "F_INITRAMFS_NESTED_LIVEOS" }]);
    expect(check({ live: new Set(["live-boot"]), generator: undefined }, nested)).toEqual([]);
  });
});

test("a large initramfs: its size is noted, also if it cannot be read", () => {
  const LARGE = 250 * 1024 * 1024;
  const seen = "`/initramfs.img` has 250 MiB.";
  expect(check({}, { size: LARGE })).toMatchObject([{ code: "F_INITRAMFS_LARGE", seen }]);
  const problem = { kind: "closed", message: "is packed" } as const;
  expect(check({ problem }, { size: LARGE }).map(({ code }) => code)).toEqual([
    "F_INITRAMFS_CLOSED",
    "F_INITRAMFS_LARGE",
  ]);
  expect(check({}, { size: 150 * 1024 * 1024 })).toEqual([]);
});

describe("dracut's overlay", () => {
  const changes = { overlay: "by-argument", dracutVersion: "059-4" } as const;

  test.each([
    [["quiet"]],
    [["rd.live.overlay.overlayfs=0"]],
    [["rd.live.overlay.overlayfs", "rd.live.overlay.overlayfs=no"]],
  ])("%j does not ask for it", (more) => {
    const found = check(changes, menuOf(entry("root=live:CDLABEL=X", ...more)));
    expect(found).toMatchObject([{ code: "F_INITRAMFS_OVERLAY" }]);
    expect(found[0]!.seen).toBe(
      "The entry `root=live:CDLABEL=X` does not have the kernel argument `rd.live.overlay.overlayfs=1`, and the initramfs has dracut 059-4.",
    );
  });

  test.each([
    [["rd.live.overlay.overlayfs=1"]],
    [["rd.live.overlay.overlayfs"]],
    [["rd.live.overlay.overlayfs=yes"]],
  ])("%j asks for it", (more) =>
    expect(check(changes, menuOf(entry("root=live:CDLABEL=X", ...more)))).toEqual([]));

  test("the name that it has in later versions", () => {
    const found = check(
      changes,
      menuOf(entry("root=live:CDLABEL=X", "rd.overlay=1"), entry("root=live:CDLABEL=Y")),
    );
    expect(found[0]!.seen).toEndWith("dracut 059-4. dracut calls it `rd.overlay` from version 110 on.");
    expect(found[0]!.seen).toContain("(and 1 more)");
    expect(check({}, menuOf(entry("root=live:CDLABEL=X", "rd.overlay=1")))).toEqual([]);
  });

  test("an entry that boots something else needs none", () => {
    expect(check(changes, menuOf(entry("root=/dev/sda1")))).toEqual([]);
  });
});

describe("kernel modules", () => {
  test.each<[string, string[], string]>([
    [
      "F_INITRAMFS_MODULES",
      ["squashfs", "loop"],
      "`squashfs`, `loop` are neither in `/initramfs.img` nor built into",
    ],
    ["F_INITRAMFS_OPTICAL", ["sr_mod"], "`sr_mod` is neither"],
    ["F_INITRAMFS_USB", ["usb_storage", "xhci_pci"], "`usb_storage`, `xhci_pci` are neither"],
    ["F_INITRAMFS_USB_SOME", ["uas"], "`uas` is neither"],
    ["F_INITRAMFS_VENTOY", ["exfat"], "lacks the module `exfat`."],
  ])("%s: %j", (code, names, says) => {
    const found = check(without(...names));
    expect(found).toMatchObject([{ code, seen: expect.stringContaining(says) }]);
    const builtin = names.map((name) => `kernel/${name.replaceAll("_", "-")}.ko\n`).join("");
    expect(check(without(...names), { builtin })).toEqual([]);
    // The initramfs has a list of its own, which serves where the image has none.
    expect(
      check({ ...without(...names), builtin: new Map([[KERNEL, builtin]]) }, { builtin: undefined }),
    ).toEqual([]);
  });

  test("a missing list of built-in modules is reported", () => {
    expect(check(without("overlay"), { builtin: undefined })[0]!.seen).toEndWith(
      "nor built into the kernel; without a `modules.builtin`, the built-in modules are unknown.",
    );
  });

  test("no modules at all", () => {
    const codes = check({ kernels: new Map() }).map(({ code }) => code);
    expect(codes).toEqual([
      "F_INITRAMFS_MODULES",
      "F_INITRAMFS_OPTICAL",
      "F_INITRAMFS_USB",
      "F_INITRAMFS_USB_SOME",
      "F_INITRAMFS_VENTOY",
    ]);
  });

  test("another kernel's: that, and not each module", () => {
    expect(check({ kernels: new Map([["6.9\x1b[1m", new Set()]]) })).toMatchObject([
      {
        code: "F_INITRAMFS_KERNEL",
        seen: "`/initramfs.img` has modules for `6.9\\x1b[1m`, and the kernel is `6.10`.",
      },
    ]);
  });

  test("one of several host controllers is enough on aarch64", () => {
    const names = ["xhci_pci", "ehci_hcd", "ehci_pci"];
    const kernels = new Map([
      [KERNEL, new Set([...without(...names).kernels.get(KERNEL)!, "xhci_plat_hcd"])],
    ]);
    expect(check({ kernels }, { architecture: "aarch64" })).toEqual([]);
    expect(check(without(...names), { architecture: "aarch64" })).toMatchObject([
      { code: "F_INITRAMFS_USB", seen: expect.stringContaining("`xhci_pci` or `xhci_plat_hcd` is neither") },
    ]);
  });

  test("what Ventoy needs, all of it", () => {
    expect(check({ ...without("exfat"), isoScan: false })).toMatchObject([
      {
        code: "F_INITRAMFS_VENTOY",
        seen: "`/initramfs.img` lacks dracut's `iso-scan` and the module `exfat`.",
      },
    ]);
  });
});

test("one that cannot be read: that alone, and text from it is printable", () => {
  const broken = { kind: "broken", message: "ends\x1b" } as const;
  expect(check({ problem: broken, live: new Set(), kernels: new Map() })).toMatchObject([
    { code: "F_INITRAMFS_UNREADABLE", seen: "`/initramfs.img` ends\\x1b." },
  ]);
  expect(check({ problem: { kind: "closed", message: "is compressed with lzo" } })).toMatchObject([
    { code: "F_INITRAMFS_CLOSED", seen: "`/initramfs.img` is compressed with lzo." },
  ]);
});

test.each([
  [[], ["F_INITRAMFS_NESTED_LIVEOS"]],
  [["LiveOS"], []],
  [["Live*"], []],
  [["LiveOS/*"], ["F_INITRAMFS_NESTED_LIVEOS"]],
])("/LiveOS in the image with excludes %j", async (excludes, codes) => {
  const inode = { type: "directory", mode: 0o755, uid: 0, gid: 0, mtime: 0, size: 0, links: 1 } as const;
  const root = { name: "", parent: undefined, inode, children: new Map() };
  root.children.set("LiveOS", { name: "LiveOS", parent: root, inode, children: new Map() });
  const node = { name: "initramfs.img", parent: undefined, inode: { ...inode, type: "file" as const } };
  const file = { path: "/initramfs.img", node };
  const { findings } = await lookIntoInitramfs(
    { tree: { root } as never, readText: async () => "", readInitramfs: async () => summary() },
    {
      kernel: { version: KERNEL, vmlinuz: file, initramfs: file, builtin: file, others: [] },
      menu: plan().menu,
      architecture: "x86_64",
      excludes,
    },
  );
  expect(findings.map(({ code }) => code as string)).toEqual(codes);
});
