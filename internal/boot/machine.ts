import type { Architecture } from "../base/architecture.ts";
import type { FlashPair } from "./firmware/firmware-descriptor.ts";

export const MEDIA = ["cd", "usb"] as const;
export type Media = (typeof MEDIA)[number];

export type MachineFirmware =
  | { kind: "bios" }
  /** `flash.vars` is this machine's own copy, which the firmware writes to. */
  | { kind: "uefi" | "secure-boot"; flash: FlashPair };

/** A virtual machine that boots one ISO. */
export interface Machine {
  architecture: Architecture;
  firmware: MachineFirmware;
  /** Absolute path; undefined for a machine without any medium. */
  iso: string | undefined;
  media: Media;
  memoryMiB: number;
  cpus: number;
  accelerator: "kvm" | "tcg";
  /** `user`: the machine reaches the network through QEMU's address translation, and cannot be reached. */
  network: "none" | "user";
  /**
   * `stdout`: the serial line goes to standard output, without a window. `terminal`: the terminal is the serial line
   * and QEMU's monitor (Ctrl-A C, Ctrl-A X). `window`: a window as well.
   */
  console: "stdout" | "terminal" | "window";
  /** Path of a socket for the machine protocol, at most 107 bytes. */
  qmpSocket: string | undefined;
}

/** QEMU's machine of an architecture. */
interface MachineModel {
  /** The device of its serial line in Linux. */
  serial: string;
  /** The emulated processor. */
  processor: string;
  type: (machine: Machine) => string;
  /** Whether the machine has a USB controller even if nothing boots from it. */
  usb: "always" | "for-usb";
  /** Devices of a CD drive. */
  cd: readonly string[];
  screen: readonly string[];
}

const USB = ["-device", "qemu-xhci,id=usb"];

const MODELS: Readonly<Record<Architecture, MachineModel>> = {
  x86_64: {
    serial: "ttyS0",
    // Distributions build for x86-64-v2 or v3, which QEMU's default processor does not support. Linux clears every page
    // with `rep stos`. On a busy host an emulated `rep stos` makes only one step for each tick of the guest's clock, so
    // Linux hardly continues. Linux does not use `rep stos` if ERMS and FSRM are missing and AMD's family is below 15.
    processor: "max,-erms,-fsrm,family=6",
    type: ({ accelerator, firmware }) => {
      // Without graphics=off SeaBIOS and GRUB do not write to the serial line. They write to the screen in any case.
      const options =
        firmware.kind === "bios" ? "graphics=off" : `smm=${firmware.flash.needsSmm ? "on" : "off"}`;
      return `q35,accel=${accelerator},${options}`;
    },
    usb: "for-usb",
    cd: ["-device", "ide-cd,drive=iso,bootindex=0"],
    screen: ["-vga", "std"],
  },
  aarch64: {
    serial: "ttyAMA0",
    // Linux signs return addresses. The algorithm of Arm's specification takes most of the time of an emulated boot.
    // QEMU has a faster algorithm.
    processor: "max,pauth-impdef=on",
    type: ({ accelerator }) => `virt,accel=${accelerator}`,
    // The virt machine has neither a screen nor a keyboard of its own.
    usb: "always",
    cd: ["-device", "virtio-scsi-pci,id=scsi", "-device", "scsi-cd,bus=scsi.0,drive=iso,bootindex=0"],
    screen: ["-device", "virtio-gpu-pci", "-device", "usb-kbd,bus=usb.0"],
  },
};

/** The kernel argument for a console on the machine's serial line. */
export function serialConsoleArgument(architecture: Architecture): string {
  return `console=${MODELS[architecture].serial}`;
}

/** QEMU's arguments for the machine, without the program. */
export function qemuArguments(machine: Machine): string[] {
  const model = MODELS[machine.architecture];
  return [
    ...["-name", "platter"],
    // The machine has only the devices and settings that are given here.
    ...["-nodefaults", "-no-user-config"],
    ...["-machine", model.type(machine)],
    ...["-cpu", processor(machine)],
    ...["-smp", String(machine.cpus), "-m", `${machine.memoryMiB}M`],
    ...firmwareArguments(machine.firmware),
    ...mediumArguments(machine),
    // The firmware tries only the ISO, and neither the network nor a shell.
    ...["-boot", "strict=on"],
    // A reset counts as a failed boot.
    "-no-reboot",
    ...model.screen,
    ...networkArguments(machine),
    ...consoleArguments(machine.console),
    ...(machine.qmpSocket === undefined
      ? []
      : ["-qmp", `unix:${escapeComma(machine.qmpSocket)},server=on,wait=off`]),
  ];
}

function processor({ accelerator, architecture }: Machine): string {
  return accelerator === "kvm" ? "host" : MODELS[architecture].processor;
}

function firmwareArguments(firmware: MachineFirmware): string[] {
  if (firmware.kind === "bios") return [];
  const { code, vars, needsSmm } = firmware.flash;
  return [
    // Only code in system management mode may write to the flash, since otherwise the system could forge the variables.
    ...(needsSmm ? ["-global", "driver=cfi.pflash01,property=secure,value=on"] : []),
    ...["-drive", `if=pflash,unit=0,format=${code.format},readonly=on,file=${escapeComma(code.path)}`],
    ...["-drive", `if=pflash,unit=1,format=${vars.format},file=${escapeComma(vars.path)}`],
  ];
}

function mediumArguments({ architecture, iso, media }: Machine): string[] {
  const { usb, cd } = MODELS[architecture];
  const always = usb === "always" ? USB : [];
  if (iso === undefined) return always;
  const drive = ["-drive", `if=none,id=iso,format=raw,readonly=on,file=${escapeComma(iso)}`];
  if (media === "usb") {
    return [...drive, ...USB, "-device", "usb-storage,bus=usb.0,drive=iso,removable=on,bootindex=0"];
  }
  return [...drive, ...always, ...cd];
}

function networkArguments({ network }: Machine): string[] {
  if (network === "none") return ["-nic", "none"];
  return ["-nic", "user,model=virtio-net-pci"];
}

function consoleArguments(console: Machine["console"]): string[] {
  switch (console) {
    case "stdout":
      return ["-display", "none", "-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial"];
    case "terminal":
      return ["-display", "none", "-serial", "mon:stdio"];
    case "window":
      return ["-serial", "mon:stdio"];
    default: {
      const never: never = console;
      return never;
    }
  }
}

/** A comma ends a value in QEMU's option lists. Two commas mean one in the value. */
function escapeComma(text: string): string {
  return text.replaceAll(",", ",,");
}
