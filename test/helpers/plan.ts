/** A whole plan, as `inspect` makes it. */
import type { Piece, Plan } from "../../internal/contract/plan/plan.ts";
import { planSchema } from "../../internal/contract/plan/plan-schema.ts";

const piece = (source: string, file: string): Piece => ({ source, file, size: 4, sha256: "0".repeat(64) });

export function plan(): Plan {
  return planSchema.parse({
    version: 2,
    image: { reference: "dir:/image", digest: null, created: null, treeDigest: `sha256:${"1".repeat(64)}` },
    architecture: "x86_64",
    product: "Some Linux",
    productVersion: "9",
    label: "MY_OS",
    time: 1_700_000_000,
    uuid: "12345678-9abc-8def-8123-456789abcdef",
    kernel: {
      version: "6.10",
      vmlinuz: piece("/usr/lib/modules/6.10/vmlinuz", "image/vmlinuz"),
      initramfs: piece("/usr/lib/modules/6.10/initramfs.img", "image/initrd.img"),
      others: ["6.9"],
    },
    efi: {
      vendor: "some",
      vendors: ["some"],
      shim: piece("/boot/efi/EFI/some/shimx64.efi", "image/shim.efi"),
      grub: piece("/boot/efi/EFI/some/gcdx64.efi", "image/grub.efi"),
      mm: piece("/boot/efi/EFI/some/mmx64.efi", "image/mm.efi"),
    },
    bios: {
      modules: ["boot_hybrid.img", "iso9660.mod", "moddep.lst"].map((name) =>
        piece(`/usr/lib/grub/i386-pc/${name}`, `image/i386-pc/${name}`),
      ),
    },
    font: piece("/usr/share/grub/unicode.pf2", "image/unicode.pf2"),
    menu: {
      default: 0,
      timeout: 60,
      entries: [
        {
          title: "Install Some Linux 9",
          kernelPath: "/images/pxeboot/vmlinuz",
          kernelArgs: ["root=live:CDLABEL=MY_OS", "quiet"],
          initrdPaths: ["/images/pxeboot/initrd.img"],
        },
      ],
    },
    excludes: ["boot/efi/*"],
    findings: [],
  });
}
