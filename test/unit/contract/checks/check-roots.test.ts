import { describe, expect, test } from "bun:test";
import { checkRoots } from "../../../../internal/contract/checks/check-roots.ts";
import { toVolumeLabel } from "../../../../internal/contract/config/label.ts";
import { rootSearch } from "../../../../internal/contract/config/root-arguments.ts";
import type { InitramfsSummary, LiveSupport } from "../../../../internal/initramfs/summary.ts";
import { plan } from "../../../helpers/plan.ts";

const LABEL = toVolumeLabel("MY_ISO").label!;
const ESCAPED = toVolumeLabel("A,B").label!;

const DRACUT: InitramfsSummary = {
  generator: "dracut",
  init: "any",
  dracutVersion: "107-1",
  live: new Set<LiveSupport>(["dmsquash-live"]),
  overlay: "by-itself",
  isoScan: true,
  kernels: new Map(),
  builtin: new Map(),
  problem: undefined,
};
const OWN: InitramfsSummary = { ...DRACUT, generator: undefined, dracutVersion: undefined, live: new Set() };

function check(lines: readonly string[], initramfs: InitramfsSummary | "not read" = DRACUT, label = LABEL) {
  const entries = lines.map((line, index) => ({
    title: `E${index}`,
    kernelPath: "/images/pxeboot/vmlinuz",
    kernelArgs: line.split(" ").filter((word) => word !== ""),
    initrdPaths: ["/images/pxeboot/initrd.img"],
  }));
  const menu = { ...plan().menu, entries };
  const read = initramfs === "not read" ? undefined : initramfs;
  return checkRoots({ menu, label, placeOf: () => undefined, initramfs: read });
}
const codes = (...args: Parameters<typeof check>) => check(...args).map(({ code }) => code as string);

describe("rootSearch", () => {
  const kind = (line: string, label = LABEL) => rootSearch({ kernelArgs: line.split(" ") }, label).kind;

  test.each([
    "root=live:CDLABEL=MY_ISO rd.live.image",
    "root=live:LABEL=MY_ISO",
    "root=live:CDLABEL=MY\\x5fISO",
    "root=live:/dev/disk/by-label/MY_ISO rd.live.image",
    "root=CDLABEL=MY_ISO rd.live.image",
    "root=LABEL=MY_ISO rd.live.image",
    "root=live:UUID=2026-12-01-00-00-00-00",
    "root=live:https://example.org/squashfs.img",
    "root=live:/dev/sr0",
    "root=LABEL=installed rd.luks.name=x",
    "root=/dev/disk/by-label/installed",
    "root=ZFS=pool/root",
    "inst.stage2=hd:LABEL=MY_ISO quiet",
    "inst.stage2=hd:LABEL=MY_ISO:/images/install.img",
    "inst.stage2=https://example.org/os",
    "inst.repo=hd:LABEL=MY_ISO",
    "inst.repo=cdrom",
    "inst.ks=hd:LABEL=MY_ISO:/ks.cfg",
    "inst.ks=https://example.org/ks.cfg",
    "inst.stage2=hd:LABEL=MY_ISO inst.ks=hd:LABEL=OEMDRV:/ks.cfg",
    "boot=live components",
    "boot=casper",
    "ostree=/ostree/boot.1/x",
    "coreos.liveiso=MY_ISO",
    "archisolabel=MY_ISO",
    "rd.live.overlay=LABEL=STICK root=live:CDLABEL=MY_ISO",
  ])("%s leads to a root file system", (line) => {
    expect(kind(line)).toBe("named");
  });

  test.each([
    "root=live:CDLABEL=OTHER",
    "root=live:CDLABEL=my_iso",
    "root=live:CDLABEL=MY-ISO",
    "root=live:LABEL=MY_ISO2",
    "root=live:LABEL=",
    "root=live:/dev/disk/by-label/OTHER",
    "root=CDLABEL=OTHER",
    "root=LABEL=OTHER rd.live.image",
    "inst.stage2=hd:LABEL=MY:/x",
    "inst.repo=hd:LABEL=OTHER",
    "inst.repo=hd:/dev/disk/by-label/OTHER",
    "inst.ks=hd:LABEL=OTHER:/ks.cfg",
    "root=live:CDLABEL=MY_ISO coreos.liveiso=OTHER",
    "root=live:CDLABEL=$isolabel",
  ])("%s looks for another label", (line) => {
    expect(kind(line)).toBe("other-label");
  });

  test.each([
    ["root=live:CDLABLE=MY_ISO rd.live.image", "CDLABEL"],
    ["root=live:cdlabel=MY_ISO", "CDLABEL"],
    ["inst.stage2=hd:LABLE=MY_ISO", "LABEL"],
    ["root=UIUD=1-2", "UUID"],
  ])("%s is misspelt", (line, meant) => {
    expect(rootSearch({ kernelArgs: line.split(" ") }, LABEL)).toMatchObject({ kind: "misspelt", meant });
  });

  test.each([
    ["quiet"],
    ["root="],
    ["console=ttyS0"],
    ["rd.live.image quiet"],
    ["BOOT=live"],
  ])("%s names no root file system", (line) => {
    expect(kind(line)).toBe("none");
  });

  test("the argument that is nearly one is found", () => {
    expect(rootSearch({ kernelArgs: ["rooot=live:CDLABEL=MY_ISO"] }, LABEL)).toEqual({
      kind: "none",
      near: { argument: "rooot=live:CDLABEL=MY_ISO", meant: "root" },
    });
    expect(rootSearch({ kernelArgs: ["inst.stage=hd:LABEL=MY_ISO"] }, LABEL)).toMatchObject({
      near: { meant: "inst.stage2" },
    });
  });

  test("a label that udev escapes is found in both spellings", () => {
    expect(kind("root=live:CDLABEL=A\\x2cB", ESCAPED)).toBe("named");
    expect(kind("root=live:CDLABEL=A,B", ESCAPED)).toBe("named");
    expect(kind("root=live:CDLABEL=A\\x2cC", ESCAPED)).toBe("other-label");
  });
});

