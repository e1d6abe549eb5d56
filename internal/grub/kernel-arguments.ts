/** Kernel arguments by which an initramfs looks for the medium or for a root file system. */

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

/** The part of a value that names a device: after `live:`, `hd:` or `cdrom:`. */
export function deviceOf(value: string): string {
  return value.replace(/^(?:live|hd|cdrom|cd):/, "");
}

/**
 * The label by which an argument looks for the ISO, as it is written: udev's escapes stay, and a path may follow after a
 * colon. Undefined if the argument does not look for a label.
 */
export function labelSought({ key, value }: KernelArgument, isLive: boolean): string | undefined {
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

/** The labels that a kernel command line wants the ISO to have, each with its argument. Arguments with variables are left out. */
export function labelsSought(texts: readonly string[]): { label: string; argument: string }[] {
  const all = texts.map(kernelArgument);
  const isLive = isLiveSystem(all);
  return all.flatMap((argument) => {
    if (!isRootArgument(argument) || argument.text.includes("${")) return [];
    const sought = labelSought(argument, isLive);
    if (sought === undefined) return [];
    const label = LABEL_KEYS.includes(argument.key) ? sought : sought.replace(/:.*$/s, "");
    return [{ label: withoutUdevEscapes(label), argument: argument.text }];
  });
}
