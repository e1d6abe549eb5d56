import type { FileHandle } from "node:fs/promises";
import { compileExcludes } from "../contract/excludes.ts";
import { MODULES_FOLDER } from "../contract/locate-bios.ts";
import { type PartialPlan, PIECES, type Plan, printPlan, type RootPlan } from "../contract/plan.ts";
import { uuidOf } from "../contract/uuid.ts";
import { type EspContent, espFiles, makeEsp } from "../fat/esp.ts";
import { makeCoreImage } from "../grub/core-image.ts";
import { type ModuleFolder, moduleFolder } from "../grub/module-folder.ts";
import { renderGrub, renderLoopback, renderStub } from "../grub/render.ts";
import type { ImageTree } from "../image/image-tree.ts";
import { assembleIso, withIsoFile } from "../iso/assemble.ts";
import { renderDiscinfo, renderDiskInfo } from "../iso/discinfo.ts";
import { markerPath, planLayout } from "../iso/iso-files.ts";
import { implantIsoMd5 } from "../iso/isomd5-file.ts";
import type { TreeWithPayloads } from "../payload/with-payloads.ts";
import type { WalkOptions } from "../squash/entry-walk.ts";
import { requireErofsKernel } from "../squash/erofs-kernel.ts";
import { makeRootfs, rootfsWriter, walkOptions, writeRootfsInto } from "../squash/rootfs.ts";
import type { RootfsOptions } from "../squash/rootfs-options.ts";
import type { SquashfsTarget } from "../squashfs/write.ts";
import { formatBytes } from "../ui/format.ts";
import type { Context } from "./context.ts";
import { parseReceipt, sha256Text } from "./receipt.ts";
import { requireArtifact, type Stage, type StageName } from "./stage.ts";
import { ARTIFACTS, type WorkDir } from "./work-dir.ts";

/** The menus of a plan, by the file of the work directory that each goes into. */
export function renderMenus(plan: Pick<Plan, "menu" | "label" | "uuid" | "bios">): Map<string, string> {
  const { menu, label } = plan;
  const marker = markerPath(plan.uuid);
  const texts = new Map([
    [ARTIFACTS.efiConfig as string, renderGrub({ menu, firmware: "efi", label, marker })],
    [ARTIFACTS.stubConfig, renderStub({ label, marker })],
    [ARTIFACTS.loopbackConfig, renderLoopback(menu)],
  ]);
  if (plan.bios !== null)
    texts.set(ARTIFACTS.biosConfig, renderGrub({ menu, firmware: "bios", label, marker }));
  return texts;
}

export function renderGrubStage(plan: PartialPlan, { work }: Context): Stage {
  const texts = renderMenus(plan);
  return {
    name: "render-grub",
    tools: [],
    inputs: Object.fromEntries([...texts].map(([name, text]) => [name, sha256Text(text)])),
    outputs: [...texts.keys()].map((name) => work.file(name)),
    run: async () => {
      for (const [name, text] of texts) await work.write(name, text);
      return undefined;
    },
  };
}

/** Where a squash reads: the image, and the same with its payloads. */
export interface SquashSources {
  image: () => Promise<ImageTree>;
  withPayloads: (tree: ImageTree) => Promise<TreeWithPayloads>;
}

