import type { Architecture } from "../base/architecture.ts";
import { type PackagedPiece, PIECES } from "../base/packages.ts";
import { type Finding, type FindingCode, textOf } from "../contract/findings/finding.ts";
import type { AddedPart } from "../contract/findings/finding-text.ts";
import { findBinaries } from "../contract/pieces/efi-places.ts";
import { isKernelVersion } from "../contract/pieces/locate-kernel.ts";
import type { Menu } from "../grub/menu-model.ts";
import { findFile, namesIn } from "../image/find-file.ts";
import type { TreeNode } from "../image/image-tree.ts";
import { resolve, resolveNoFollow } from "../image/resolve.ts";
import { missingForInitramfs, missingForLogin } from "./missing-programs.ts";

/** Parts of a live system that a Containerfile adds without a package, in the order of its lines. */
const STEPS = ["initramfs", "machine-id", "iso-yaml"] as const;
type Step = (typeof STEPS)[number];

/** The parts that an image lacks, and the problems that no Containerfile of platter solves. */
export interface MissingParts {
  /** Files that packages add, in the order of {@link PIECES}. */
  pieces: PackagedPiece[];
  steps: ReadonlySet<Step>;
  /** Codes of errors and warnings about other problems, in byte order. */
  unsolved: FindingCode[];
  /** Whether `/root` is a link into a folder that the image does not have, as in images for ostree. */
  rootHome: "present" | "dangling";
}

/** Findings about the default configuration, which do not concern an image with an iso.yaml of its own. */
const ABOUT_DEFAULTS = (code: FindingCode) =>
  code === "F_INITRAMFS_OVERLAY" || (textOf(code).part === "config" && !code.startsWith("F_ISO_YAML_"));

/** The parts that an image lacks for an ISO that boots to a login prompt. `isoYaml` is its configuration. */
export function missingParts(options: {
  root: TreeNode;
  findings: readonly Finding[];
  architecture: Architecture;
  menu: Menu;
  isoYaml: "present" | "absent";
}): MissingParts {
  const { root, architecture, menu, isoYaml } = options;
  const findings = options.findings.filter(({ code }) => isoYaml === "present" || !ABOUT_DEFAULTS(code));
  const added = new Set<AddedPart>(findings.flatMap((each) => additionsFor(each, menu) ?? []));
  if (kernelInBoot(root)) added.delete("kernel");
  if (findings.some(({ code }) => code === "F_VENDOR_MISSING")) {
    // Only the folders of Debian and Ubuntu do not name a vendor.
    const { grub, mm } = findBinaries(root, { architecture, vendor: "debian" });
    if (grub === undefined) added.add("grub");
    if (mm === undefined) added.add("mm");
  }
  if (added.has("initramfs")) for (const piece of missingForInitramfs(root)) added.add(piece);
  for (const piece of missingForLogin(root)) added.add(piece);
  // The packages of systemd write an id while they are installed.
  if (added.has("init")) added.add("machine-id");
  if (isoYaml === "absent") added.add("iso-yaml");
  const unsolved = findings.filter(
    (each) => each.severity !== "note" && additionsFor(each, menu) === undefined,
  );
  const isDangling = resolveNoFollow(root, "root") !== undefined && resolve(root, "root") === undefined;
  return {
    pieces: PIECES.filter((piece) => added.has(piece)),
    steps: new Set(STEPS.filter((step) => added.has(step))),
    unsolved: [...new Set(unsolved.map(({ code }) => code))].sort(),
    rootHome: isDangling ? "dangling" : "present",
  };
}

/** An entry's root file system on the ISO, which `dmsquash-live` mounts. A path in the network needs other modules. */
const LIVE_ROOT = /^root=live:(?!(?:https?|ftp|tftp|nfs):)/;

/** The parts that resolve a finding. Undefined if no part does. */
function additionsFor({ code, entries = [] }: Finding, menu: Menu): readonly AddedPart[] | undefined {
  const { adds } = textOf(code);
  if (code !== "F_INITRAMFS_ARGUMENT") return adds;
  const areLive = entries.every((index) =>
    menu.entries[index]?.kernelArgs.some((each) => LIVE_ROOT.test(each)),
  );
  return areLive ? adds : undefined;
}

/** Whether a kernel is in `/boot`, and its modules are where clause C1 has both. */
function kernelInBoot(root: TreeNode): boolean {
  return namesIn(root, "usr/lib/modules").some(
    (name) => isKernelVersion(name) && findFile(root, `boot/vmlinuz-${name}`) !== undefined,
  );
}
