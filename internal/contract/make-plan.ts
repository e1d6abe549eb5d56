import { createHash } from "node:crypto";
import { PlatterError } from "../error.ts";
import { buildMenu, type Menu } from "../grub/menu.ts";
import type { ImageTree, TreeNode } from "../image/image-tree.ts";
import type { InitramfsSummary } from "../initramfs/summary.ts";
import type { ToolName } from "../tool/find.ts";
import type { ImageTool } from "../tool/image-tool.ts";
import { type Architecture, parseArchitecture } from "./architecture.ts";
import { inspectBootPrograms, type ReadBytes } from "./boot-programs.ts";
import { parseModuleVersion } from "./check-tools.ts";
import { type Finding, finding, findingLines, hasErrors } from "./finding.ts";
import { parseIsoYaml } from "./iso-yaml.ts";
import type { IsoYaml } from "./iso-yaml-schema.ts";
import { defaultLabel, toVolumeLabel, type VolumeLabel } from "./label.ts";
import { locateBios, locateFont, MODULES_FOLDER } from "./locate-bios.ts";
import { type FoundEfi, locateEfi } from "./locate-efi.ts";
import { type FoundFile, type FoundKernel, findFile, locateKernel } from "./locate-kernel.ts";
import { lookIntoInitramfs } from "./look-into-initramfs.ts";
import { type OsRelease, parseOsRelease } from "./os-release.ts";
import { LATEST_TIME, type PartialPlan, type Piece, PLAN_VERSION, type Plan } from "./plan.ts";
import { findingsAbout, type Part } from "./plan-parts.ts";
import type { SecureBoot } from "./secure-boot.ts";
import { TOOL_FINDINGS } from "./tool-findings.ts";

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

const CONFIG_PLACES = ["usr/lib/image-builder/bootc/iso.yaml", "usr/lib/bootc-image-builder/iso.yaml"];
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
  const { secureBoot, ...programs } = await inspectBootPrograms(
    { architecture, shim: efi.efi?.shim, grub: efi.efi?.grub, kernel: located.kernel?.vmlinuz },
    inputs.readBytes,
  );
  findings.push(...programs.findings);
  if (choices.payloads?.length && findFile(root, "usr/bin/fuse-overlayfs") === undefined) {
    const seen = `There is no \`/usr/bin/fuse-overlayfs\` in \`${tree.source.reference}\`.`;
    findings.push(finding("F_PAYLOAD_MOUNT", seen));
  }
  if (root.children?.get("usr")?.inode.type !== "directory") {
    findings.push(finding("F_NO_USR", `There is no \`/usr\` in \`${tree.source.reference}\`.`));
  }
  if (located.kernel !== undefined && choices.parts.includes("kernel")) {
    const { kernel } = located;
    findings.push(
      ...(await lookIntoInitramfs(inputs, { kernel, menu, architecture, excludes: choices.excludes })),
    );
  }
  if (hasErrors(findingsAbout(findings, choices.parts))) return { plan: undefined, findings, secureBoot };
  const modules: Piece[] = [];
  for (const module of bios.modules ?? []) modules.push(await keep(module, `image/i386-pc/${module.name}`));
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
    kernel: located.kernel && (await keepKernel(located.kernel, keep)),
    efi: efi.efi && (await keepEfi(efi.efi, keep)),
    bios: bios.modules === undefined ? null : { modules, version: await moduleVersion(inputs) },
    font: font.font === undefined ? null : await keep(font.font, "image/unicode.pf2"),
    menu,
    excludes: [...choices.excludes],
    tools: await keepTools(inputs),
  } satisfies Omit<PartialPlan, "uuid" | "findings">;
  return { plan: { ...body, uuid: buildUuid(body), findings }, findings, secureBoot };
}

/** The label and the menu: of what was asked for, else of the configuration, else of the distribution's name. */
export function decideMenu(about: {
  config: IsoYaml;
  osRelease: OsRelease;
  architecture: Architecture;
  label: string | undefined;
}): { label: VolumeLabel; menu: Menu; findings: Finding[] } {
  const { config, osRelease } = about;
  const fallback = defaultLabel(osRelease, about.architecture);
  const given = about.label ?? config.label;
  const { label = fallback.label, ...aboutLabel } = given === undefined ? fallback : toVolumeLabel(given);
  const { menu, findings } = buildMenu({ config, osRelease, label });
  return { label, menu, findings: [...aboutLabel.findings, ...findings] };
}

/** Whether warnings count as errors. */
export type Strictness = "normal" | "strict";

