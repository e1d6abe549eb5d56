/** Archives as the kernel unpacks them, and an initramfs that has what a live medium needs. */

export interface CpioEntry {
  name: string;
  content?: string | Uint8Array;
  mode?: number;
  /** Instead of 070701. */
  magic?: string;
}

/** An archive of format newc; `trailer` is left out by `without`. */
export function newc(entries: readonly (CpioEntry | string)[], trailer: "with" | "without" = "with"): Buffer {
  const all = entries.map((entry) => (typeof entry === "string" ? { name: entry } : entry));
  if (trailer === "with") all.push({ name: "TRAILER!!!", mode: 0 });
  return Buffer.concat(all.map(newcEntry));
}

function newcEntry(
  { name, content = "", mode = 0o100644, magic = "070701" }: CpioEntry,
  index: number,
): Buffer {
  const data = Buffer.from(content);
  const path = Buffer.from(`${name}\0`, "latin1");
  const numbers = [index, mode, 0, 0, 1, 0, data.length, 0, 0, 0, 0, path.length, 0];
  const header = magic + numbers.map((each) => each.toString(16).toUpperCase().padStart(8, "0")).join("");
  return Buffer.concat([padded(Buffer.concat([Buffer.from(header), path])), padded(data)]);
}

/** With zeros up to a multiple of four, or of something else. */
export function padded(bytes: Uint8Array, to = 4): Buffer {
  return Buffer.concat([bytes, Buffer.alloc((to - (bytes.length % to)) % to)]);
}

/** Files of an initramfs as dracut makes it for live media. */
export function liveFiles(kernel: string): CpioEntry[] {
  const modules = ["squashfs", "isofs", "loop", "overlay", "sr_mod", "cdrom", "sd_mod", "usb-storage", "uas"];
  modules.push("xhci-hcd", "xhci-pci", "ehci-hcd", "ehci-pci", "exfat");
  return [
    { name: "usr", mode: 0o40755 },
    { name: "usr/lib/dracut/modules.txt", content: "systemd\ndmsquash-live\noverlayfs\nbase\n" },
    { name: "usr/lib/dracut/dracut-107-1.fc42", content: "dracut-107-1.fc42\n" },
    { name: "usr/sbin/dmsquash-live-root", content: "echo > /etc/cmdline.d/20-dmsquash-need-overlay.conf\n" },
    { name: "usr/sbin/iso-scan", content: "#!/bin/sh\n" },
    ...modules.map((name) => ({
      name: `usr/lib/modules/${kernel}/kernel/${name}.ko.xz`,
      content: "\x7fELF",
    })),
  ];
}
