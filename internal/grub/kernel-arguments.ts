/** Kernel arguments by which an initramfs looks for the medium or for a root file system. */
import { hasVariable } from "./script.ts";

/** `NAME=` of dracut, Anaconda, ostree, Fedora CoreOS, archiso and live-boot, by which they find a root file system. */
export const ROOT_KEYS = [
  "root",
  "inst.stage2",
  "inst.repo",
  "stage2",
  "repo",
  "ostree",
  "coreos.liveiso",
  "archisolabel",
  "archisosearchuuid",
] as const;
/** `boot=live` and the like: the scripts of live-boot and casper search every medium. */
const BOOT_SCRIPTS = /^boot=(?:live|casper)$/;
/** A kickstart names an installation source. */
const KICKSTART = "inst.ks";
/** The whole value is a label. */
const LABEL_KEYS: readonly string[] = ["coreos.liveiso", "archisolabel"];

export interface KernelArgument {
  text: string;
  key: string;
  value: string;
}

export function kernelArgument(text: string): KernelArgument {
  const at = text.indexOf("=");
  return at < 0
    ? { text, key: text, value: "" }
    : { text, key: text.slice(0, at), value: text.slice(at + 1) };
}

/** Whether a kernel command line asks for a live system. */
export function isLiveSystem(all: readonly KernelArgument[]): boolean {
  return all.some(({ text }) => text === "rd.live.image" || text === "rd.live.image=1");
}

/** Whether an argument leads to a root file system. */
export function isRootArgument({ key, value }: KernelArgument): boolean {
  return value !== "" && (ROOT_KEYS as readonly string[]).includes(key);
}

/** Arguments with which an installer reads a kickstart file. */
export function kickstarts(all: readonly KernelArgument[]): KernelArgument[] {
  return all.filter(({ key, value }) => key === KICKSTART && value !== "");
}

/** The arguments that find the root file system, or without any of them the installer's kickstart files. */
export function namingArguments(all: readonly KernelArgument[]): KernelArgument[] {
  const primary = all.filter((argument) => BOOT_SCRIPTS.test(argument.text) || isRootArgument(argument));
  return primary.length > 0 ? primary : kickstarts(all);
}

/** The part of a value that names a device: after `live:`, `hd:` or `cdrom:`. */
export function deviceOf(value: string): string {
  return value.replace(/^(?:live|hd|cdrom|cd):/, "");
}

/**
 * The label by which an argument looks for the ISO, as it is written: udev's escapes stay, and a path may follow after a
 * colon. Undefined if the argument does not look for a label, or for one that only GRUB knows.
 */
export function labelSought({ key, value }: KernelArgument, isLive: boolean): string | undefined {
  if (hasVariable(value)) return undefined;
  if (LABEL_KEYS.includes(key)) return value;
  // Without `live:`, LABEL= names the disk of an installed system.
  const isMedium = key !== "root" || isLive || /^(?:live:|CDLABEL=)/.test(value);
  if (!isMedium) return undefined;
  return /^(?:(?:CD)?LABEL=|\/dev\/disk\/by-label\/)(.*)$/s.exec(deviceOf(value))?.[1];
}

/** The text without the `\xNN` that udev and dracut write for bytes that a name in /dev cannot have. */
export function withoutUdevEscapes(text: string): string {
  return text.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
}

/**
 * The text after a label that an argument searches for, in udev's spelling or not: nothing, or a colon and a path.
 * Undefined if the argument searches for another label.
 */
export function afterLabel(sought: string, label: string): string | undefined {
  for (const { index } of sought.matchAll(/:|$/g)) {
    const written = sought.slice(0, index);
    if (written === label || withoutUdevEscapes(written) === label) return sought.slice(index);
  }
  return undefined;
}

/** A search for a volume label. */
export interface SoughtLabel {
  argument: KernelArgument;
  /** As {@link labelSought} returns it. */
  sought: string;
  /** Without udev's escapes and without a path. */
  label: string;
}

/** The labels by which a kernel command line finds its root file system. */
export function labelsSought(texts: readonly string[]): SoughtLabel[] {
  const all = texts.map(kernelArgument);
  const isLive = isLiveSystem(all);
  return namingArguments(all).flatMap((argument) => {
    const sought = labelSought(argument, isLive);
    if (sought === undefined) return [];
    const label = LABEL_KEYS.includes(argument.key) ? sought : sought.replace(/:.*$/s, "");
    return [{ argument, sought, label: withoutUdevEscapes(label) }];
  });
}
