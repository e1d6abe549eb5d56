import type { FoundFile } from "../../image/find-file.ts";
import type { ImageTree, TreeNode } from "../../image/image-tree.ts";
import type { ForeignOwners } from "../checks/foreign-owners.ts";
import type { ReadIsoYaml } from "../config/iso-yaml.ts";
import type { Finding } from "../findings/finding.ts";
import type { NamedFile } from "../pieces/locate-bios.ts";
import type { FoundEfi } from "../pieces/locate-efi.ts";
import type { FoundKernel } from "../pieces/locate-kernel.ts";
import type { Distribution } from "../pieces/packages.ts";
import { addedFile, type DraftPlan, type PartialPlan, PIECES, type RootPlan } from "./plan.ts";
import type { AddedFile } from "./plan-options.ts";

export interface DecisionInputs {
  tree: ImageTree;
  /** Digest of the metadata of all that goes into the rootfs. */
  treeDigest: string;
  /** Counted over all that goes into the rootfs. */
  owners: ForeignOwners;
  readText: (node: TreeNode) => Promise<string>;
  readBytes: (node: TreeNode) => Promise<Uint8Array>;
}

/** The decisions about an ISO from the tree and a few texts, without reading large files. */
export interface Decision {
  root: RootPlan;
  identity: Pick<PartialPlan, "product" | "productVersion" | "label" | "menu">;
  /** Undefined if its packages are not known. */
  distribution: Distribution | undefined;
  /** Returns the place of a value of iso.yaml. */
  placeOf: ReadIsoYaml["placeOf"];
  kernel: FoundKernel | undefined;
  efi: FoundEfi | undefined;
  bios: { modules: readonly NamedFile[] } | undefined;
  font: FoundFile | undefined;
  added: readonly AddedFile[];
  findings: Finding[];
}

/** The draft plan with the pieces' sizes; undefined if the image lacks a piece. */
export function draftOf({ root, identity, kernel, efi, bios, font, added }: Decision): DraftPlan | undefined {
  if (kernel === undefined || efi === undefined) return undefined;
  const sized = ({ node }: FoundFile, file: string) => ({ file, size: node.inode.size });
  const moduleFile = (module: NamedFile) => sized(module, `${PIECES.bios}/${module.name}`);
  const { mm } = efi;
  return {
    ...root,
    label: identity.label,
    kernel: {
      version: kernel.version,
      vmlinuz: sized(kernel.vmlinuz, PIECES.vmlinuz),
      initramfs: sized(kernel.initramfs, PIECES.initramfs),
    },
    efi: {
      shim: sized(efi.shim, PIECES.shim),
      grub: sized(efi.grub, PIECES.grub),
      mm: mm === undefined ? null : sized(mm, PIECES.mm),
    },
    bios: bios === undefined ? null : { ...bios, modules: bios.modules.map(moduleFile) },
    font: font === undefined ? null : sized(font, PIECES.font),
    added: added.map(({ isoPath, size }, index) => ({ isoPath, file: addedFile(index), size })),
  };
}