/** Makes the root file system in the work directory. */
export function squashStage(
  plan: RootPlan,
  context: Context,
  about: SquashSources & { options: RootfsOptions },
): Stage {
  const { work } = context;
  const output = work.file(ARTIFACTS.squashfs);
  const { options } = about;
  requireErofsKernel(plan.kernel?.version, options);
  const inputs = {
    tree: plan.image.treeDigest,
    image: plan.image.digest ?? "",
    excludes: JSON.stringify(plan.excludes),
    time: String(plan.time),
    payloads: JSON.stringify(plan.payloads.map(({ digest, indexes, names }) => ({ digest, indexes, names }))),
    options: JSON.stringify(options),
  };
  return {
    name: "squash",
    tools: rootfsWriter(options).tools,
    inputs,
    outputs: [output],
    run: async (task) => {
      const { tree, walk } = await rootfsTree(plan, about);
      await work.make(ARTIFACTS.squashfs, (partial) => {
        const { time } = plan;
        // Not by the manifest: the same tree gives the same bytes wherever it lies.
        const { image: _, ...content } = inputs;
        const uuid = uuidOf(`platter-rootfs 1\0${JSON.stringify(content)}`);
        const log = work.log("squash");
        const warn = (text: string) => context.reporter.warn(text);
        const { signal, toolbox } = context;
        const run = { tree, walk, options, time, uuid, output: partial, log, signal, task, warn };
        return makeRootfs(run, toolbox);
      });
      return formatBytes((await Bun.file(output).stat()).size);
    },
  };
}

/** Writes the root file system into the file that becomes the ISO. `onWritten` gets its length in bytes. */
export function squashIntoStage(
  target: SquashfsTarget,
  plan: RootPlan,
  about: SquashSources & { context: Context; options: RootfsOptions; onWritten: (length: number) => void },
): Stage {
  const { options, context } = about;
  return {
    name: "squash",
    tools: [],
    inputs: {},
    outputs: [],
    run: async (task) => {
      const { tree, walk } = await rootfsTree(plan, about);
      const run = { tree, walk, options, time: plan.time, signal: context.signal, task };
      const length = await writeRootfsInto(target, run);
      about.onWritten(length);
      return formatBytes(length);
    },
  };
}

/** The tree of the root file system, payloads included, and what of it is written. */
async function rootfsTree(
  plan: RootPlan,
  { image, withPayloads }: SquashSources,
): Promise<{ tree: ImageTree; walk: WalkOptions }> {
  const { tree, walk } = await withPayloads(await image());
  return { tree, walk: walk(walkOptions(compileExcludes(plan.excludes), plan.time)) };
}

export function biosImageStage(plan: Pick<Plan, "bios">, context: Context): Stage {
  const { work } = context;
  const modules = (plan.bios?.modules ?? []).map(({ file, sha256 }) => `${file} ${sha256}`);
  return {
    name: "bios-image",
    tools: [],
    inputs: { modules: sha256Text(modules.join("\n")) },
    outputs: [work.file(ARTIFACTS.biosImage)],
    run: async () => {
      await makeBiosImage(keptModules(work), context);
      return undefined;
    },
  };
}

/** The image's modules, which may be in memory. */
function keptModules(work: WorkDir): ModuleFolder {
  const { place, read } = moduleFolder(work.file(PIECES.bios), `/${MODULES_FOLDER}`);
  const readKept = (name: string) => {
    const content = work.content(`${PIECES.bios}/${name}`);
    return "bytes" in content ? content.bytes : read(name);
  };
  return { place, read: readKept };
}

/** Makes the El Torito image in the work directory from a folder of modules. */
export async function makeBiosImage(modules: ModuleFolder, { work }: Context): Promise<void> {
  await work.write(ARTIFACTS.biosImage, makeCoreImage(modules));
}

export function efiImageStage(plan: Omit<Plan, "kernel">, { work }: Context): Stage {
  const { efi, font } = plan;
  const menus = renderMenus(plan);
  const config = menus.get(ARTIFACTS.efiConfig)!;
  const stub = menus.get(ARTIFACTS.stubConfig)!;
  const pieces = [efi.shim, efi.grub, efi.mm, font].map((piece) => piece?.sha256 ?? "none");
  return {
    name: "efi-image",
    tools: [],
    inputs: {
      pieces: pieces.join(" "),
      config: sha256Text(config + stub),
      time: String(plan.time),
      uuid: plan.uuid,
    },
    outputs: [work.file(ARTIFACTS.efiImage)],
    run: async () => {
      const read = (file: string) => work.readBytes(file);
      const content: EspContent = {
        architecture: plan.architecture,
        shim: await read(efi.shim.file),
        grub: await read(efi.grub.file),
        mm: efi.mm === null ? undefined : await read(efi.mm.file),
        font: font === null ? undefined : await read(font.file),
        config,
        stub,
      };
      await work.write(ARTIFACTS.efiImage, makeEsp(espFiles(content), plan));
      return undefined;
    },
  };
}

