import type { BytePath } from "../image/byte-path.ts";
import type { InitramfsSummary } from "../initramfs/summary.ts";
import type { Architecture } from "./architecture.ts";
import { checkInitramfs } from "./check-initramfs.ts";
import { compileExcludes } from "./excludes.ts";
import type { FoundFile } from "./find-file.ts";
import type { Finding } from "./finding.ts";
import type { FoundKernel } from "./locate-kernel.ts";
import type { PlanInputs } from "./make-plan.ts";
import type { Plan } from "./plan.ts";

/** A list of built-in modules of more bytes than this is none. */
const MAX_BUILTIN = 1024 * 1024;

/** Reads the initramfs that will be on the ISO, and what it is measured by. */
export async function lookIntoInitramfs(
  inputs: Pick<PlanInputs, "tree" | "readText" | "readInitramfs">,
  about: { kernel: FoundKernel; menu: Plan["menu"]; architecture: Architecture; excludes: readonly string[] },
): Promise<{ findings: Finding[]; summary: InitramfsSummary }> {
  const { kernel, menu, architecture } = about;
  const liveOs = inputs.tree.root.children?.get("LiveOS")?.inode.type;
  const isPresent = liveOs === "directory" && !compileExcludes(about.excludes)("LiveOS" as BytePath);
  const summary = await inputs.readInitramfs(kernel.initramfs.node);
  const findings = checkInitramfs({
    summary,
    path: kernel.initramfs.path,
    kernelVersion: kernel.version,
    builtin: await textOf(kernel.builtin, inputs),
    menu,
    architecture,
    nestedLiveOs: isPresent ? "present" : "absent",
  });
  return { findings, summary };
}

async function textOf(
  found: FoundFile | undefined,
  { readText }: Pick<PlanInputs, "readText">,
): Promise<string | undefined> {
  if (found === undefined || found.node.inode.size > MAX_BUILTIN) return undefined;
  return await readText(found.node);
}