describe("checkRoots", () => {
  const GOOD = "root=live:CDLABEL=MY_ISO rd.live.image";

  test("all entries lead to a root file system: no finding", () => {
    expect(check([GOOD, `${GOOD} nomodeset`])).toEqual([]);
  });

  test("some entries do not: a warning for each, with its index", () => {
    expect(check([GOOD, "quiet", "root=live:CDLABEL=OTHER"])).toMatchObject([
      {
        code: "F_MENU_NO_ROOT",
        severity: "warning",
        seen: "The entry `E1` has no kernel argument that names a root file system.",
        entries: [1],
      },
      {
        code: "F_MENU_LABEL_MISMATCH",
        severity: "warning",
        seen: "The entry `E2` has the kernel argument `root=live:CDLABEL=OTHER`, and the ISO's label is `MY_ISO`.",
        entries: [2],
      },
    ]);
  });

  test("no entry does: one error with the reasons, and the cure of the first", () => {
    expect(check(["root=live:CDLABLE=MY_ISO", "inst.repo=hd:LABEL=OTHER"])).toMatchObject([
      {
        code: "F_MENU_BOOTS_NOWHERE",
        severity: "error",
        seen: "No entry of the menu finds its root file system: `E0` has the kernel argument `root=live:CDLABLE=MY_ISO`, and `CDLABLE` is not known; `E1` has the kernel argument `inst.repo=hd:LABEL=OTHER`, and the ISO's label is `MY_ISO`.",
        fix: "Write `CDLABEL` if you mean that.",
      },
    ]);
    const many = check(["quiet", "a", "b", "c", "d"]);
    expect(many).toHaveLength(1);
    expect(many[0]!.seen).toEndWith("; and 2 more.");
  });

  test("an initramfs of an unknown kind may find the medium without an argument, and not by the label of another", () => {
    for (const generator of ["dracut", "initramfs-tools", "mkinitcpio", "systemd"] as const)
      expect(codes(["quiet"], { ...DRACUT, generator })).toEqual(["F_MENU_BOOTS_NOWHERE"]);
    const unreadable = { kind: "closed", message: "is encrypted" } as const;
    for (const initramfs of [OWN, { ...DRACUT, problem: unreadable }, "not read"] as const) {
      expect(codes(["quiet", "root=live:CDLABEL=OTHER"], initramfs)).toEqual([
        "F_MENU_NO_ROOT",
        "F_MENU_LABEL_MISMATCH",
      ]);
      expect(codes(["quiet"], initramfs)).toEqual(["F_MENU_NO_ROOT"]);
      expect(codes(["root=live:CDLABEL=OTHER"], initramfs)).toEqual(["F_MENU_BOOTS_NOWHERE"]);
    }
  });

  test("an initramfs with a script for live media reads the argument, so it is known", () => {
    expect(codes(["quiet"], { ...OWN, init: "for-live-media" })).toEqual(["F_MENU_BOOTS_NOWHERE"]);
  });

  test("Anaconda without an argument looks in optical drives", () => {
    const anaconda = { ...DRACUT, live: new Set<LiveSupport>(["anaconda", "dmsquash-live"]) };
    expect(check(["quiet"], anaconda)).toMatchObject([{ code: "F_MENU_ANACONDA_SEARCHES", entries: [0] }]);
    expect(codes(["quiet", "inst.stage2=hd:LABEL=OTHER"], anaconda)).toEqual([
      "F_MENU_LABEL_MISMATCH",
      "F_MENU_ANACONDA_SEARCHES",
    ]);
    expect(codes(["inst.stage2=hd:LABEL=OTHER"], anaconda)).toEqual(["F_MENU_BOOTS_NOWHERE"]);
  });

  test("a kickstart file on another medium is a note if the root file system is found", () => {
    expect(check(["inst.stage2=hd:LABEL=MY_ISO inst.ks=hd:LABEL=OEMDRV:/ks.cfg"])).toMatchObject([
      { code: "F_MENU_KICKSTART_LABEL", severity: "note" },
    ]);
  });
});
