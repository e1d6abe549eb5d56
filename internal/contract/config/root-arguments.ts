import type { MenuEntry, VolumeLabel } from "../../grub/menu-model.ts";
import { nearest } from "../../text/nearest.ts";

/** How the kernel arguments of a menu entry lead to its root file system. */
export type RootSearch =
  /** On this ISO, on another medium by something else than a label, or on a network. */
  | { kind: "named" }
  | { kind: "other-label"; argument: string }
  | { kind: "misspelt"; argument: string; written: string; meant: string }
  | { kind: "none" /** An argument whose name is nearly one that would do. */; near: NearMiss | undefined };

interface NearMiss {
  argument: string;
  meant: string;
}

/** `NAME=` of dracut, Anaconda, ostree, Fedora CoreOS, archiso and live-boot, by which they find a root file system. */
const KEYS = [
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
/** The whole value is a label. */
const LABEL_KEYS: readonly string[] = ["coreos.liveiso", "archisolabel"];
/** `boot=live` and the like: the scripts of live-boot and casper look at every medium. */
const BOOT_SCRIPTS = /^boot=(?:live|casper)$/;
/** Ways to name a device, before its `=`. */
const DEVICE_NAMES = ["CDLABEL", "LABEL", "UUID", "PARTUUID", "PARTLABEL"];
/** A kickstart names an installation source. */
const KICKSTART = "inst.ks";

interface Argument {
  text: string;
  key: string;
  value: string;
}

/** How an entry finds its root file system. With several arguments for it, one that leads elsewhere decides. */
export function rootSearch({ kernelArgs }: Pick<MenuEntry, "kernelArgs">, label: VolumeLabel): RootSearch {
  const all = kernelArgs.map(argumentOf);
  const isLive = all.some(({ text }) => text === "rd.live.image" || text === "rd.live.image=1");
  const primary = all.filter(
    ({ text, key, value }) =>
      BOOT_SCRIPTS.test(text) || (value !== "" && (KEYS as readonly string[]).includes(key)),
  );
  const naming = primary.length > 0 ? primary : kickstarts(all);
  if (naming.length === 0) return { kind: "none", near: nearMiss(all) };
  for (const argument of naming) {
    const slip = misspelling(argument);
    if (slip !== undefined) return { kind: "misspelt", argument: argument.text, ...slip };
    const sought = labelSought(argument, isLive);
    if (sought !== undefined && !isLabel(sought, label))
      return { kind: "other-label", argument: argument.text };
  }
  return { kind: "named" };
}

/** Kickstart arguments that look for another label, in an entry that finds its root file system without them. */
export function otherKickstarts({ kernelArgs }: Pick<MenuEntry, "kernelArgs">, label: VolumeLabel): string[] {
  return kickstarts(kernelArgs.map(argumentOf))
    .filter((argument) => {
      const sought = labelSought(argument, false);
      return sought !== undefined && !isLabel(sought, label);
    })
    .map(({ text }) => text);
}

function argumentOf(text: string): Argument {
  const at = text.indexOf("=");
  return at < 0
    ? { text, key: text, value: "" }
    : { text, key: text.slice(0, at), value: text.slice(at + 1) };
}

function kickstarts(all: readonly Argument[]): Argument[] {
  return all.filter(({ key, value }) => key === KICKSTART && value !== "");
}

function nearMiss(all: readonly Argument[]): NearMiss | undefined {
  for (const { text, key, value } of all) {
    const meant = value === "" ? undefined : nearest(key, KEYS);
    if (meant !== undefined) return { argument: text, meant };
  }
  return undefined;
}

/** The part of a value that names a device: behind `live:`, `hd:` or `cdrom:`. */
function deviceOf(value: string): string {
  return value.replace(/^(?:live|hd|cdrom|cd):/, "");
}

/** `CDLABLE` in `root=live:CDLABLE=MY_OS`. */
function misspelling({ value }: Argument): { written: string; meant: string } | undefined {
  const written = /^([A-Za-z]{1,16})=/.exec(deviceOf(value))?.[1];
  if (written === undefined || DEVICE_NAMES.includes(written)) return undefined;
  const meant = nearest(written, DEVICE_NAMES);
  return meant === undefined ? undefined : { written, meant };
}

/** The label by which an argument looks for the ISO, as it is written; undefined if it does not. */
function labelSought({ key, value }: Argument, isLive: boolean): string | undefined {
  if (LABEL_KEYS.includes(key)) return value;
  // Without `live:`, LABEL= names the disk of an installed system.
  const isMedium = key !== "root" || isLive || /^(?:live:|CDLABEL=)/.test(value);
  if (!isMedium) return undefined;
  return /^(?:(?:CD)?LABEL=|\/dev\/disk\/by-label\/)(.*)$/s.exec(deviceOf(value))?.[1];
}

/** Whether what an argument looks for is the label, in udev's spelling or not; a path may follow after a colon. */
function isLabel(sought: string, label: VolumeLabel): boolean {
  const unescaped = sought.replace(/\\x([0-9a-fA-F]{2})/g, (_, hex: string) =>
    String.fromCharCode(Number.parseInt(hex, 16)),
  );
  return [sought, unescaped].some((each) => `${each}:`.startsWith(`${label}:`));
}