/** One error for all findings that count as errors; undefined where none does. */
export function findingsError(
  findings: readonly Finding[],
  about: { reference: string; strictness: Strictness },
): PlatterError | undefined {
  const { reference, strictness } = about;
  const errors = findings
    .filter(({ severity }) => severity === "error" || (strictness === "strict" && severity === "warning"))
    .map((finding): Finding => ({ ...finding, severity: "error" }));
  const [first] = errors;
  if (first === undefined) return undefined;
  if (errors.length === 1) {
    const { place } = first;
    const where = place === undefined ? "" : `${place.file}:${place.line}:${place.column}: `;
    return new PlatterError({
      code: first.code.replace(/^F_/, "E_"),
      kind: first.code in TOOL_FINDINGS ? "tool" : "contract",
      message: `${where}${first.seen}`,
      detail: [...(place?.excerpt ?? []), first.why],
      hint: first.fix,
    });
  }
  return new PlatterError({
    code: "E_CONTRACT",
    kind: "contract",
    message: `\`${reference}\` breaks the contract in ${errors.length} ways`,
    detail: errors.flatMap((error) => findingLines(error)),
  });
}

function architectureOf(tree: ImageTree, wanted: Architecture | undefined): Architecture {
  if (wanted !== undefined) return wanted;
  return parseArchitecture(tree.source.architecture ?? process.arch);
}

async function readOsRelease({ tree, readText }: PlanInputs): Promise<OsRelease> {
  const found = findFile(tree.root, "etc/os-release") ?? findFile(tree.root, "usr/lib/os-release");
  return parseOsRelease(found === undefined ? "" : await readText(found.node));
}

async function moduleVersion({ tree, readText }: PlanInputs): Promise<string | null> {
  const modinfo = findFile(tree.root, `${MODULES_FOLDER}/modinfo.sh`);
  return modinfo === undefined ? null : parseModuleVersion(await readText(modinfo.node));
}

async function readConfig(
  { tree, readText }: PlanInputs,
  choices: PlanChoices,
): Promise<{ config: IsoYaml; findings: Finding[] }> {
  if (choices.config !== undefined) return readable(choices.config);
  const places = CONFIG_PLACES.map((path) => findFile(tree.root, path)).filter(
    (found) => found !== undefined,
  );
  const [first, second] = places;
  if (first === undefined) return { config: {}, findings: [] };
  const { config, findings } = readable({ text: await readText(first.node), file: first.path });
  if (second !== undefined && second.node !== first.node) {
    findings.unshift(finding("F_ISO_YAML_TWICE", `There are both \`${first.path}\` and \`${second.path}\`.`));
  }
  return { config, findings };
}

/** A configuration that cannot be used counts as empty, so that the rest of the image is looked at all the same. */
function readable(source: { text: string; file: string }): { config: IsoYaml; findings: Finding[] } {
  const { config, findings } = parseIsoYaml(source.text, source.file);
  return { config: config ?? {}, findings };
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
 * image lay makes no difference.
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

async function keepKernel(kernel: FoundKernel, keep: PlanInputs["keep"]): Promise<Plan["kernel"]> {
  const { version, others } = kernel;
  const vmlinuz = await keep(kernel.vmlinuz, "image/vmlinuz");
  return { version, vmlinuz, initramfs: await keep(kernel.initramfs, "image/initrd.img"), others };
}

async function keepEfi(efi: FoundEfi, keep: PlanInputs["keep"]): Promise<Plan["efi"]> {
  const { vendor, vendors, mm } = efi;
  return {
    vendor,
    vendors,
    shim: await keep(efi.shim, "image/shim.efi"),
    grub: await keep(efi.grub, "image/grub.efi"),
    mm: mm === undefined ? null : await keep(mm, "image/mm.efi"),
  };
}

async function keepTools({ tools, keep }: PlanInputs): Promise<Plan["tools"]> {
  const kept: Plan["tools"] = [];
  for (const [name, { program, loader, libraries }] of tools) {
    const folder = `image/tools/${name}`;
    const programName = program.path.split("/").pop()!;
    const loaderName = loader?.path.split("/").pop();
    const files = [await keep(program, `${folder}/${programName}`)];
    if (loader !== undefined) files.push(await keep(loader, `${folder}/${loaderName}`));
    for (const library of libraries) files.push(await keep(library.file, `${folder}/${library.name}`));
    kept.push({ name, folder, program: programName, loader: loaderName ?? null, files });
  }
  return kept;
}
