import type { FileHandle } from "node:fs/promises";
import { type Plan, printPlan } from "../../contract/plan/plan.ts";
import { assembleIso, withIsoFile } from "../../iso/assemble.ts";
import { renderDiscinfo, renderDiskInfo } from "../../iso/discinfo.ts";
import { planLayout } from "../../iso/iso-files.ts";
import { formatBytes } from "../../ui/format.ts";
import type { Context } from "../work/context.ts";
import { parseReceipt, sha256Text } from "../work/receipt.ts";
import { ARTIFACTS } from "../work/work-dir.ts";
import { requireArtifact, type Stage, type StageName } from "./stage.ts";

export interface IsoOptions {
  output: string;
  strictGpt: boolean;
  checksum: "implant" | "leave";
}

/** The file that becomes the ISO, and the length of the root file system that is already at `ROOTFS_OFFSET`. */
export interface BegunIso {
  file: FileHandle;
  rootfs: number;
}

/**
 * Writes the ISO as a new file with the root file system of the work directory, or into a file that was begun.
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
  if (begun === undefined) await need(ARTIFACTS.rootfs, "squash");
  const made = {
    rootfs: begun === undefined ? { path: work.file(ARTIFACTS.rootfs) } : { inPlace: begun.rootfs },
    efiConfig: await need(ARTIFACTS.efiConfig, "render-grub"),
    stubConfig: await need(ARTIFACTS.stubConfig, "render-grub"),
    loopbackConfig: await need(ARTIFACTS.loopbackConfig, "render-grub"),
    espImage: await need(ARTIFACTS.espImage, "efi-image"),
    bios:
      plan.bios === null
        ? undefined
        : {
            image: await need(ARTIFACTS.coreImage, "bios-image"),
            config: await need(ARTIFACTS.biosConfig, "render-grub"),
          },
  };
  const product = { ...plan, version: plan.productVersion };
  const texts = {
    discinfo: { bytes: Buffer.from(renderDiscinfo(product)) },
    diskInfo: { bytes: Buffer.from(renderDiskInfo(product)) },
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
        return { detail: formatBytes(size) };
      };
      return begun === undefined ? withIsoFile(output, write) : write(begun.file);
    },
  };
}

/** Digests of the outputs of the earlier stages, from their receipts. */
async function madeBefore({ work }: Context): Promise<Record<string, string>> {
  const digests: Record<string, string> = {};
  if (!work.kept) return digests;
  for (const stage of ["render-grub", "squash", "bios-image", "efi-image"] as const) {
    const receipt = parseReceipt(await work.read(`stages/${stage}.json`));
    digests[stage] = (receipt?.outputs ?? []).map(({ sha256 }) => sha256).join(" ");
  }
  return digests;
}