export interface IsoOptions {
  output: string;
  strictGpt: boolean;
  checksum: "implant" | "leave";
}

/** The file that becomes the ISO, and the bytes of the root file system that it has at `ROOTFS_OFFSET`. */
export interface BegunIso {
  file: FileHandle;
  rootfs: number;
}

/**
 * Writes the ISO: as a new file, with the root file system of the work directory, or into a file that was begun.
 * @throws PlatterError `E_STAGE_MISSING` if an earlier stage has not run
 */
export async function assembleStage(
  plan: Plan,
  context: Context,
  options: IsoOptions & { begun: BegunIso | undefined },
): Promise<Stage> {
  const { work, signal } = context;
  const { begun, output } = options;
  const need = (file: string, by: StageName) => requireArtifact(file, { context, stage: "assemble", by });
  if (begun === undefined) await need(ARTIFACTS.squashfs, "squash");
  const made = {
    rootfs: begun === undefined ? { path: work.file(ARTIFACTS.squashfs) } : { inPlace: begun.rootfs },
    efiConfig: await need(ARTIFACTS.efiConfig, "render-grub"),
    stubConfig: await need(ARTIFACTS.stubConfig, "render-grub"),
    loopbackConfig: await need(ARTIFACTS.loopbackConfig, "render-grub"),
    efiImage: await need(ARTIFACTS.efiImage, "efi-image"),
    bios:
      plan.bios === null
        ? undefined
        : {
            image: await need(ARTIFACTS.biosImage, "bios-image"),
            config: await need(ARTIFACTS.biosConfig, "render-grub"),
          },
  };
  const about = { ...plan, version: plan.productVersion };
  const texts = {
    discinfo: { bytes: Buffer.from(renderDiscinfo(about)) },
    diskInfo: { bytes: Buffer.from(renderDiskInfo(about)) },
  };
  return {
    name: "assemble",
    tools: [],
    inputs: {
      plan: sha256Text(printPlan(plan)),
      strictGpt: String(options.strictGpt),
      checksum: options.checksum,
      ...(await madeBefore(context)),
    },
    outputs: [output],
    run: async (task) => {
      const inputs = { piece: (name: string) => work.content(name), ...made, ...texts };
      const layout = planLayout(plan, inputs, options);
      const write = async (file: FileHandle) => {
        const size = await assembleIso(file, { layout, signal, task, checksum: options.checksum });
        work.requireUnchanged();
        return formatBytes(size);
      };
      return begun === undefined ? withIsoFile(output, write) : write(begun.file);
    },
  };
}

/** What the stages before recorded about their outputs. */
async function madeBefore({ work }: Context): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  if (!work.kept) return digests;
  for (const stage of ["render-grub", "squash", "bios-image", "efi-image"] as const) {
    const receipt = parseReceipt(await work.read(`stages/${stage}.json`));
    digests[stage] = (receipt?.outputs ?? []).map(({ sha256 }) => sha256).join(" ");
  }
  return digests;
}

/** Implants the checksum into an ISO that is there already. */
export function implantStage(context: Context, options: { output: string; force: boolean }): Stage {
  return {
    name: "implant",
    tools: [],
    inputs: {},
    outputs: [options.output],
    run: async (task) => {
      const { md5 } = await implantIsoMd5(options.output, {
        present: options.force ? "replace" : "keep",
        signal: context.signal,
        onProgress: (done, total) => task.progress(done, total),
      });
      return md5;
    },
  };
}
