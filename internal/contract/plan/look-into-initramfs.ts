import type { Architecture } from "../../base/architecture.ts";
import type { BytePath } from "../../bytes/byte-path.ts";
import { compileExcludes } from "../../image/excludes.ts";
import type { FoundFile } from "../../image/find-file.ts";
import type { InitramfsSummary } from "../../initramfs/summary.ts";
import { checkInitramfs } from "../checks/check-initramfs.ts";
import type { Finding } from "../findings/finding.ts";
import type { FoundKernel } from "../pieces/locate-kernel.ts";
import { findKernelConfig, type KernelMounts, kernelMounts } from "./kernel-mounts.ts";
import type { Plan } from "./plan.ts";
import type { PlanInputs } from "./plan-inputs.ts";

/** Most bytes of a list of modules or of a configuration. */
const MAX_TEXT = 1024 * 1024;

/** Reads the initramfs for the ISO, and the requirements that it is checked against. */
export async function lookIntoInitramfs(
  inputs: Pick<PlanInputs, "tree" | "readText" | "readInitramfs">,
  options: {
    kernel: FoundKernel;
    menu: Plan["menu"];
    architecture: Architecture;
    excludes: readonly string[];
  },
): Promise<{ findings: Finding[]; summary: InitramfsSummary; mounts: KernelMounts }> {
  const { kernel, menu, architecture } = options;
  const liveOs = inputs.tree.root.children?.get("LiveOS")?.inode.type;
  const isPresent = liveOs === "directory" && !compileExcludes(options.excludes)("LiveOS" as BytePath);
  const summary = await inputs.readInitramfs(kernel.initramfs.node);
  const builtin = await textOf(kernel.builtin, inputs);
  const findings = checkInitramfs({
    summary,
    path: kernel.initramfs.path,
    size: kernel.initramfs.node.inode.size,
    kernelVersion: kernel.version,
    builtin,
    menu,
    architecture,
    nestedLiveOs: isPresent ? "present" : "absent",
  });
  const mounts = kernelMounts({
    config: await textOf(findKernelConfig(inputs.tree.root, kernel.version), inputs),
    builtin: builtin ?? summary.builtin.get(kernel.version),
    modules: summary.kernels.get(kernel.version),
  });
  return { findings, summary, mounts };
}

async function textOf(
  found: FoundFile | undefined,
  { readText }: Pick<PlanInputs, "readText">,
): Promise<string | undefined> {
  if (found === undefined || found.node.inode.size > MAX_TEXT) return undefined;
  return await readText(found.node);
}
