import { createHash } from "node:crypto";
import type { ImageTree, TreeNode } from "../image/image-tree.ts";
import type { InitramfsSummary } from "../initramfs/summary.ts";
import type { ToolName } from "../tool/find.ts";
import type { ImageTool } from "../tool/image-tool.ts";
import { type Architecture, parseArchitecture } from "./architecture.ts";
import { inspectBootPrograms, type ReadBytes } from "./boot-programs.ts";
import { decideMenu } from "./decide-menu.ts";
import { type Finding, finding, hasErrors } from "./finding.ts";
import { readConfig, readOsRelease } from "./image-texts.ts";
import { keepEfi, keepKernel, keepSmall } from "./keep-pieces.ts";
import { locateBios, locateFont } from "./locate-bios.ts";
import { locateEfi } from "./locate-efi.ts";
import { type FoundFile, findFile, locateKernel } from "./locate-kernel.ts";
import { lookIntoInitramfs } from "./look-into-initramfs.ts";
import { LATEST_TIME, type PartialPlan, type Piece, PLAN_VERSION } from "./plan.ts";
import { findingsAbout, type Part } from "./plan-parts.ts";
import type { SecureBoot } from "./secure-boot.ts";

/** What a user may choose about a plan. */
export interface PlanChoices {
  kernel?: string | undefined;
  vendor?: string | undefined;
  label?: string | undefined;
  /** An `iso.yaml` that takes the place of the image's. */
  config?: { text: string; file: string } | undefined;
  architecture?: Architecture | undefined;
  boot: "bios-and-uefi" | "uefi-only";
  /** All patterns that the squashfs leaves out. */
  excludes: readonly string[];
  /** Container images for the live system's storage, looked up already. */
  payloads?: PartialPlan["payloads"] | undefined;
  /** SOURCE_DATE_EPOCH: seconds since 1970. */
  epoch?: number | undefined;
  /** What must be there for a plan: an error in another part leaves it incomplete. */
  parts: readonly Part[];
}

export interface PlanInputs {
  tree: ImageTree;
  /** Digest of the metadata of all that goes into the squashfs. */
  treeDigest: string;
  /** Keeps a file of the image under a name in the work directory, and tells its size and digest. */
  keep: (found: FoundFile, file: string) => Promise<Piece>;
  readText: (node: TreeNode) => Promise<string>;
  /** Reads an initramfs of the image from its beginning to its end. */
  readInitramfs: (node: TreeNode) => Promise<InitramfsSummary>;
  readBytes: ReadBytes;
  /** Tools of the image that come along. */
  tools: ReadonlyMap<ToolName, ImageTool>;
}

/** An iso.yaml or os-release of more bytes than this is none. */
export const MAX_TEXT = 1024 * 1024;

/** Decides everything about the ISO. Without a plan the findings about the parts asked for hold at least one error. */
export async function makePlan(
  inputs: PlanInputs,
  choices: PlanChoices,
): Promise<{ plan: PartialPlan | undefined; findings: Finding[]; secureBoot: SecureBoot | undefined }> {
  const { tree, keep } = inputs;
  const { root } = tree;
  const architecture = architectureOf(tree, choices.architecture);
  const osRelease = await readOsRelease(inputs);
  const { config, findings } = await readConfig(inputs, choices);
  const { label, menu, ...decided } = decideMenu({ config, osRelease, architecture, label: choices.label });
  findings.push(...decided.findings);
  const located = locateKernel(root, choices.kernel);
  const efi = locateEfi(root, { architecture, vendor: choices.vendor });
  const wantsBios = choices.boot === "bios-and-uefi" && architecture === "x86_64";
  const bios = wantsBios ? locateBios(root) : { modules: undefined, findings: [] };
  const font = locateFont(root);
  findings.push(...located.findings, ...efi.findings, ...bios.findings, ...font.findings);
  if (choices.payloads?.length && findFile(root, "usr/bin/fuse-overlayfs") === undefined) {
    const seen = `There is no \`/usr/bin/fuse-overlayfs\` in \`${tree.source.reference}\`.`;
    findings.push(finding("F_PAYLOAD_MOUNT", seen));
  }
  if (root.children?.get("usr")?.inode.type !== "directory") {
    findings.push(finding("F_NO_USR", `There is no \`/usr\` in \`${tree.source.reference}\`.`));
  }
  const isDoomed = hasErrors(findingsAbout(findings, choices.parts));
  const { kernel } = located;
  // Decompressing goes on in another thread meanwhile.
  const [{ secureBoot, ...programs }, initramfs, small] = await Promise.all([
    inspectBootPrograms(
      { architecture, shim: efi.efi?.shim, grub: efi.efi?.grub, kernel: kernel?.vmlinuz },
      inputs.readBytes,
    ),
    kernel !== undefined && choices.parts.includes("kernel")
      ? lookIntoInitramfs(inputs, { kernel, menu, architecture, excludes: choices.excludes })
      : [],
    isDoomed ? undefined : keepSmall(inputs, { bios: bios.modules, font: font.font }),
  ]);
  findings.push(...programs.findings, ...initramfs);
  if (small === undefined || hasErrors(findingsAbout(findings, choices.parts)))
    return { plan: undefined, findings, secureBoot };
  const body = {
    version: PLAN_VERSION,
    image: {
      reference: tree.source.reference,
      digest: tree.source.digest ?? null,
      created: tree.source.created ?? null,
      treeDigest: inputs.treeDigest,
    },
    payloads: [...(choices.payloads ?? [])],
    architecture,
    product: osRelease.name ?? "",
    productVersion: osRelease.versionId ?? "",
    label,
    time: Math.min(choices.epoch ?? tree.source.created ?? newestTime(root), LATEST_TIME),
    kernel: kernel && (await keepKernel(kernel, keep)),
    efi: efi.efi && (await keepEfi(efi.efi, keep)),
    bios: small.bios,
    font: small.font,
    menu,
    excludes: [...choices.excludes],
    tools: small.tools,
  } satisfies Omit<PartialPlan, "uuid" | "findings">;
  return { plan: { ...body, uuid: buildUuid(body), findings }, findings, secureBoot };
}

function architectureOf(tree: ImageTree, wanted: Architecture | undefined): Architecture {
  if (wanted !== undefined) return wanted;
  return parseArchitecture(tree.source.architecture ?? process.arch);
}

/** The newest time in the tree: the nearest thing to a creation time where the image does not tell one. */
function newestTime(root: TreeNode): number {
  let newest = 0;
  const pending = [root];
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (node.inode.mtime > newest) newest = node.inode.mtime;
    pending.push(...(node.children?.values() ?? []));
  }
  return newest;
}

/**
 * A UUID that names this build and no other: version 8 (RFC 9562 section 5.8) out of all that was decided. Where the
 * image and its payloads lay makes no difference.
 */
function buildUuid(body: Omit<PartialPlan, "uuid" | "findings">): string {
  const { image, tools, ...decided } = body;
  const payloads = body.payloads.map(({ digest, names }) => ({ digest, names }));
  const identity = JSON.stringify({ ...decided, payloads, treeDigest: image.treeDigest });
  const bytes = createHash("sha256").update(`platter-build 1\0${identity}`).digest().subarray(0, 16);
  bytes[6] = (bytes[6]! & 0x0f) | 0x80;
  bytes[8] = (bytes[8]! & 0x3f) | 0x80;
  return bytes.toString("hex").replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}
