/** Images with the layout of the example systems, made by test/fixtures/example-layout.sh. */
import { resolve } from "node:path";
import type { Scene } from "../scene.ts";
import { smallLive } from "./small-live.ts";

const SCRIPT = resolve(import.meta.dir, "../../fixtures/example-layout.sh");
const FEDORA = {
  kernel: "7.0.9-200.fc44.x86_64",
  shim: "/usr/lib/efi/shim/16.1-5/EFI/fedora/shimx64.efi",
  grub: "/usr/lib/efi/grub2/1:2.12-60.fc44/EFI/fedora/gcdx64.efi",
};

/** What platter is to find in each. */
export const LAYOUTS = {
  ubuntu: {
    label: "UBUNTU_LIVE",
    kernel: "6.8.0-90-generic",
    shim: "/usr/lib/shim/shimx64.efi.signed",
    grub: "/usr/lib/grub/x86_64-efi-signed/gcdx64.efi.signed",
    menu: ["Ubuntu 24.04, live", "Check this medium, then start Ubuntu 24.04"],
  },
  "fedora-payload": {
    ...FEDORA,
    label: "FEDORA_BOOTC",
    menu: [
      "Install Fedora bootc 44",
      "Install Fedora bootc 44 over the serial console",
      "Check this medium, then install Fedora bootc 44",
    ],
  },
  kinoite: {
    ...FEDORA,
    label: "KINOITE_LIVE",
    menu: [
      "Start Kinoite 44",
      "Start Kinoite 44 with basic graphics",
      "Check this medium, then start Kinoite 44",
    ],
  },
  "bluefin-lts": {
    label: "BLUEFIN_LTS_LIVE",
    kernel: "6.12.0-150.el10.x86_64",
    shim: "/usr/lib/bootupd/updates/EFI/centos/shimx64.efi",
    grub: "/boot/efi/EFI/centos/gcdx64.efi",
    menu: [
      "Start Bluefin LTS",
      "Start Bluefin LTS with basic graphics",
      "Check this medium, then start Bluefin LTS",
    ],
  },
  bazzite: {
    ...FEDORA,
    label: "BAZZITE_LIVE",
    kernel: "7.0.9-ba15.fc44.x86_64",
    menu: ["Start Bazzite", "Start Bazzite with basic graphics", "Check this medium, then start Bazzite"],
  },
} as const;

export type ExampleLayout = keyof typeof LAYOUTS;

/** Makes one in the scene, and returns its folder. */
export function exampleLayout(scene: Scene, name: ExampleLayout): string {
  const folder = scene.at(`image-${name}`);
  const made = Bun.spawnSync([SCRIPT, name, smallLive().rootfs, folder], { stderr: "pipe" });
  if (made.exitCode !== 0) throw new Error(`example-layout.sh: ${made.stderr.toString()}`);
  return folder;
}
