// biome-ignore-all lint/suspicious/noTemplateCurlyInString: GRUB has variables of its own.
import { parseIsoYaml } from "../../../internal/contract/config/iso-yaml.ts";
import { toVolumeLabel } from "../../../internal/contract/config/label.ts";
import { buildMenu } from "../../../internal/contract/config/menu.ts";
import { parseOsRelease } from "../../../internal/contract/config/os-release.ts";
import type { Menu } from "../../../internal/grub/menu-model.ts";
import { renderGrub, renderLoopback } from "../../../internal/grub/render.ts";

export const LABEL = toVolumeLabel("MY_ISO").label!;
export const MEDIUM = { label: LABEL, marker: "/.platter-01234567-89ab-8def-8123-456789abcdef" };
const FEDORA = parseOsRelease('NAME="Fedora Linux"\nVERSION_ID=42\n');

export function menuOf(yaml: string): Menu {
  const { config, findings } = parseIsoYaml(yaml, "iso.yaml");
  if (config === undefined) throw new Error(JSON.stringify(findings));
  return buildMenu({ config, osRelease: FEDORA, label: LABEL }).menu;
}

/** All texts that are made of a menu, by the name of their golden file. */
export function rendered(menu: Menu): Record<string, string> {
  return {
    "efi.cfg": renderGrub({ menu, firmware: "efi", ...MEDIUM }),
    "bios.cfg": renderGrub({ menu, firmware: "bios", ...MEDIUM }),
    "loopback.cfg": renderLoopback(menu),
  };
}

const NASTY_YAML = `label: MY_ISO
grub2:
  timeout: 0
  default: "It's \\"$root\\" } ; {"
  entries:
    - name: "it's"
      linux: $kernelpath
      initrd: $initrdpath
    - name: "It's \\"$root\\" } ; {"
      linux: '$kernelpath a="b c" d=\${x} e;reboot } menuentry { f|g&h<i>j #k * "l''m"'
      initrd: "$initrdpath '/a b' /c#d"
    - name: --class
      linux: $kernelpath $root if
      initrd: $initrdpath
    - name: "@LABEL@ @ENTRIES@ $& Grün 🐧"
      linux: $kernelpath \\
      initrd: $initrdpath
`;

export const MENUS: Record<string, string> = {
  default: "",
  "two-entries": `label: MY_ISO
grub2:
  timeout: 5
  default: 1
  entries:
    - name: "Start Axiom"
      linux: "/images/pxeboot/vmlinuz quiet rhgb root=live:CDLABEL=MY_ISO enforcing=0 rd.live.image"
      initrd: "/images/pxeboot/initrd.img"
    - name: "Start Axiom (Basic Graphics)"
      linux: "/images/pxeboot/vmlinuz root=live:CDLABEL=MY_ISO rd.live.image console=ttyS0,115200n8 nomodeset"
      initrd: "/images/pxeboot/initrd.img"
`,
  "waits-for-ever": "kernel_args: [inst.stage2=hd:LABEL=MY_ISO, quiet]\ngrub2: {timeout: -1}\n",
  nasty: NASTY_YAML,
};
