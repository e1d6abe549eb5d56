import { describe, expect, test } from "bun:test";
import { ALL_WAYS, wayName } from "../../../internal/boot/boot-result.ts";
import { chordsFor } from "../../../internal/boot/control/keyboard.ts";
import type { FlashPair } from "../../../internal/boot/firmware/firmware-descriptor.ts";
import { type Machine, qemuArguments } from "../../../internal/boot/machine.ts";

const FLASH: FlashPair = {
  code: { path: "/fw/CODE.fd", format: "raw" },
  vars: { path: "/tmp/vars.raw", format: "raw" },
  needsSmm: false,
};
const BASE: Machine = {
  architecture: "x86_64",
  firmware: { kind: "bios" },
  iso: "/isos/a.iso",
  media: "cd",
  memoryMiB: 1024,
  cpus: 2,
  accelerator: "tcg",
  network: "none",
  console: "stdout",
  qmpSocket: "/tmp/qmp",
};

/** The value after each of the option's places. */
function valuesOf(args: readonly string[], option: string): string[] {
  return args.flatMap((arg, index) => (arg === option ? [args[index + 1] ?? ""] : []));
}

describe("qemuArguments", () => {
  test("a BIOS machine with a CD, in full", () => {
    expect(qemuArguments(BASE).join(" ")).toBe(
      "-name platter -nodefaults -no-user-config -machine q35,accel=tcg,graphics=off -cpu max,-erms,-fsrm,family=6 -smp 2 -m 1024M " +
        "-drive if=none,id=iso,format=raw,readonly=on,file=/isos/a.iso -device ide-cd,drive=iso,bootindex=0 " +
        "-boot strict=on -no-reboot -vga std -nic none -display none -chardev stdio,id=serial,signal=off " +
        "-serial chardev:serial -qmp unix:/tmp/qmp,server=on,wait=off",
    );
  });

  test("Secure Boot needs system management mode, and a flash that only it may write", () => {
    const args = qemuArguments({
      ...BASE,
      firmware: { kind: "secure-boot", flash: { ...FLASH, needsSmm: true } },
    });
    expect(valuesOf(args, "-machine")).toEqual(["q35,accel=tcg,smm=on"]);
    expect(valuesOf(args, "-global")).toEqual(["driver=cfi.pflash01,property=secure,value=on"]);
    expect(valuesOf(args, "-drive").slice(0, 2)).toEqual([
      "if=pflash,unit=0,format=raw,readonly=on,file=/fw/CODE.fd",
      "if=pflash,unit=1,format=raw,file=/tmp/vars.raw",
    ]);
  });

  test("plain UEFI does without", () => {
    const args = qemuArguments({ ...BASE, firmware: { kind: "uefi", flash: FLASH } });
    expect(valuesOf(args, "-machine")).toEqual(["q35,accel=tcg,smm=off"]);
    expect(args).not.toContain("-global");
  });

  test("a USB stick hangs on xHCI, and is what the machine boots", () => {
    const args = qemuArguments({ ...BASE, media: "usb" });
    expect(valuesOf(args, "-device")).toEqual([
      "qemu-xhci,id=usb",
      "usb-storage,bus=usb.0,drive=iso,removable=on,bootindex=0",
    ]);
  });

  test("KVM gives the host's processor", () => {
    expect(valuesOf(qemuArguments({ ...BASE, accelerator: "kvm" }), "-cpu")).toEqual(["host"]);
  });

  test("commas in names are doubled, or QEMU would take what follows for options", () => {
    const flash: FlashPair = { ...FLASH, vars: { path: "/tmp/x,readonly=on/v", format: "qcow2" } };
    const args = qemuArguments({
      ...BASE,
      iso: "/isos/a,b,format=qcow2.iso",
      firmware: { kind: "uefi", flash },
      qmpSocket: "/tmp/q,m",
    });
    expect(valuesOf(args, "-drive")).toContain(
      "if=none,id=iso,format=raw,readonly=on,file=/isos/a,,b,,format=qcow2.iso",
    );
    expect(valuesOf(args, "-drive")).toContain("if=pflash,unit=1,format=qcow2,file=/tmp/x,,readonly=on/v");
    expect(valuesOf(args, "-qmp")).toEqual(["unix:/tmp/q,,m,server=on,wait=off"]);
  });

  test("the ISO is opened for reading only in every way, and the network is off", () => {
    for (const way of ALL_WAYS) {
      const firmware = way.firmware === "bios" ? BASE.firmware : { kind: way.firmware, flash: FLASH };
      const args = qemuArguments({ ...BASE, media: way.media, firmware });
      expect([wayName(way), valuesOf(args, "-drive").find((each) => each.includes("id=iso"))]).toEqual([
        wayName(way),
        "if=none,id=iso,format=raw,readonly=on,file=/isos/a.iso",
      ]);
      expect(valuesOf(args, "-nic")).toEqual(["none"]);
    }
  });

  test("the network is a way out only if asked for", () => {
    expect(valuesOf(qemuArguments({ ...BASE, network: "user" }), "-nic")).toEqual([
      "user,model=virtio-net-pci",
    ]);
  });

  test("aarch64 has its own machine, screen and keyboard", () => {
    const firmware = { kind: "uefi", flash: FLASH } as const;
    const cd = qemuArguments({ ...BASE, architecture: "aarch64", firmware });
    expect(valuesOf(cd, "-machine")).toEqual(["virt,accel=tcg"]);
    expect(valuesOf(cd, "-cpu")).toEqual(["max,pauth-impdef=on"]);
    expect(valuesOf(cd, "-device")).toEqual([
      "qemu-xhci,id=usb",
      "virtio-scsi-pci,id=scsi",
      "scsi-cd,bus=scsi.0,drive=iso,bootindex=0",
      "virtio-gpu-pci",
      "usb-kbd,bus=usb.0",
    ]);
    const usb = qemuArguments({ ...BASE, architecture: "aarch64", firmware, media: "usb" });
    expect(valuesOf(usb, "-device").filter((each) => each.startsWith("qemu-xhci"))).toHaveLength(1);
  });

  test("for a person the terminal is the console, without a socket", () => {
    const args = qemuArguments({ ...BASE, console: "terminal", qmpSocket: undefined });
    expect(valuesOf(args, "-serial")).toEqual(["mon:stdio"]);
    expect(valuesOf(args, "-display")).toEqual(["none"]);
    expect(args).not.toContain("-qmp");
    expect(qemuArguments({ ...BASE, console: "window" })).not.toContain("-display");
  });

  test("a machine without a medium has no drive", () => {
    expect(valuesOf(qemuArguments({ ...BASE, iso: undefined }), "-drive")).toEqual([]);
  });
});

describe("chordsFor", () => {
  test("writes what is needed on a keyboard of the United States", () => {
    expect(chordsFor("a_S0 =\n")).toEqual([
      ["a"],
      ["shift", "minus"],
      ["shift", "s"],
      ["0"],
      ["spc"],
      ["equal"],
      ["ret"],
    ]);
  });

  test("refuses what it has no key for", () => {
    expect(() => chordsFor("é")).toThrow(RangeError);
  });
});
